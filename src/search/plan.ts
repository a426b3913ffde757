import { hashId } from '../core/ids.js';
import { groupOf, PartitionMap } from '../store/partition-map.js';
import type { Partition, TenantPlacement } from '../store/store.js';
import type { SearchRequest } from './search-types.js';

/** What one of several nodes that hold the same is asked for. */
export interface ShardTarget {
  /** See `groupOf`. */
  group: string;
  /** Nodes of which any can answer. */
  nodes: readonly string[];
  /** Those of the group that can hold a match. */
  partitions: readonly Partition[];
}

/** Which groups of nodes a search asks, and for what. */
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
 * The partitions that can hold a match, grouped by the nodes that hold them. A category without a partition has no
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
  return { counter, targets: byGroup(wanted), categories };
}

function prepare(placement: TenantPlacement): Prepared {
  let known = prepared.get(placement);
  if (known === undefined) {
    known = { targets: byGroup(placement.partitions), map: new PartitionMap(placement) };
    prepared.set(placement, known);
  }
  return known;
}

function byGroup(partitions: Iterable<Partition>): ShardTarget[] {
  const targets = new Map<string, { nodes: readonly string[]; partitions: Partition[] }>();
  for (const partition of partitions) {
    const { key, asked } = groupOf(partition);
    const target = targets.get(key);
    if (target !== undefined) target.partitions.push(partition);
    else targets.set(key, { nodes: asked, partitions: [partition] });
  }
  return [...targets].map(([group, target]) => ({ group, ...target }));
}

/** The node that an answer names where a target did not answer. */
export function nodeOf({ nodes }: ShardTarget): string {
  return nodes[0] ?? '';
}

/** The same for the same request within a tenant, in 32 bits; undefined for one without a text. */
export function stickyKeyOf({
  tenant,
  query,
}: Pick<SearchRequest, 'tenant' | 'query'>): number | undefined {
  return typeof query === 'string' ? hashId(`${tenant}\n${query}`) : undefined;
}
