import { DAY_MS, dayOf } from '../core/days.js';
import type { Logger } from '../core/logger.js';
import { backOff } from '../core/retry.js';
import type { Store } from '../store/store.js';
import { tenantRecordId, tenantRecords } from '../store/tenant-records.js';
import { UsageDay, type UsageFigures } from './usage-day.js';

/** Kind of the records that hold what a tenant used on one day. */
export const USAGE_KIND = 'usage';
/** Older days are forgotten. */
export const KEPT_USAGE_DAYS = 400;
/** How long counts stay in this process; a crash loses so much of them. */
const FLUSH_MS = 10_000;
const MAX_TENANTS = 20_000;
const MAX_ATTEMPTS = 8;
const RETRY_BASE_MS = 20;
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
    const { records } = store;
    const today = this.today();
    const id = tenantRecordId(tenant, dayOf(today));
    try {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const found = await records.get(USAGE_KIND, id);
        const day = UsageDay.parse(found?.value);
        if (counted.figures.writes > 0 || day.stored === undefined) {
          counted.stored = await store.usage(tenant);
        }
        day.add(counted);
        if (await records.put(USAGE_KIND, id, day.toJson(), found?.revision ?? 0)) {
          if (found === undefined) await this.forgetOld(tenant, today);
          return;
        }
        await backOff(attempt, RETRY_BASE_MS);
      }
      logger.warn({ tenant }, 'counts of usage are lost: their record kept changing');
    } catch (err) {
      logger.warn({ err, tenant }, 'counts of usage are lost: the store is away');
    }
  }

  /** The first of a day pays for the days that are too old. */
  private async forgetOld(tenant: string, today: Date): Promise<void> {
    const { records } = this.deps.store;
    const end = dayOf(new Date(today.getTime() - KEPT_USAGE_DAYS * DAY_MS));
    const oldest = await tenantRecords(records, USAGE_KIND, tenant, undefined, KEPT_USAGE_DAYS);
    for (const { id, revision } of oldest) {
      if (id < end) await records.remove(USAGE_KIND, tenantRecordId(tenant, id), revision);
    }
  }
}
