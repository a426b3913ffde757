import { digest } from '../../../src/core/ids.js';
import type { JsonObject } from '../../../src/core/product.js';
import type { DeleteProduct, PutProduct } from '../../../src/store/store.js';

export const MODEL = 'model@1';

/** What of a put a test wants to say; hashes and vector follow from it. */
export interface PutOptions {
  category?: string;
  title?: string;
  feedVersion?: number;
  ifVersion?: number;
  keepVectors?: boolean;
  /** More of the product. */
  rest?: JsonObject;
}

/** A put as ingest makes it: the title alone determines the vector. */
export function put(id: string, options: PutOptions = {}): PutProduct {
  const { category = 'Mice', title = `title of ${id}`, rest = {}, ifVersion } = options;
  const product = { ...rest, id, title, category };
  return {
    op: 'put',
    id,
    product,
    feedVersion: options.feedVersion,
    contentHash: digest(JSON.stringify(product)),
    embedHash: digest(MODEL, title),
    model: MODEL,
    vectors: options.keepVectors === true ? 'keep' : { text: vectorOf(title) },
    ...(ifVersion === undefined ? {} : { ifVersion }),
  };
}

export function remove(
  id: string,
  options: { feedVersion?: number; ifVersion?: number } = {},
): DeleteProduct {
  const { feedVersion, ifVersion } = options;
  return { op: 'delete', id, feedVersion, ...(ifVersion === undefined ? {} : { ifVersion }) };
}

/** Floats that depend on `text`, some of them not exact in decimal, in more bytes than LMDB has in a block. */
export function vectorOf(text: string): Float32Array {
  const hex = digest('vector', text);
  const eighth = (i: number): string => hex.slice((i % 8) * 4, (i % 8) * 4 + 4);
  return Float32Array.from({ length: 300 }, (_, i) => (Number(`0x${eighth(i)}`) + i) / 3);
}
