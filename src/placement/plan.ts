import type { Partition, TenantPlacement } from '../store/store.js';

/** What one shard is asked for: its partitions among those the query needs. */
export interface ShardTarget {
  shard: string;
  partitions: Partition[];
}

/**
 * The partitions that can hold a match, grouped by shard. `categories` undefined asks for all.
 * A category without a partition has no products, so leaving it out loses nothing.
 */
export function planTargets(
  placement: TenantPlacement,
  categories: readonly string[] | undefined,
): ShardTarget[] {
  const wanted = categories === undefined ? undefined : new Set(categories);
  const byShard = new Map<string, ShardTarget>();
  for (const partition of placement.partitions) {
    if (wanted !== undefined && !wanted.has(partition.category)) continue;
    let target = byShard.get(partition.shard);
    if (target === undefined) {
      target = { shard: partition.shard, partitions: [] };
      byShard.set(partition.shard, target);
    }
    target.partitions.push(partition);
  }
  return [...byShard.values()];
}
