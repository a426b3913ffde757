import { invalidField } from '../core/errors.js';
import { describeValue, isObject } from '../core/json.js';
import { entriesOf } from '../core/price-entries.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import { normalise } from '../core/vector.js';
import type { StoredHead, StoredRow } from '../store/store.js';
import {
  validateRow,
  validatePrice,
  validateStock,
  type ProductRules,
  type PutRow,
  type ValidRow,
} from './validate-product.js';

const FLOAT_BYTES = 4;
const HASH = /^[0-9a-f]{1,128}$/;

/** What price lists say of a product, by their names. */
type NamedPrices = Record<string, { price?: number; in_stock?: boolean }>;

/** A product with all that is stored of it, as it goes from one store to another. */
export interface TransferredPut {
  row: PutRow;
  contentHash: string;
  embedHash: string;
  model: string;
  vector: Float32Array;
  prices: NamedPrices;
}

export type TransferredRow = TransferredPut | Extract<ValidRow, { op: 'delete' }>;

/** A line of an export. `names`: of price lists, by number; what a removed list says stays behind. */
export function productLine(
  { json, model, vectors, prices }: StoredRow,
  { contentHash, embedHash }: StoredHead,
  names: ReadonlyMap<number, string>,
): string {
  const { buffer, byteOffset, byteLength } = vectors.text;
  const vector = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  const facts = { content_hash: contentHash, embed_hash: embedHash, model, vector };
  const listed = namedPrices(prices, names);
  const rest = JSON.stringify(listed === undefined ? facts : { ...facts, prices: listed });
  return `{"product":${json.toString()},${rest.slice(1)}`;
}

/** What lists say of a product, by name in order; undefined: none says anything. */
export function namedPrices(
  packed: StoredRow['prices'],
  names: ReadonlyMap<number, string>,
): NamedPrices | undefined {
  const named = [...entriesOf(packed)].flatMap(([list, { price, inStock }]) => {
    const name = names.get(list);
    const entry = {
      ...(price === undefined ? {} : { price }),
      ...(inStock === undefined ? {} : { in_stock: inStock }),
    };
    return name === undefined ? [] : [[name, entry] as const];
  });
  if (named.length === 0) return undefined;
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A line of an export that is a product or a delete. Throws `invalid_field`. */
export function transferredRow(
  value: JsonValue,
  { dimensions }: Pick<ProductRules, 'dimensions'>,
): TransferredRow {
  const rules = { dimensions, vectorRequired: false };
  if (!isObject(value)) {
    throw invalidField('row', `must be an object, got ${describeValue(value)}`);
  }
  const { product, content_hash, embed_hash, model, vector, prices = {} } = value;
  if (product === undefined) {
    const row = validateRow(value, rules);
    if (row.op === 'delete') return row;
    throw invalidField('product', 'must be there');
  }
  const row = validateRow(product, rules);
  if (row.op === 'delete' || row.vector !== undefined) {
    throw invalidField('product', 'must be a product without op and vector');
  }
  return {
    row,
    contentHash: hashOf(content_hash, 'content_hash'),
    embedHash: hashOf(embed_hash, 'embed_hash'),
    model: hashOf(model, 'model'),
    vector: vectorOf(vector, dimensions),
    prices: pricesOf(prices),
  };
}

function hashOf(value: JsonValue | undefined, field: string): string {
  if (typeof value === 'string' && HASH.test(value)) return value;
  throw invalidField(field, `must be a hash, got ${describeValue(value)}`);
}

/** As it was: one that is of length 1 is not made so once more. */
function vectorOf(value: JsonValue | undefined, dimensions: number): Float32Array {
  const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  const expected = `must be ${dimensions} float32 numbers, little-endian, as base64`;
  if (bytes.length !== dimensions * FLOAT_BYTES) throw invalidField('vector', expected);
  const vector = new Float32Array(new Uint8Array(bytes).buffer);
  if (normalise(vector) === undefined) throw invalidField('vector', expected);
  return vector;
}

function pricesOf(value: JsonValue): NamedPrices {
  if (!isObject(value)) throw invalidField('prices', 'must be an object of entries by list');
  for (const [list, entry] of Object.entries(value)) {
    if (!isObject(entry)) throw invalidField(`prices.${list}`, 'must be an object');
    validatePrice(entry['price']);
    validateStock(entry['in_stock']);
  }
  return value as JsonObject & NamedPrices;
}
