import { vectorOf } from '../backup/lines.js';
import type { TransferredRow } from '../backup/tenant-transfer.js';
import type { NamedPrices } from '../backup/transfer-lines.js';
import { invalidField } from '../core/errors.js';
import { describeValue, isObject } from '../core/json.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import { normalise } from '../core/vector.js';
import {
  validateRow,
  validatePrice,
  validateStock,
  validVersion,
  type ProductRules,
} from '../ingest/validate-product.js';

const HASH = /^[0-9a-f]{1,128}$/;

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
  const { feed_version: version } = value;
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
    ...{ op: 'put', product: row.product },
    feedVersion: version === undefined ? row.feedVersion : validVersion(version, 'feed_version'),
    contentHash: hashOf(content_hash, 'content_hash'),
    embedHash: hashOf(embed_hash, 'embed_hash'),
    model: hashOf(model, 'model'),
    vector: soundVector(vector, dimensions),
    prices: pricesOf(prices),
  };
}

function hashOf(value: JsonValue | undefined, field: string): string {
  if (typeof value === 'string' && HASH.test(value)) return value;
  throw invalidField(field, `must be a hash, got ${describeValue(value)}`);
}

/** As it was: one that is of length 1 is not made so once more. */
function soundVector(value: JsonValue | undefined, dimensions: number): Float32Array {
  const vector = vectorOf(typeof value === 'string' ? value : '', 'vector');
  if (vector.length === dimensions && normalise(vector) !== undefined) return vector;
  const expected = `must be ${dimensions} float32 numbers, little-endian, as base64`;
  throw invalidField('vector', expected);
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
