import { join } from 'node:path';
import type { StoredVector } from '../embedding/model-check.js';
import { catalogueFeed } from '../store/catalogue-pages.js';
import { openLmdbReader } from '../store/lmdb/open.js';

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
      for await (const { entries } of catalogueFeed(store, tenant)) {
        const ids = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
        for (const row of await store.rows(tenant, ids)) {
          if (row?.model !== fingerprint) continue;
          found.push({ product: row.product, vector: row.vectors.text });
          if (found.length >= limit) return found;
        }
      }
    }
    return found;
  } finally {
    await store.close();
  }
}
