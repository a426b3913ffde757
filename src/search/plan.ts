import { PartitionMap } from '../store/partition-map.js';
import type { Partition, TenantPlacement } from '../store/store.js';

/** What one shard is asked for. */
export interface ShardTarget {
  shard: string;
  /** Its partitions that can hold a match. */
  partitions: readonly Partition[];
}

/** Which shards a search asks, and for what. */
export interface SearchPlan {
  /** The placement's counter. */
  counter: number;
  targets: readonly ShardTarget[];
  /** A match is of one of these; undefined: it may be of any. */
  categories: readonly string[] | undefined;
}

/** What is worked out once a placement, not once a search. */
interface Prepared {
  targets: readonly ShardTarget[];
  map: PartitionMap;
}

const prepared = new WeakMap<TenantPlacement, Prepared>();

/**
 * The partitions that can hold a match, grouped by shard. A category without a partition has no
 * products, so leaving it out loses nothing.
 */
export function planSearch(
  placement: TenantPlacement,
  categories: readonly string[] | undefined,
): SearchPlan {
  const { counter } = placement;
  const { targets, map } = prepare(placement);
  if (categories === undefined) return { counter, targets, categories };
  const wanted = new Set(categories.flatMap((category) => map.holding(category)));
  return { counter, targets: byShard(wanted), categories };
}

function prepare(placement: TenantPlacement): Prepared {
  let known = prepared.get(placement);
  if (known === undefined) {
    known = { targets: byShard(placement.partitions), map: new PartitionMap(placement) };
    prepared.set(placement, known);
  }
  return known;
}

function byShard(partitions: Iterable<Partition>): ShardTarget[] {
  const targets = new Map<string, Partition[]>();
  for (const partition of partitions) {
    const held = targets.get(partition.shard);
    if (held === undefined) targets.set(partition.shard, [partition]);
    else held.push(partition);
  }
  return [...targets].map(([shard, held]) => ({ shard, partitions: held }));
}
