import type { Logger } from '../core/logger.js';
import type { JsonObject } from '../core/product.js';
import type { Store } from '../store/store.js';
import { addToDay, type TenantDays } from '../store/tenant-days.js';
import { UsageDay, type UsageFigures } from './usage-day.js';

/** Kind of the records that hold what a tenant used on one day. */
export const USAGE_KIND = 'usage';
/** Older days are forgotten. */
export const KEPT_USAGE_DAYS = 400;
/** How long counts stay in this process; a crash loses so much of them. */
const FLUSH_MS = 10_000;
const MAX_TENANTS = 20_000;
const DAYS: TenantDays = { kind: USAGE_KIND, keptDays: KEPT_USAGE_DAYS, attempts: 8 };
/** Tenants that are written at a time: the store commits them together. */
const AT_ONCE = 32;

interface Deps {
  store: Pick<Store, 'records' | 'usage'>;
  logger: Logger;
  today?: () => Date;
}

/**
 * Counts what tenants use: in memory, and every few seconds added to the store's record of the tenant's day, to which
 * every node adds. Costs nothing while nobody does anything.
 */
export class UsageMeter {
  private open = new Map<string, UsageDay>();
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();
  private closed = false;
  private readonly today: () => Date;

  constructor(private readonly deps: Deps) {
    this.today = deps.today ?? (() => new Date());
  }

  /** A search was answered. Those of more tenants than are kept at a time are not counted. */
  searched(tenant: string, elapsedMs: number): void {
    this.openFor(tenant)?.searched(elapsedMs);
  }

  count(tenant: string, figure: Exclude<keyof UsageFigures, 'searches'>, by: number): void {
    if (by === 0) return;
    const day = this.openFor(tenant);
    if (day !== undefined) day.figures[figure] += by;
  }

  /** What this process has counted of a tenant and not written yet. */
  unwritten(tenant: string): UsageDay | undefined {
    return this.open.get(tenant);
  }

  /** Writes what was counted. Never rejects. */
  flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.write());
    return this.flushing;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.flush();
  }

  private openFor(tenant: string): UsageDay | undefined {
    if (this.closed) return undefined;
    let day = this.open.get(tenant);
    if (day === undefined) {
      if (this.open.size >= MAX_TENANTS) return undefined;
      day = new UsageDay();
      this.open.set(tenant, day);
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, FLUSH_MS).unref();
    return day;
  }

  private async write(): Promise<void> {
    const due = this.open;
    this.open = new Map();
    const left = due.entries();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const [tenant, counted] of left) await this.add(tenant, counted);
      }),
    );
  }

  private async add(tenant: string, counted: UsageDay): Promise<void> {
    const { store, logger } = this.deps;
    const add = async (stored: JsonObject | undefined): Promise<JsonObject> => {
      const day = UsageDay.parse(stored);
      if (counted.figures.writes > 0 || day.stored === undefined) {
        counted.stored = await store.usage(tenant);
      }
      day.add(counted);
      return day.toJson();
    };
    try {
      if (await addToDay(store.records, DAYS, tenant, this.today(), add)) return;
      logger.warn({ tenant }, 'counts of usage are lost: their record kept changing');
    } catch (err) {
      logger.warn({ err, tenant }, 'counts of usage are lost: the store is away');
    }
  }
}
