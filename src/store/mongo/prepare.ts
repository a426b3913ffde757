import { OmniError } from '../../core/errors.js';
import { filterFieldNames } from '../fields.js';
import type { NamedVectors } from '../../core/product.js';
import type { ProductWrite } from '../store.js';

/** MongoDB holds 16 MiB in a document; the rest is for hashes, field names and vectors. */
const MAX_PRODUCT_BYTES = 15 * 1024 * 1024;

/** A write with its texts made, once for all attempts. */
export interface PreparedWrite {
  write: ProductWrite;
  /** The product as JSON; empty for a delete. */
  json: string;
  /** Filter names of the product's fields. */
  fields: string[];
  /** Undefined: keeps what is stored. */
  embedded: Embedded | undefined;
  /** What it keeps in memory while it waits, roughly. */
  bytes: number;
}

/** Vectors and the fingerprint of their model. */
export interface Embedded {
  model: string;
  vectors: NamedVectors;
}

/** Throws `too_large` for a product that no document can hold. */
export function prepareWrite(write: ProductWrite): PreparedWrite {
  if (write.op === 'delete')
    return { write, json: '', fields: [], embedded: undefined, bytes: 512 };
  const json = JSON.stringify(write.product);
  const fields = filterFieldNames(write.product);
  const jsonBytes = Buffer.byteLength(json);
  if (jsonBytes > MAX_PRODUCT_BYTES) {
    throw new OmniError('too_large', `a product may have ${MAX_PRODUCT_BYTES} bytes of JSON`);
  }
  const { model, vectors } = write;
  const embedded = vectors === 'keep' ? undefined : { model, vectors };
  const bytes = 512 + jsonBytes + (embedded?.vectors.text.byteLength ?? 0);
  return { write, json, fields, embedded, bytes };
}
