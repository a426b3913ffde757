import { boundedCache } from '../core/bounded-cache.js';

/** At most so many rows are written between two calls of `written`. */
const ROWS_A_WRITE = 64;
const MAX_TENANTS = 1_000;

/**
 * Has the partitions of a tenant looked at while it is being written: what is cut out soon has few rows to move. Who
 * writes little is found by those who look at all that changed.
 */
export class GrowthTrigger {
  private readonly writes = boundedCache<number>({ max: MAX_TENANTS });

  /** @param partitionRows of one partition; 0: nothing grows by it */
  constructor(
    private readonly partitionRows: number,
    private readonly look: (tenant: string) => Promise<void>,
  ) {}

  /** Rows of the tenant were written. */
  written(tenant: string): void {
    if (this.partitionRows === 0) return;
    const writes = (this.writes.get(tenant) ?? 0) + 1;
    const isDue = writes * ROWS_A_WRITE >= this.partitionRows;
    this.writes.set(tenant, isDue ? 0 : writes);
    // Where it cannot be asked for, it is looked at a little later.
    if (isDue) this.look(tenant).catch(() => undefined);
  }
}
