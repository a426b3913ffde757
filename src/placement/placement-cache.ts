import { LRUCache } from 'lru-cache';
import type { StoreReader, TenantPlacement } from '../store/store.js';

/** How old a node's view of a tenant's partitions may be: the bound on seeing a new category. */
const MAX_AGE_MS = 1_000;
/** Tenants whose placement is kept; others are read again. */
const MAX_TENANTS = 10_000;

/** A node's view of each tenant's partitions, never older than a second. */
export class PlacementCache {
  private readonly views: LRUCache<string, TenantPlacement>;

  constructor(private readonly store: StoreReader) {
    this.views = new LRUCache({ max: MAX_TENANTS, ttl: MAX_AGE_MS });
  }

  async get(tenant: string): Promise<TenantPlacement> {
    return this.views.get(tenant) ?? (await this.refresh(tenant));
  }

  async refresh(tenant: string): Promise<TenantPlacement> {
    const view = await this.store.placement(tenant);
    this.views.set(tenant, view);
    return view;
  }

  /** A shard has seen the placement at `counter`: a view older than that is read again. */
  async noticed(tenant: string, counter: number): Promise<void> {
    const view = this.views.get(tenant);
    if (view !== undefined && view.counter < counter) await this.refresh(tenant);
  }
}
