import { boundedCache } from '../core/bounded-cache.js';
import type { Logger } from '../core/logger.js';
import type { JsonObject } from '../core/product.js';
import type { RecordStore } from '../store/record-store.js';
import { addToDay, type TenantDays } from '../store/tenant-days.js';
import { KEPT_DAYS, QUERIES_KIND } from './query-days.js';
import { QueryCounts, type QueryFigures } from './query-counts.js';
import { intentOf, intentOfQuery } from './query-id.js';
import { TypedQueries, type AnsweredQuery } from './typed-queries.js';

/** What a shopper did with what a search found. */
export interface ShopEvent {
  type: 'click' | 'cart' | 'purchase';
  queryId: string;
  /** Of the product. */
  id: string;
  /** Of the hit, from 1. */
  position?: number | undefined;
}

/** How long counts stay in this process; a crash loses so much of them. */
const FLUSH_MS = 5_000;
const MAX_TENANTS = 10_000;
/** Events are told apart by query and kind among so many of the latest: a second click is none. */
const MAX_SEEN = 100_000;
const DAYS: TenantDays = { kind: QUERIES_KIND, keptDays: KEPT_DAYS, attempts: 5 };
/** Tenants that are written at a time. */
const AT_ONCE = 4;

const FIGURE_OF = { click: 'clicked', cart: 'carted', purchase: 'purchased' } as const;

/** What is counted of a tenant. */
class Open {
  counts = new QueryCounts();
  readonly typed = new TypedQueries((query) => count(this.counts, query));
}

export interface QueryLogDeps {
  records: RecordStore;
  logger: Logger;
  /** Monotonic, milliseconds. */
  now?: () => number;
  today?: () => Date;
}

/**
 * Counts what shoppers ask for and what they do with the answers: in memory, and every few seconds added to
 * the store's record of the tenant's day. Costs nothing while nobody searches.
 */
export class QueryLog {
  private open = new Map<string, Open>();
  private readonly seen = boundedCache<true>({ max: MAX_SEEN });
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();
  private closed = false;
  private readonly now: () => number;
  private readonly today: () => Date;

  constructor(private readonly deps: QueryLogDeps) {
    this.now = deps.now ?? (() => performance.now());
    this.today = deps.today ?? (() => new Date());
  }

  /** A search was answered. Those of more tenants than are kept at a time are not counted. */
  answered(tenant: string, query: AnsweredQuery): void {
    this.openFor(tenant)?.typed.add(query, this.now());
  }

  /** Counts an event of a known tenant. */
  happened(tenant: string, { type, queryId, position }: ShopEvent): void {
    const intent = intentOfQuery(queryId);
    const open = intent === undefined ? undefined : this.openFor(tenant);
    if (intent === undefined || open === undefined) return;
    for (const { text } of open.typed.pending())
      if (intentOf(text) === intent) open.typed.meant(text);
    const figures: Partial<QueryFigures> = {};
    const key = `${tenant}\n${queryId}\n${type}`;
    if (!this.seen.has(key)) {
      this.seen.set(key, true);
      figures[FIGURE_OF[type]] = 1;
    }
    if (type === 'click' && position !== undefined) {
      figures.positioned = 1;
      figures.positions = position;
    }
    open.counts.add(intent, '', figures);
  }

  /** What this process has counted of a tenant and not written yet, what is being typed included. */
  unwritten(tenant: string): QueryCounts {
    const counts = new QueryCounts();
    const open = this.open.get(tenant);
    if (open === undefined) return counts;
    open.typed.settle(this.now());
    counts.merge(open.counts);
    for (const query of open.typed.pending()) count(counts, query);
    return counts;
  }

  /** Writes what is settled; with `all` what is being typed as well. Never rejects. */
  flush(all = false): Promise<void> {
    this.flushing = this.flushing.then(() => this.write(all));
    return this.flushing;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.flush(true);
  }

  private openFor(tenant: string): Open | undefined {
    if (this.closed) return undefined;
    let open = this.open.get(tenant);
    if (open === undefined) {
      if (this.open.size >= MAX_TENANTS) return undefined;
      open = new Open();
      this.open.set(tenant, open);
    }
    this.arm();
    return open;
  }

  private arm(): void {
    if (this.timer !== undefined || this.closed) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, FLUSH_MS);
    this.timer.unref();
  }

  private async write(all: boolean): Promise<void> {
    const due: [string, QueryCounts][] = [];
    for (const [tenant, open] of this.open) {
      open.typed.settle(all ? Infinity : this.now());
      if (!open.counts.isEmpty) due.push([tenant, open.counts]);
      open.counts = new QueryCounts();
      if (open.typed.size === 0) this.open.delete(tenant);
    }
    if (this.open.size > 0) this.arm();
    const left = due.values();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const [tenant, counts] of left) await this.add(tenant, counts);
      }),
    );
  }

  private async add(tenant: string, counts: QueryCounts): Promise<void> {
    const { records, logger } = this.deps;
    const add = (stored: JsonObject | undefined): JsonObject => {
      const sum = QueryCounts.parse(stored);
      sum.merge(counts);
      return sum.toJson();
    };
    try {
      if (await addToDay(records, DAYS, tenant, this.today(), add)) return;
      logger.warn({ tenant }, 'counts of queries are lost: their record kept changing');
    } catch (err) {
      logger.warn({ err, tenant }, 'counts of queries are lost: the store is away');
    }
  }
}

function count(counts: QueryCounts, { text, total }: AnsweredQuery): void {
  counts.add(intentOf(text), text.trim(), { searches: 1, empty: total === 0 ? 1 : 0 });
}
