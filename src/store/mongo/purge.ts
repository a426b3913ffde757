import type { Collections, ProductRecord } from './collections.js';
import { deleteVersions } from './product-bulk.js';
import { safeSequence } from './sequence.js';

const PURGE_BATCH = 500;

type Tombstone = Pick<ProductRecord, '_id' | 'tenant' | 'version'>;

/**
 * Removes tombstones written before `beforeMs` (epoch ms), oldest first; returns how many. A
 * tombstone that followers may not read yet stays for the next time.
 */
export async function purgeTombstones(collections: Collections, beforeMs: number): Promise<number> {
  for (let total = 0; ;) {
    const found: Tombstone[] = await collections.products
      .find(
        { deletedAt: { $lt: beforeMs } },
        {
          projection: { tenant: 1, version: 1 },
          sort: { deletedAt: 1 },
          limit: PURGE_BATCH,
          batchSize: PURGE_BATCH + 1,
        },
      )
      .toArray();
    let purged = 0;
    for (const [tenant, tombstones] of byTenant(found)) {
      purged += await purgeTenant(collections, tenant, tombstones);
    }
    total += purged;
    if (purged === 0 || found.length < PURGE_BATCH) return total;
  }
}

/** The horizon first: whoever misses one of them in the feed must find it raised. */
async function purgeTenant(
  { products, tenants }: Collections,
  tenant: string,
  tombstones: readonly Tombstone[],
): Promise<number> {
  const state = await tenants.findOne({ _id: tenant }, { projection: { sequence: 1, open: 1 } });
  const safe = state === null ? 0 : safeSequence(state);
  const settled = tombstones.filter(({ version }) => version <= safe);
  if (settled.length === 0) return 0;
  const horizon = Math.max(...settled.map(({ version }) => version));
  await tenants.updateOne({ _id: tenant }, { $max: { horizon } });
  return deleteVersions(products, settled);
}

function byTenant(tombstones: readonly Tombstone[]): Map<string, Tombstone[]> {
  const groups = new Map<string, Tombstone[]>();
  for (const tombstone of tombstones) {
    const group = groups.get(tombstone.tenant);
    if (group === undefined) groups.set(tombstone.tenant, [tombstone]);
    else group.push(tombstone);
  }
  return groups;
}
