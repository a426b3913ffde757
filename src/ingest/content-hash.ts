import { configure } from 'safe-stable-stringify';
import { digest } from '../core/ids.js';
import type { Product } from '../core/product.js';
import type { ProductInputs } from '../embedding/product-inputs.js';

const canonical = configure({ deterministic: true });

/** Hash of all that was sent but the vector; the order of keys does not matter. */
export function contentHash(product: Product): string {
  return digest(canonical(product));
}

/** Hash of what determines an embedded vector. `fingerprint` is the model's. */
export function textEmbedHash(fingerprint: string, inputs: ProductInputs): string {
  const { title, brand, category, description } = inputs;
  return digest('text', fingerprint, JSON.stringify([title, brand, category, description]));
}

/** Hash of what determines a supplied vector. Never equal to a `textEmbedHash`. */
export function vectorEmbedHash(fingerprint: string, vector: Float32Array): string {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  return digest('vector', fingerprint, bytes);
}
