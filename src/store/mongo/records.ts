import { Binary } from 'mongodb';
import { NO_PRICES, type PackedPrices } from '../../core/price-entries.js';
import type { NamedVectors } from '../../core/product.js';
import { StoredText, StoredTextRow } from '../stored-text.js';
import type { StoredDocument, StoredHead, StoredPrices, StoredRow } from '../store.js';
import type { ProductRecord } from './collections.js';

/** The part of a record that says what is stored, without its bulk. */
export type HeadRecord = Pick<
  ProductRecord,
  | 'id'
  | 'version'
  | 'category'
  | 'deleted'
  | 'feedVersion'
  | 'contentHash'
  | 'embedHash'
  | 'fields'
  | 'bytes'
  | 'vectorBytes'
  | 'prices'
  | 'contentVersion'
  | 'imported'
  | 'archive'
>;

/** Projections: what each kind of read asks the server for. */
export const HEAD_FIELDS = {
  _id: 0,
  id: 1,
  version: 1,
  category: 1,
  deleted: 1,
  feedVersion: 1,
  contentHash: 1,
  embedHash: 1,
  contentVersion: 1,
  imported: 1,
  archive: 1,
} as const;
/** What a writer must know of what it replaces. */
export const REPLACED_FIELDS = {
  ...HEAD_FIELDS,
  ...{ fields: 1, bytes: 1, vectorBytes: 1, prices: 1 },
} as const;
export const DOCUMENT_FIELDS = { _id: 0, id: 1, version: 1, product: 1 } as const;
export const ROW_FIELDS = { ...DOCUMENT_FIELDS, model: 1, vectors: 1, prices: 1 } as const;
export const PRICE_FIELDS = {
  _id: 0,
  id: 1,
  version: 1,
  deleted: 1,
  prices: 1,
  contentVersion: 1,
} as const;
export const FEED_FIELDS = {
  _id: 0,
  id: 1,
  version: 1,
  category: 1,
  deleted: 1,
  bytes: 1,
} as const;

export function toHead(record: HeadRecord): StoredHead {
  const { version, feedVersion, deleted, contentHash, embedHash, imported } = record;
  const { contentVersion = version, archive } = record;
  const head = { version, feedVersion, deleted, contentHash, embedHash, contentVersion, imported };
  return archive === undefined ? head : { ...head, archive };
}

/** Undefined for a tombstone. */
export function toDocument(record: ProductRecord): StoredDocument | undefined {
  if (record.product === undefined) return undefined;
  return new StoredText(record.version, record.product);
}

/** Undefined for a tombstone. */
export function toRow(record: ProductRecord): StoredRow | undefined {
  const { version, product, model, vectors } = record;
  if (product === undefined || model === undefined || vectors === undefined) return undefined;
  const floats = { text: toFloats(vectors.text) };
  return new StoredTextRow(version, product, model, floats, pricesOf(record));
}

/** Undefined for a tombstone. */
export function toPrices(record: ProductRecord): StoredPrices | undefined {
  if (record.deleted) return undefined;
  const { version, contentVersion = version } = record;
  return { version, contentVersion, prices: pricesOf(record) };
}

/** Without any: empty. */
export function pricesOf(record: Pick<ProductRecord, 'prices'> | undefined): PackedPrices {
  return record?.prices?.value() ?? NO_PRICES;
}

/** The floats as they lie in memory: little-endian on every machine that Node runs on here. */
export function toBinary(vector: NamedVectors['text']): Binary {
  return new Binary(Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength));
}

function toFloats(binary: Binary): Float32Array {
  // Copied, because floats must be aligned to 4 bytes.
  return new Float32Array(Uint8Array.from(binary.value()).buffer);
}
