import { OmniError } from '../../core/errors.js';
import { filterFieldNames } from '../../core/product-fields.js';
import type { NamedVectors } from '../../core/product.js';
import type { ProductWrite } from '../store.js';

/** MongoDB holds 16 MiB in a document; the rest is for hashes, vectors and the like. */
const MAX_PRODUCT_BYTES = 15 * 1024 * 1024;
/** What a record or its entry in memory has beside its texts and vectors, roughly. */
const RECORD_BYTES = 512;
/** Of an item of a list in BSON: type, place in digits, length and two ends. */
const ITEM_BYTES = 16;

/** A write with its texts made, once for all attempts. */
export interface PreparedWrite {
  write: ProductWrite;
  /** The product as JSON; empty for a delete or a price. */
  json: string;
  jsonBytes: number;
  /** Filter names of the product's fields. */
  fields: string[];
  /** Undefined: keeps what is stored. */
  embedded: Embedded | undefined;
  /** What it takes in memory while it waits, and in its command, roughly. */
  bytes: number;
}

/** Vectors and the fingerprint of their model. */
export interface Embedded {
  model: string;
  vectors: NamedVectors;
}

/** Throws `too_large` for a product that no document can hold. */
export function prepareWrite(write: ProductWrite): PreparedWrite {
  if (write.op !== 'put') {
    const nothing = { json: '', jsonBytes: 0, fields: [], embedded: undefined };
    return { write, ...nothing, bytes: RECORD_BYTES };
  }
  const { id, category } = write.product;
  const json = JSON.stringify(write.product);
  const fields = filterFieldNames(write.product);
  // What a record repeats: its id twice, its category, and the names of its fields.
  const repeated = textBytes([id, id, category]) + textBytes(fields) + ITEM_BYTES * fields.length;
  const jsonBytes = Buffer.byteLength(json);
  const productBytes = jsonBytes + repeated;
  if (productBytes > MAX_PRODUCT_BYTES) {
    const message = `a product's JSON and its field names may have ${MAX_PRODUCT_BYTES} bytes`;
    throw new OmniError('too_large', message);
  }
  const { model, vectors } = write;
  const embedded = vectors === 'keep' ? undefined : { model, vectors };
  const bytes = RECORD_BYTES + productBytes + (embedded?.vectors.text.byteLength ?? 0);
  return { write, json, jsonBytes, fields, embedded, bytes };
}

function textBytes(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
