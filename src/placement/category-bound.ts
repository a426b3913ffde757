import { boundedCache } from '../core/bounded-cache.js';
import type { StoreReader } from '../store/store.js';

const MAX_TENANTS = 1_000;
/** Categories whose products are gone are forgotten by then. */
const KEPT_MS = 60_000;

/**
 * Bounds the categories of a tenant that need no partition of their own. Nodes that write at the same time may
 * exceed it by a batch.
 */
export class CategoryBound {
  /** Categories that a tenant has, or was just allowed. */
  private readonly known = boundedCache<Set<string>>({ max: MAX_TENANTS, ttl: KEPT_MS });

  constructor(
    private readonly store: Pick<StoreReader, 'categories'>,
    private readonly max: number,
  ) {}

  /** Those of `categories` that the tenant has no room for. Asks the store only where one is not known. */
  async excess(tenant: string, categories: readonly string[]): Promise<string[]> {
    let known = this.known.get(tenant);
    if (known !== undefined && categories.every((one) => known?.has(one))) return [];
    const counts = await this.store.categories(tenant);
    known = this.known.get(tenant) ?? new Set();
    this.known.set(tenant, known);
    for (const { category } of counts) known.add(category);
    const refused: string[] = [];
    for (const category of categories) {
      if (known.has(category)) continue;
      if (known.size >= this.max) refused.push(category);
      else known.add(category);
    }
    return refused;
  }
}
