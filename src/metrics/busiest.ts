/** Tenants that are counted at a time. */
const MAX_COUNTED = 10_000;

/**
 * How much tenants ask for, of which the first few are told: a series a tenant would have no bound. Where more come than
 * are counted, those with the least are forgotten.
 */
export class Busiest {
  private counts = new Map<string, number>();

  add(tenant: string): void {
    const count = this.counts.get(tenant);
    if (count === undefined && this.counts.size >= MAX_COUNTED) this.forgetHalf();
    this.counts.set(tenant, (count ?? 0) + 1);
  }

  /** The first `limit`, with most first. */
  top(limit: number): [tenant: string, count: number][] {
    if (limit === 0) return [];
    return this.sorted().slice(0, limit);
  }

  private forgetHalf(): void {
    this.counts = new Map(this.sorted().slice(0, MAX_COUNTED / 2));
  }

  private sorted(): [string, number][] {
    return [...this.counts].sort(([, a], [, b]) => b - a);
  }
}
