import { join } from 'node:path';
import type { Product } from '../core/product.js';
import { openLmdbReader } from '../store/lmdb/open.js';
import type { StoreReader } from '../store/store.js';

/** A product and the vector that the store holds of its text. */
interface StoredVector {
  product: Product;
  vector: Float32Array;
}

const PAGE_ENTRIES = 256;

/**
 * The first `limit` products of a data folder whose vectors are of the model `fingerprint`; a running
 * node is not disturbed. A vector that was supplied counts as the model's, as everywhere.
 */
export async function storedVectors(
  dataDir: string,
  fingerprint: string,
  limit: number,
): Promise<StoredVector[]> {
  const store = await openLmdbReader({ dir: join(dataDir, 'store') });
  try {
    const found: StoredVector[] = [];
    for (const tenant of await store.tenants()) {
      found.push(...(await ofTenant(store, tenant, fingerprint, limit - found.length)));
      if (found.length >= limit) break;
    }
    return found;
  } finally {
    await store.close();
  }
}

async function ofTenant(
  store: StoreReader,
  tenant: string,
  fingerprint: string,
  limit: number,
): Promise<StoredVector[]> {
  const found: StoredVector[] = [];
  let position: Uint8Array | undefined;
  for (;;) {
    const page = await store.readFeed(tenant, position, PAGE_ENTRIES);
    const ids = page.entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
    for (const row of await store.rows(tenant, ids)) {
      if (row?.model !== fingerprint) continue;
      found.push({ product: row.product, vector: row.vectors.text });
      if (found.length >= limit) return found;
    }
    if (page.atEnd || page.expired) return found;
    position = page.position;
  }
}
