import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes, hashId } from '../../core/ids.js';
import { NO_PRICES, type PackedPrices } from '../../core/price-entries.js';
import { filterFields } from '../../core/product-fields.js';
import type { Product } from '../../core/product.js';
import { ownField } from '../../query/listed-field.js';
import type { ProductTerms } from '../../text/product-terms.js';
import { GrowingCodes } from '../engine/codes.js';
import type { Bitset } from './bitset.js';
import { Deletes } from './deletes.js';
import type { SegmentReader } from './segment-reader.js';
import type { Column } from './column.js';
import { FieldLog } from './columns/field-log.js';
import { BlockPrices } from './prices/block-prices.js';
import { TermLog } from './terms/term-log.js';
import { VectorSlabs } from './vector-slabs.js';

/** Rows of a slab, but for the first: large enough to scan fast, small enough to allocate at once. */
const SLAB_ROWS = 1_024;
const FIRST_SLAB_ROWS = 64;

/** Rows of the slab that begins with row `start`: as many as there are, so that few rows take little. */
export function slabRows(start: number): number {
  return Math.min(SLAB_ROWS, Math.max(FIRST_SLAB_ROWS, start));
}

/**
 * Rows that are scanned as codes at once, whole slabs, and coded again in one turn where a value is too large: 2,048 of
 * 512 in 5 ms.
 */
function codedRows(dimensions: number): number {
  return dimensions > 512 ? SLAB_ROWS : 2 * SLAB_ROWS;
}

/** Rows for whose columns under price lists there is room in memory. */
const PRICED_ROWS = 100_000;
/** An id, its place in a list and in a map, version, hash and category. */
const BYTES_A_ROW = 150;
/** Pieces of the field log made into columns in one turn, a millisecond each. */
const PIECES_A_TURN = 4;
/** Values looked at in one turn, some milliseconds: each field looks at all of the last piece. */
const ENTRIES_A_TURN = 1 << 21;

/** The mutable end of a shard's rows of one tenant: appended to, scanned exactly, never a graph. */
export class WriteBuffer implements SegmentReader {
  readonly name = 'tail';
  readonly graph = undefined;
  readonly ranges = undefined;
  rows = 0;
  readonly deletes = new Deletes(FIRST_SLAB_ROWS);
  readonly prices = new BlockPrices(PRICED_ROWS);

  private readonly slabs: Float32Array[] = [];
  private readonly starts: number[] = [0];
  /** So many rows each, the last one fewer. */
  private readonly coded: GrowingCodes[] = [];
  /** First row of the last slab, and the rows for which there is room. */
  private lastSlab = 0;
  private capacity = 0;
  private readonly ids: string[] = [];
  private readonly versions: number[] = [];
  private readonly hashes: number[] = [];
  private readonly codeOfCategory = new Map<string, number>();
  readonly matchCache = undefined;
  readonly categoryCodes = { names: [] as string[], codes: [] as number[] };
  /** Rows by the hash of their id: the last + 1, and of each row the one before it with that hash + 1. */
  private readonly lastOf = new Map<number, number>();
  private readonly before: number[] = [];
  readonly fieldLog = new FieldLog();
  readonly terms = new TermLog();
  /** Slabs as of so many rows, made when a search first asks. */
  private slabsAsOf: { rows: number; vectors: VectorSlabs } | undefined;

  /** The slabs as they are at any moment. */
  private readonly live: VectorSlabs;

  constructor(readonly dimensions: number) {
    this.live = new VectorSlabs(dimensions, this.slabs, this.starts);
  }

  /** Of the rows there are now: further ones are not in it. */
  get vectors(): VectorSlabs {
    const { rows, dimensions, slabs, starts } = this;
    if (this.slabsAsOf?.rows !== rows) {
      const coded = this.coded.map(({ codes, rows: count }, i) => {
        const from = i * codedRows(dimensions);
        return { from, to: from + count, codes };
      });
      const vectors = new VectorSlabs(dimensions, slabs.slice(), starts.slice(), undefined, coded);
      this.slabsAsOf = { rows, vectors };
    }
    return this.slabsAsOf.vectors;
  }

  get dead(): Bitset {
    return this.deletes.rows;
  }

  append(
    product: Product,
    version: number,
    vector: Float32Array,
    terms: ProductTerms,
    prices: PackedPrices = NO_PRICES,
  ): void {
    this.appendRow(product.id, product.category, version, vector);
    if (prices.length > 0) this.prices.set(this.rows - 1, version, prices);
    this.fieldLog.append(filterFields(product));
    this.terms.append(terms);
  }

  /** Appends the live rows of `other`. */
  absorb(other: WriteBuffer): void {
    for (let row = 0; row < other.rows; row++) {
      if (other.deletes.has(row)) continue;
      const vector = other.vectors.view(row);
      const version = other.version(row);
      this.appendRow(other.id(row), other.categoryOf(row), version, vector);
      const prices = other.prices.packed(row);
      if (prices !== undefined) this.prices.set(this.rows - 1, version, prices);
      this.fieldLog.appendFrom(other.fieldLog, row);
    }
    this.terms.appendAll(other.terms, (row) => !other.deletes.has(row));
  }

