import { OmniError } from '../core/errors.js';
import type { Partition, Store } from '../store/store.js';
import { leastLoaded, loadsOf } from './balance.js';
import { firstPartition } from './partition.js';
import type { PlacementCache } from './placement-cache.js';

export interface PlacerOptions {
  /** The shards there are now. */
  shards: () => readonly string[];
  /** With fewer, no category is placed: the first to come would get them all. */
  minShards: number;
  /** Bound of a tenant's partitions: each mistyped category would be one. */
  maxPartitions: number;
}

/** Gives every category a partition before its first product is written. */
export class Placer {
  constructor(
    private readonly store: Store,
    private readonly cache: PlacementCache,
    private readonly options: PlacerOptions,
  ) {}

  /**
   * Creates what is missing for `categories` (category to rows about to come), each on the least
   * loaded shard, the largest first. Returns the categories refused because the tenant is at its
   * bound of partitions.
   */
  async ensure(
    tenant: string,
    categories: ReadonlyMap<string, number>,
  ): Promise<ReadonlySet<string>> {
    if (this.missing(await this.cache.get(tenant), categories).length === 0) return new Set();
    const { partitions } = await this.cache.refresh(tenant);
    const missing = this.missing({ partitions }, categories);
    if (missing.length === 0) return new Set();

    const room = Math.max(0, this.options.maxPartitions - partitions.length);
    const created = await this.place(tenant, partitions, missing.slice(0, room));
    if (created.length > 0) {
      await this.store.createPartitions(tenant, created);
      await this.cache.refresh(tenant);
    }
    return new Set(missing.slice(room).map(([category]) => category));
  }

  private missing(
    placement: { partitions: readonly Partition[] },
    categories: ReadonlyMap<string, number>,
  ): [string, number][] {
    const placed = new Set(placement.partitions.map((partition) => partition.category));
    return [...categories]
      .filter(([category]) => !placed.has(category))
      .sort((a, b) => b[1] - a[1]);
  }

  private async place(
    tenant: string,
    partitions: readonly Partition[],
    categories: readonly [string, number][],
  ): Promise<Partition[]> {
    const shards = this.options.shards();
    const { minShards } = this.options;
    if (shards.length < minShards) {
      const message = `a category cannot be placed: ${shards.length} of ${minShards} shards are known`;
      throw new OmniError('unavailable', message, { retryAfterMs: 1_000 });
    }
    const counts = await this.store.categories(tenant);
    const products = new Map(counts.map((c) => [c.category, c.products]));
    const loads = loadsOf(shards, partitions, products);
    return categories.map(([category, rows]) => {
      const load = leastLoaded(loads);
      load.products += rows;
      load.partitions += 1;
      return firstPartition(category, load.shard);
    });
  }
}
