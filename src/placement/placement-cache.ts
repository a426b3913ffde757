import { boundedCache } from '../core/bounded-cache.js';
import type { StoreReader, TenantPlacement } from '../store/store.js';

/**
 * How old a node's view of a tenant's partitions may be: the bound on seeing a new category, and on asking a node that
 * is not to be asked any more.
 */
export const PLACEMENT_AGE_MS = 1_000;
/** Tenants whose placement is kept; others are read again. */
const MAX_TENANTS = 10_000;

/** A placement as of the moment when its reading began. */
interface View {
  placement: TenantPlacement;
  asOfMs: number;
}

/**
 * A node's view of each tenant's partitions: as of at most a second ago, or of the moment when it was
 * asked for where reading it takes longer. That a tenant has none is kept, too. A view never
 * gives way to an older one, in whatever order the reads end.
 */
export class PlacementCache {
  private readonly views = boundedCache<View>({ max: MAX_TENANTS });
  /** A slow store is asked once a second for all that wait, not once a search. */
  private readonly reading = new Map<string, { asOfMs: number; view: Promise<TenantPlacement> }>();

  constructor(
    private readonly store: Pick<StoreReader, 'placement'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** At once where it is fresh. */
  get(tenant: string): TenantPlacement | Promise<TenantPlacement> {
    const freshMs = this.now() - PLACEMENT_AGE_MS;
    const kept = this.views.get(tenant);
    if (kept !== undefined && kept.asOfMs > freshMs) return kept.placement;
    const running = this.reading.get(tenant);
    if (running !== undefined && running.asOfMs > freshMs) return running.view;
    return this.read(tenant);
  }

  private async read(tenant: string): Promise<TenantPlacement> {
    const started = { asOfMs: this.now(), view: this.refresh(tenant) };
    this.reading.set(tenant, started);
    try {
      return await started.view;
    } finally {
      if (this.reading.get(tenant) === started) this.reading.delete(tenant);
    }
  }

  /** As it is now: what was being read already may be older. */
  async refresh(tenant: string): Promise<TenantPlacement> {
    const asOfMs = this.now();
    return this.keep(tenant, { placement: await this.store.placement(tenant), asOfMs });
  }

  /** What this node has just made the placement. */
  put(tenant: string, placement: TenantPlacement): void {
    this.keep(tenant, { placement, asOfMs: this.now() });
  }

  /** A shard has seen the placement at `counter`: a view older than that is read again. */
  async noticed(tenant: string, counter: number): Promise<void> {
    const view = this.views.get(tenant);
    if (view !== undefined && view.placement.counter < counter) await this.refresh(tenant);
  }

  /** The newer of `view` and what is kept. */
  private keep(tenant: string, view: View): TenantPlacement {
    const kept = this.views.get(tenant);
    if (kept !== undefined && isOlder(view, kept)) return kept.placement;
    this.views.set(tenant, view);
    return view.placement;
  }
}

/** Counters grow, but for a tenant that was dropped: then the later reading is right. */
function isOlder(view: View, than: View): boolean {
  if (view.asOfMs - than.asOfMs > PLACEMENT_AGE_MS) return false;
  return view.placement.counter < than.placement.counter || view.asOfMs < than.asOfMs;
}
