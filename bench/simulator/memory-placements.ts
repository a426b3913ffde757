import { nodesOf } from '../../src/placement/reassign.js';
import {
  buildingOn,
  withoutLeaving,
  withServing,
  withUnasked,
} from '../../src/placement/replica-steps.js';
import { partitionRows } from '../../src/placement/balance.js';
import type { CategoryCount, Partition, TenantPlacement } from '../../src/store/store.js';

const EMPTY: TenantPlacement = { counter: 0, partitions: [] };

/** The part of a store that placing needs, in memory: how many products, and which partitions. */
export class MemoryPlacements {
  private readonly counts = new Map<string, CategoryCount[]>();
  private readonly placements = new Map<string, TenantPlacement>();
  /** Rows on each node, of all tenants. */
  private readonly rows = new Map<string, number>();

  /** The tenant has so many products, of each category. */
  fill(tenant: string, counts: readonly CategoryCount[]): void {
    const placement = this.placements.get(tenant) ?? EMPTY;
    this.count(tenant, placement, -1);
    this.counts.set(tenant, [...counts]);
    this.count(tenant, placement, 1);
  }

  /** What each node tells of itself. */
  told(nodes: readonly string[]): { node: string; rows: number }[] {
    return nodes.map((node) => ({ node, rows: this.rows.get(node) ?? 0 }));
  }

  /** In the order in which they came. */
  async tenants(after?: string, limit = Infinity): Promise<string[]> {
    const all = [...this.placements.keys()];
    const from = after === undefined ? 0 : all.indexOf(after) + 1;
    return all.slice(from, from + limit);
  }

  async categories(tenant: string): Promise<CategoryCount[]> {
    return this.counts.get(tenant) ?? [];
  }

  async placement(tenant: string): Promise<TenantPlacement> {
    return this.placements.get(tenant) ?? EMPTY;
  }

  /** Everything is written at once: there is nothing to catch up with. */
  async head(): Promise<Uint8Array> {
    return new Uint8Array();
  }

  async replacePlacement(
    tenant: string,
    partitions: readonly Partition[],
    expectedCounter: number,
  ): Promise<boolean> {
    const before = this.placements.get(tenant) ?? EMPTY;
    if (before.counter !== expectedCounter) return false;
    this.count(tenant, before, -1);
    const placement = { counter: expectedCounter + 1, partitions };
    this.placements.set(tenant, placement);
    this.count(tenant, placement, 1);
    return true;
  }

  /** All that is being built is built, and what it takes the place of is gone. */
  async settle(tenant: string): Promise<void> {
    const { partitions, counter } = await this.placement(tenant);
    let next = partitions;
    for (const [node, building] of buildingOn(partitions)) {
      next = withServing(next, node, building);
    }
    await this.replacePlacement(tenant, withoutLeaving(withUnasked(next)), counter);
  }

  private count(tenant: string, { partitions }: TenantPlacement, sign: 1 | -1): void {
    const rows = partitionRows(partitions, this.counts.get(tenant) ?? []);
    partitions.forEach(({ replicas }, i) => {
      for (const node of nodesOf(replicas)) {
        this.rows.set(node, (this.rows.get(node) ?? 0) + sign * (rows[i] ?? 0));
      }
    });
  }
}
