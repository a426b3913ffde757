import type { Store } from '../store/store.js';
import { partitionRows, rebalance, type Piece } from './balance.js';

const MAX_ATTEMPTS = 10;

/**
 * Makes the placement fit `shards` over all tenants: when it names shards that are not there, or one
 * of them holds nothing while it could, as few partitions as it takes move. Returns how many did;
 * the shards rebuild those from the store.
 */
export async function reassignToShards(store: Store, shards: readonly string[]): Promise<number> {
  const tenants = await store.tenants();
  if (await fits(store, tenants, shards)) return 0;
  const pieces: Piece[] = [];
  for (const tenant of tenants) {
    const { partitions } = await store.placement(tenant);
    const rows = partitionRows(partitions, await store.categories(tenant));
    partitions.forEach(({ id, shard }, i) =>
      pieces.push({ key: keyOf(tenant, id), shard, rows: rows[i] ?? 0 }),
    );
  }
  const moves = rebalance(shards, pieces);
  let moved = 0;
  for (const tenant of tenants) moved += await moveAll(store, tenant, moves);
  return moved;
}

/** Carries out what of `moves` is the tenant's, in one change. */
async function moveAll(
  store: Store,
  tenant: string,
  moves: ReadonlyMap<string, string>,
): Promise<number> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const { partitions, counter } = await store.placement(tenant);
    let moved = 0;
    const next = partitions.map((partition) => {
      const shard = moves.get(keyOf(tenant, partition.id));
      if (shard === undefined || shard === partition.shard) return partition;
      moved += 1;
      return { ...partition, shard, epoch: partition.epoch + 1 };
    });
    if (moved === 0 || (await store.replacePlacement(tenant, next, counter))) return moved;
  }
  return 0;
}

function keyOf(tenant: string, id: string): string {
  return `${tenant}/${id}`;
}

/** Keeps nothing of the placements: at a start with many tenants they would fill the heap. */
async function fits(
  store: Store,
  tenants: readonly string[],
  shards: readonly string[],
): Promise<boolean> {
  const used = new Set<string>();
  let count = 0;
  for (const tenant of tenants) {
    const { partitions } = await store.placement(tenant);
    for (const { shard } of partitions) used.add(shard);
    count += partitions.length;
  }
  const allKnown = [...used].every((shard) => shards.includes(shard));
  return allKnown && used.size >= Math.min(shards.length, count);
}