  private appendRow(id: string, category: string, version: number, vector: Float32Array): void {
    const row = this.rows;
    if (row === this.capacity) this.grow();
    const slab = this.slabs[this.slabs.length - 1] as Float32Array;
    slab.set(vector, (row - this.lastSlab) * this.dimensions);
    this.addCodes(row, vector);
    this.ids.push(id);
    this.versions.push(version);
    const hash = hashId(id);
    this.hashes.push(hash);
    this.before.push(this.lastOf.get(hash) ?? 0);
    this.lastOf.set(hash, row + 1);
    this.categoryCodes.codes.push(this.categoryCode(category));
    this.rows = row + 1;
    this.starts[this.starts.length - 1] = this.rows;
  }

  /** Memory of vectors, fields, words and ids, about. */
  get bytes(): number {
    const vectors = this.slabs.length * SLAB_ROWS * this.dimensions * 4;
    const codes = this.coded.reduce((sum, { bytes }) => sum + bytes, 0);
    return vectors + codes + this.contentBytes + this.rows * BYTES_A_ROW + this.prices.bytes;
  }

  /** Of that what products say: some say a thousand times as much as others. */
  get contentBytes(): number {
    return this.fieldLog.bytes + this.terms.bytes;
  }

  id(row: number): string {
    return this.ids[row] as string;
  }

  compareIds(a: number, b: number): number {
    return compareBytes(this.id(a), this.id(b));
  }

  version(row: number): number {
    return this.prices.versionOf(row) ?? (this.versions[row] as number);
  }

  hash(row: number): number {
    return this.hashes[row] as number;
  }

  categoryOf(row: number): string {
    const { names, codes } = this.categoryCodes;
    return names[codes[row] as number] as string;
  }

  find(id: string): number {
    return this.findByHash(hashId(id), (row) => !this.deletes.has(row) && this.id(row) === id);
  }

  findByHash(hash: number, isRow: (row: number) => boolean): number {
    let at = this.lastOf.get(hash) ?? 0;
    while (at > 0 && !isRow(at - 1)) at = this.before[at - 1] as number;
    return at - 1;
  }

  kill(row: number): void {
    this.deletes.add(row);
  }

  async column(field: string): Promise<Column | undefined> {
    const name = ownField(field);
    while (!this.fieldLog.make(name, PIECES_A_TURN)) await nextTurn();
    const own = this.fieldLog.column(name);
    const listed = this.prices.listed(field);
    if (listed === undefined) return own;
    // Of this turn, as `own` is: what is appended meanwhile has no values in it.
    const runs = this.fieldLog.pieces.map(({ firstRow, rowCount }) => ({ firstRow, rowCount }));
    return this.prices.column(listed, runs, own ?? []);
  }

  loadedColumns(asked: readonly string[]): ReadonlyMap<string, Column> | undefined {
    const columns = new Map<string, Column>();
    const fields: string[] = [];
    for (const field of asked) {
      const listed = this.prices.listed(field);
      const ready = listed && this.prices.ready(listed, this.fieldLog.pieces);
      if (ready !== undefined) columns.set(field, ready);
      else if (listed !== undefined) return undefined;
      else fields.push(field);
    }
    if (fields.length * this.fieldLog.openEntries > ENTRIES_A_TURN) return undefined;
    let left = PIECES_A_TURN;
    for (const field of fields) if (!this.fieldLog.make(ownField(field), left--)) return undefined;
    for (const field of fields) {
      const column = this.fieldLog.column(ownField(field));
      if (column !== undefined) columns.set(field, column);
    }
    return columns;
  }

  fields(): Iterable<string> {
    return this.fieldLog.names;
  }

  async readColumn(field: string): Promise<Column> {
    return Promise.resolve(this.fieldLog.uncached(field));
  }

  private categoryCode(category: string): number {
    let code = this.codeOfCategory.get(category);
    if (code === undefined) {
      code = this.categoryCodes.names.push(category) - 1;
      this.codeOfCategory.set(category, code);
    }
    return code;
  }

  private addCodes(row: number, vector: Float32Array): void {
    const last = this.coded.at(-1);
    const isFull = last === undefined || last.rows === last.capacity;
    const codes = isFull ? new GrowingCodes(this.dimensions, codedRows(this.dimensions)) : last;
    if (isFull) this.coded.push(codes);
    const first = row - codes.rows;
    codes.add(vector, (i) => this.live.view(first + i));
  }

  private grow(): void {
    this.lastSlab = this.rows;
    this.capacity = this.rows + slabRows(this.rows);
    this.slabs.push(new Float32Array((this.capacity - this.lastSlab) * this.dimensions));
    this.starts.push(this.rows);
    this.deletes.grow(this.capacity);
  }
}
