import { LRUCache } from 'lru-cache';
import type { StoreReader, TenantPlacement } from '../store/store.js';

/** How old a node's view of a tenant's partitions may be: the bound on seeing a new category. */
const MAX_AGE_MS = 1_000;
/** Tenants whose placement is kept; others are read again. */
const MAX_TENANTS = 10_000;

/** A node's view of each tenant's partitions, never older than a second. */
export class PlacementCache {
  private readonly views: LRUCache<string, TenantPlacement>;
  /** A slow store is asked once for all that wait, not once a search. */
  private readonly reading = new Map<string, Promise<TenantPlacement>>();

  constructor(private readonly store: StoreReader) {
    this.views = new LRUCache({ max: MAX_TENANTS, ttl: MAX_AGE_MS });
  }

  async get(tenant: string): Promise<TenantPlacement> {
    return this.views.get(tenant) ?? this.reading.get(tenant) ?? (await this.read(tenant));
  }

  private read(tenant: string): Promise<TenantPlacement> {
    const reading = this.refresh(tenant).finally(() => this.reading.delete(tenant));
    this.reading.set(tenant, reading);
    return reading;
  }

  /** As it is now: what was being read already may be older. */
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
