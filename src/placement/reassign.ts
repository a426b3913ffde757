import type { Partition, Store } from '../store/store.js';
import { rebalance } from './balance.js';

/**
 * Makes the placement fit `shards`: when it names shards that are not there, or one of them holds
 * nothing while it could, every tenant's partitions are placed anew. Returns how many moved; the
 * shards rebuild those from the store.
 */
export async function reassignToShards(store: Store, shards: readonly string[]): Promise<number> {
  let moved = 0;
  for (const tenant of await store.tenants()) {
    const { partitions } = await store.placement(tenant);
    if (fits(partitions, shards)) continue;
    const counts = await store.categories(tenant);
    const products = new Map(counts.map((c) => [c.category, c.products]));
    for (const next of rebalance(shards, partitions, products)) {
      if (await store.updatePartition(tenant, next, next.epoch - 1)) moved += 1;
    }
  }
  return moved;
}

function fits(partitions: readonly Partition[], shards: readonly string[]): boolean {
  const used = new Set(partitions.map((partition) => partition.shard));
  const allKnown = [...used].every((shard) => shards.includes(shard));
  return allKnown && used.size >= Math.min(shards.length, partitions.length);
}
