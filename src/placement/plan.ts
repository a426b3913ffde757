import type { Partition, TenantPlacement } from '../store/store.js';

/** What one shard is asked for: its partitions among those the query needs. */
export interface ShardTarget {
  shard: string;
  partitions: Partition[];
}

/** The targets of a search for everything: the same for as long as the placement is. */
const ofEverything = new WeakMap<TenantPlacement, readonly ShardTarget[]>();

/**
 * The partitions that can hold a match, grouped by shard. `categories` undefined asks for all.
 * A category without a partition has no products, so leaving it out loses nothing.
 */
export function planTargets(
  placement: TenantPlacement,
  categories: readonly string[] | undefined,
): readonly ShardTarget[] {
  if (categories !== undefined) {
    const wanted = new Set(categories);
    return byShard(placement.partitions.filter(({ category }) => wanted.has(category)));
  }
  let targets = ofEverything.get(placement);
  if (targets === undefined) {
    targets = byShard(placement.partitions);
    ofEverything.set(placement, targets);
  }
  return targets;
}

function byShard(partitions: readonly Partition[]): ShardTarget[] {
  const targets = new Map<string, ShardTarget>();
  for (const partition of partitions) {
    let target = targets.get(partition.shard);
    if (target === undefined) {
      target = { shard: partition.shard, partitions: [] };
      targets.set(partition.shard, target);
    }
    target.partitions.push(partition);
  }
  return [...targets.values()];
}
