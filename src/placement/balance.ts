import type { Partition } from '../store/store.js';

/** What a shard carries: products, and partitions as the tie-break of an empty cluster. */
export interface ShardLoad {
  shard: string;
  products: number;
  partitions: number;
}

/** The shard for the next partition: least products, then fewest partitions, then the first name. */
export function leastLoaded(loads: readonly ShardLoad[]): ShardLoad {
  const best = [...loads].sort(
    (a, b) =>
      a.products - b.products || a.partitions - b.partitions || (a.shard < b.shard ? -1 : 1),
  )[0];
  if (best === undefined) throw new Error('a cluster has at least one shard');
  return best;
}

/** What each of `shards` carries, by the placement and the products of each category. */
export function loadsOf(
  shards: readonly string[],
  partitions: readonly Partition[],
  products: ReadonlyMap<string, number>,
): ShardLoad[] {
  const loads = new Map(shards.map((shard) => [shard, { shard, products: 0, partitions: 0 }]));
  for (const partition of partitions) {
    const load = loads.get(partition.shard);
    if (load === undefined) continue;
    load.partitions += 1;
    load.products += products.get(partition.category) ?? 0;
  }
  return [...loads.values()];
}

/**
 * Places every one of `partitions` anew on `shards`, the largest first, each on the least loaded
 * (longest processing time first; Graham 1969). Returns those whose shard changed, epoch raised.
 */
export function rebalance(
  shards: readonly string[],
  partitions: readonly Partition[],
  products: ReadonlyMap<string, number>,
): Partition[] {
  const loads = loadsOf(shards, [], products);
  const size = (partition: Partition): number => products.get(partition.category) ?? 0;
  const bySize = [...partitions].sort((a, b) => size(b) - size(a) || (a.id < b.id ? -1 : 1));
  const moved: Partition[] = [];
  for (const partition of bySize) {
    const load = leastLoaded(loads);
    load.products += size(partition);
    load.partitions += 1;
    if (partition.shard === load.shard) continue;
    moved.push({ ...partition, shard: load.shard, epoch: partition.epoch + 1 });
  }
  return moved;
}
