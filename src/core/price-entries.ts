import type { Product } from './product.js';

/** What a price list says of one product; an absent member leaves the product's own. */
export interface PriceEntry {
  price?: number;
  inStock?: boolean;
}

/**
 * All that price lists say of one product, as bytes: for each list, by ascending number, a varint of
 * 16 x (number - the one before) + flags, and its price: a varint of hundredths, or a little-endian float64
 * where hundredths do not give exactly that number. Some five bytes a list.
 */
export type PackedPrices = Uint8Array;

/** Fields of which a price list may have other values than the product. */
const LISTED_FIELDS: readonly string[] = ['price', 'in_stock'];

export const NO_PRICES: PackedPrices = new Uint8Array(0);

const PRICE_MASK = 0b0011;
const HUNDREDTHS = 0b0001;
const FLOAT = 0b0010;
const STOCK_MASK = 0b1100;
const OUT = 0b0100;
const IN = 0b1000;
const FLAGS = 16;
const MAX_VARINT_BYTES = 8;
const FLOAT_BYTES = 8;

/** With `entry` in place of what the list `list` said; undefined, or one that says nothing: without it. */
export function withEntry(
  packed: PackedPrices,
  list: number,
  entry: PriceEntry | undefined,
): PackedPrices {
  const entries = [...entriesOf(packed)].filter(([number]) => number !== list);
  if (entry?.price !== undefined || entry?.inStock !== undefined) entries.push([list, entry]);
  return packed.length === 0 && entries.length === 0 ? NO_PRICES : pack(entries);
}

function pack(entries: [list: number, entry: PriceEntry][]): PackedPrices {
  const bytes = Buffer.alloc(entries.length * (2 * MAX_VARINT_BYTES + FLOAT_BYTES));
  let at = 0;
  let last = 0;
  for (const [list, { price, inStock }] of entries.sort(([a], [b]) => a - b)) {
    const hundredths = price === undefined ? undefined : asHundredths(price);
    const priced = price === undefined ? 0 : hundredths === undefined ? FLOAT : HUNDREDTHS;
    const stocked = inStock === undefined ? 0 : inStock ? IN : OUT;
    at = putVarint(bytes, at, (list - last) * FLAGS + priced + stocked);
    last = list;
    if (hundredths !== undefined) at = putVarint(bytes, at, hundredths);
    else if (price !== undefined) at = bytes.writeDoubleLE(price, at);
  }
  return Uint8Array.from(bytes.subarray(0, at));
}

/** What the list `list` says; undefined: nothing. */
export function entryOf(packed: PackedPrices, list: number): PriceEntry | undefined {
  for (const [number, entry] of entriesOf(packed)) {
    if (number === list) return entry;
    if (number > list) return undefined;
  }
  return undefined;
}

/** Whether a price list may have other values of the field. */
export function isListed(field: string): boolean {
  return LISTED_FIELDS.includes(field);
}

/** The product with what a list says in place of its own price and stock. */
export function pricedProduct(product: Product, { price, inStock }: PriceEntry): Product {
  return {
    ...product,
    ...(price === undefined ? {} : { price }),
    ...(inStock === undefined ? {} : { in_stock: inStock }),
  };
}

/** Numbers of the lists that say anything, ascending, with what they say. */
export function* entriesOf(packed: PackedPrices): Generator<[list: number, entry: PriceEntry]> {
  const reader = new EntryReader(packed);
  while (reader.next()) {
    const { price, inStock } = reader;
    yield [
      reader.list,
      { ...(price === undefined ? {} : { price }), ...(inStock === undefined ? {} : { inStock }) },
    ];
  }
}

/** Walks over a product's entries without an object each: a column asks this of each of its rows. */
export class EntryReader {
  list = 0;
  price: number | undefined;
  inStock: boolean | undefined;
  private bytes: Uint8Array;
  private at = 0;
  private end: number;

  constructor(bytes: PackedPrices = NO_PRICES) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** Begins anew with `bytes` [from, to). */
  read(bytes: Uint8Array, from: number, to: number): this {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    this.list = 0;
    return this;
  }

  /** Whether the list `list` has an entry, which is then the current one. */
  seek(list: number): boolean {
    while (this.next()) if (this.list >= list) return this.list === list;
    return false;
  }

  next(): boolean {
    if (this.at >= this.end) return false;
    const head = this.varint();
    const flags = head % FLAGS;
    this.list += (head - flags) / FLAGS;
    const stock = flags & STOCK_MASK;
    this.inStock = stock === 0 ? undefined : stock === IN;
    const priced = flags & PRICE_MASK;
    this.price = priced === 0 ? undefined : priced === FLOAT ? this.float() : this.varint() / 100;
    return true;
  }

  private varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++] as number;
      value += (byte & 127) * factor;
      if (byte < 128 || this.at >= this.end) return value;
    }
  }

  private float(): number {
    const value = new DataView(this.bytes.buffer, this.bytes.byteOffset).getFloat64(this.at, true);
    this.at += FLOAT_BYTES;
    return value;
  }
}

/** Undefined where the number of hundredths does not give exactly this number again. */
function asHundredths(price: number): number | undefined {
  const hundredths = Math.round(price * 100);
  const isSame = hundredths / 100 === price && !Object.is(price, -0);
  return isSame && hundredths >= 0 && Number.isSafeInteger(hundredths) ? hundredths : undefined;
}

/** Not by bits: hundredths may have more than 32 of them. */
function putVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes[at++] = (left % 128) | 128;
  bytes[at++] = left;
  return at;
}
