import { invalidField, OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { hashId } from '../core/ids.js';
import { KeyedTurns } from '../core/keyed-turns.js';
import { PartitionMap } from '../store/partition-map.js';
import type { Partition, PartitionRef, Store, TenantPlacement } from '../store/store.js';
import { leastLoaded, type NodeLoad } from './balance.js';
import { CategoryBound } from './category-bound.js';
import { firstPartition, restPartition } from './partition.js';
import { categoriesKey } from './reshape.js';
import type { NodeLoads } from './node-loads.js';
import { nodeSets, type PlaceableNode } from './node-sets.js';
import type { PlacementCache } from './placement-cache.js';

export interface PlacerOptions {
  /** What the nodes there are carry. */
  loads: Pick<NodeLoads, 'now' | 'placed'>;
  /** With fewer nodes no category is placed: the first to come would get them all. */
  minShards: number;
  /** Those on which anything of a tenant may be placed; without it all that `loads` has. */
  nodes?: (tenant: string) => Promise<readonly PlaceableNode[]>;
  /** Nodes that hold each partition, as far as there are so many. */
  replicas: number;
  /** Bound of a tenant's partitions, and of its categories: each mistyped one would be one. */
  maxPartitions: number;
  /** Rows that a tenant may have in one partition of whatever category; 0: each category gets one of its own. */
  partitionRows: number;
}

/** Where rows of some categories go. */
export interface Places {
  /** Categories that get no place, and why. */
  refused: ReadonlyMap<string, OmniError>;
  /** Undefined for a category that was refused or not asked for. */
  of(category: string, id: string): PartitionRef | undefined;
}

/** The place of a product that is written. Throws `unavailable` where there is none: it would be in no index. */
export function placeOf(places: Places, category: string, id: string): PartitionRef {
  const partition = places.of(category, id);
  if (partition !== undefined) return partition;
  const details = { retryAfterMs: RETRY_AFTER_MS };
  throw new OmniError('unavailable', 'the placement has no place for the product', details);
}

const MAX_ATTEMPTS = 10;

/**
 * Gives every category a partition before its first product is written, and takes it back. With `partitionRows`
 * that is the tenant's rest, of which the growth of partitions cuts out what becomes large.
 */
export class Placer {
  /** Changes of one tenant's placement on this node wait for each other; other nodes are met by CAS. */
  private readonly changes = new KeyedTurns();
  private readonly bound: CategoryBound;

  constructor(
    private readonly store: Pick<Store, 'categories' | 'replacePlacement'>,
    private readonly cache: PlacementCache,
    private readonly options: PlacerOptions,
  ) {
    this.bound = new CategoryBound(store, options.maxPartitions);
  }

  /**
   * Creates what is missing for `categories` (category to rows about to come), each on the set of nodes that
   * carries least of all tenants, the largest first, in one change. At the bound of partitions those
   * give way whose categories have no products. `isStale`: what the node knows has led a write
   * astray, so the placement is read again.
   */
  async ensure(
    tenant: string,
    categories: ReadonlyMap<string, number>,
    isStale = false,
  ): Promise<Places> {
    const known = await (isStale ? this.cache.refresh(tenant) : this.cache.get(tenant));
    const isPlaced = missingOf(known, categories).length === 0;
    const { placement, refused } = isPlaced
      ? { placement: known, refused: NONE }
      : await this.changes.run(tenant, () => this.place(tenant, categories));
    // Those in the rest take no partition that would be refused: they are counted by themselves.
    const inRest = [...categories.keys()].filter((each) => isInRest(mapOf(placement), each));
    const excess = await this.bound.excess(tenant, inRest);
    if (excess.length === 0) return placesOf(placement, refused);
    const error = atBound(this.options.maxPartitions);
    return placesOf(
      placement,
      new Map([...refused, ...excess.map((one) => [one, error] as const)]),
    );
  }

  /** Takes back the places of categories without products; returns how many. */
  async giveBack(tenant: string): Promise<number> {
    return this.changes.run(tenant, async () => {
      const { partitions, counter } = await this.cache.refresh(tenant);
      const emptied = await this.emptied(tenant, partitions);
      if (emptied.length === 0) return 0;
      const left = partitions.filter((partition) => !emptied.includes(partition));
      return (await this.change(tenant, left, counter)) ? emptied.length : 0;
    });
  }

  private async place(
    tenant: string,
    categories: ReadonlyMap<string, number>,
  ): Promise<{ placement: TenantPlacement; refused: Places['refused'] }> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const current = await this.cache.refresh(tenant);
      const missing = missingOf(current, categories);
      if (missing.length === 0) return { placement: current, refused: NONE };
      const { maxPartitions, partitionRows } = this.options;
      const excess = current.partitions.length + missing.length - maxPartitions;
      // None beside a rest that comes, see `emptied`.
      const mayGive = excess > 0 && partitionRows === 0;
      const emptied = mayGive ? await this.emptied(tenant, current.partitions) : [];
      // A category gives way with all its ranges: one that kept some would have no place for the ids of the others.
      const giving = new Set(emptied.slice(0, Math.max(0, excess)).map(categoriesKey));
      const given = new Set(emptied.filter((each) => giving.has(categoriesKey(each))));
      const kept = current.partitions.filter((partition) => !given.has(partition));
      const room = Math.max(0, maxPartitions - kept.length);
      const refused = new Map(
        missing.slice(room).map(([category]) => [category, atBound(maxPartitions)]),
      );
      if (room === 0) return { placement: current, refused };
      const created = await this.created(tenant, missing.slice(0, room));
      const next = [...kept, ...created.map(({ partition }) => partition)];
      if (await this.change(tenant, next, current.counter)) {
        for (const { partition, rows } of created) {
          for (const { node } of partition.replicas) this.options.loads.placed(node, rows);
        }
        return { placement: { counter: current.counter + 1, partitions: next }, refused };
      }
    }
    throw new OmniError('unavailable', 'the placement kept changing', {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  private async change(
    tenant: string,
    partitions: readonly Partition[],
    counter: number,
  ): Promise<boolean> {
    if (!(await this.store.replacePlacement(tenant, partitions, counter))) return false;
    this.cache.put(tenant, { counter: counter + 1, partitions });
    return true;
  }

  /**
   * Partitions of named categories none of which has a product, the oldest first. Beside a rest there are none:
   * what is written in that moment would be the rest's, whose nodes may have passed over it.
   */
  private async emptied(tenant: string, partitions: readonly Partition[]): Promise<Partition[]> {
    if (partitions.some(({ categories }) => categories === 'rest')) return [];
    const counts = await this.store.categories(tenant);
    const used = new Set(counts.filter(({ products }) => products > 0).map((c) => c.category));
    return partitions.filter(
      ({ categories }) => categories !== 'rest' && !categories.some((name) => used.has(name)),
    );
  }

  /** Partitions for categories with the rows that come: one each, or the tenant's rest for all of them. */
  private async created(
    tenant: string,
    missing: readonly [string, number][],
  ): Promise<{ partition: Partition; rows: number }[]> {
    const [loads, sets] = await this.places(tenant);
    if (this.options.partitionRows > 0) {
      const rows = missing.reduce((sum, [, one]) => sum + one, 0);
      return [{ partition: restPartition(leastLoaded(sets, loads)), rows }];
    }
    return missing.map(([category, rows]) => {
      const set = leastLoaded(sets, loads);
      for (const node of set) {
        const load = loads.get(node);
        if (load === undefined) continue;
        load.rows += rows;
        load.places += 1;
      }
      return { partition: firstPartition(category, set), rows };
    });
  }

  /** What the nodes carry, and the sets of them on which anything of the tenant may be placed. */
  private async places(tenant: string): Promise<[Map<string, NodeLoad>, string[][]]> {
    const { minShards, replicas, loads: known } = this.options;
    const loads = new Map(known.now().map((load) => [load.node, load]));
    if (loads.size < minShards) {
      const message = `a category cannot be placed: ${loads.size} of ${minShards} shards are known`;
      throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    const nodes =
      (await this.options.nodes?.(tenant)) ?? Array.from(loads.keys(), (node) => ({ node }));
    const sets = nodeSets(nodes, replicas);
    if (sets.length === 0) {
      const message = 'a category cannot be placed: every node is drained';
      throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    return [loads, sets];
  }
}

const NONE: Places['refused'] = new Map();

function isInRest(map: PartitionMap, category: string): boolean {
  return map.holding(category).some(({ categories }) => categories === 'rest');
}

/** Categories without a place, the one with most rows first. */
function missingOf(
  placement: TenantPlacement,
  categories: ReadonlyMap<string, number>,
): [string, number][] {
  const map = mapOf(placement);
  return [...categories]
    .filter(([category]) => map.holding(category).length === 0)
    .sort((a, b) => b[1] - a[1]);
}

const maps = new WeakMap<TenantPlacement, PartitionMap>();

function mapOf(placement: TenantPlacement): PartitionMap {
  let map = maps.get(placement);
  if (map === undefined) {
    map = new PartitionMap(placement);
    maps.set(placement, map);
  }
  return map;
}

function placesOf(placement: TenantPlacement, refused: ReadonlyMap<string, OmniError>): Places {
  const map = mapOf(placement);
  return {
    refused,
    of: (category, id) => {
      const partition = map.of(category, hashId(id));
      return partition && { id: partition.id, epoch: partition.epoch };
    },
  };
}

function atBound(maxPartitions: number): OmniError {
  const bound = `the tenant is at its bound of ${maxPartitions} partitions (MAX_PARTITIONS)`;
  return invalidField('category', `would be a new one, and ${bound}`);
}
