import type { Product } from '../../src/core/product.js';
import { TenantIndex } from '../../src/shard/index/tenant-index.js';
import type { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import type { StoredRow } from '../../src/store/store.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { productTerms } from '../../src/text/product-terms.js';

/** An empty index of the tenant `t`, for rows of the model `m`. */
export function newIndex(dimensions: number): TenantIndex {
  return new TenantIndex('t', 'm', dimensions, DEFAULT_TEXT_SETTINGS);
}

/** Takes a row in, its words too. */
export function upsert(index: TenantIndex, row: StoredRow): void {
  index.upsert(row, productTerms(row.product, DEFAULT_TEXT_SETTINGS));
}

export function append(
  tail: WriteBuffer,
  product: Product,
  version: number,
  vector: Float32Array,
): void {
  tail.append(product, version, vector, productTerms(product, DEFAULT_TEXT_SETTINGS));
}
