import { LRUCache } from 'lru-cache';
import { DAY_MS, dayOf } from '../core/days.js';
import { sharedJson, type SharedValues } from '../core/shared-values.js';
import { TENANT_KIND, type RecordReader } from '../store/record-store.js';
import { tenantRecords } from '../store/tenant-records.js';
import { QueryCounts } from './query-counts.js';

/** Kind of the records that hold a tenant's counts of one day. */
export const QUERIES_KIND = 'queries';
/** Older days are forgotten. */
export const KEPT_DAYS = 90;
/** How old a node's view of what is written may be. */
const MAX_AGE_MS = 5_000;
const MAX_KEPT = 200;
const TOP_DAYS = 30;
/** Today, and the day to which late counts may still be added: read each time. */
const OPEN_DAYS = 2;

export interface UnwrittenCounts {
  unwritten(tenant: string): QueryCounts;
}

/** What a tenant's shoppers asked for in the last days, as the store and this node know it. */
export class QueryDays {
  private readonly kept: LRUCache<string, Promise<QueryCounts>>;

  constructor(
    private readonly records: RecordReader,
    private readonly log: UnwrittenCounts,
    private readonly today: () => Date = () => new Date(),
    private readonly shared?: SharedValues | undefined,
  ) {
    this.kept = new LRUCache({ max: MAX_KEPT, ttl: MAX_AGE_MS });
  }

  /** The sum of the last `days`, today among them; not to be changed. Rejects `unavailable` where the store is away. */
  async of(tenant: string, days: number): Promise<QueryCounts> {
    const key = `${tenant}\n${days}`;
    let written = this.kept.get(key);
    if (written === undefined) {
      written = this.read(tenant, days);
      this.kept.set(key, written);
      written.catch(() => this.kept.delete(key));
    }
    const unwritten = this.log.unwritten(tenant);
    if (unwritten.isEmpty) return written;
    const counts = new QueryCounts();
    counts.merge(await written);
    counts.merge(unwritten);
    return counts;
  }

  /** The texts that were asked for most in the last month, most often first. */
  async top(tenant: string, limit: number): Promise<string[]> {
    const counts = await this.of(tenant, TOP_DAYS);
    const asked = [...counts.queries()].filter(({ text }) => text !== '');
    asked.sort((a, b) => b.searches - a.searches || (a.text < b.text ? -1 : 1));
    return asked.slice(0, limit).map(({ text }) => text);
  }

  private async read(tenant: string, days: number): Promise<QueryCounts> {
    if (this.shared === undefined || days <= OPEN_DAYS) return this.sum(tenant, days, 0);
    const [past, open] = await Promise.all([
      this.past(this.shared, tenant, days),
      this.sum(tenant, OPEN_DAYS, 0),
    ]);
    past.merge(open);
    return past;
  }

  /** The days that are over, whose sum nodes share. */
  private async past(shared: SharedValues, tenant: string, days: number): Promise<QueryCounts> {
    // A tenant that was dropped and came again has its name only.
    const record = await this.records.get(TENANT_KIND, tenant);
    const born = record?.value['created_at'];
    const key = JSON.stringify([tenant, born, dayOf(this.today()), days]);
    const known = await sharedJson(shared, key);
    if (known !== undefined) return QueryCounts.parse(known);
    const counts = await this.sum(tenant, days, OPEN_DAYS);
    shared.set(key, Buffer.from(JSON.stringify(counts.toJson())));
    return counts;
  }

  /** Of the last `days` all but the last `without`. */
  private async sum(tenant: string, days: number, without: number): Promise<QueryCounts> {
    const dayBefore = (ago: number): string =>
      dayOf(new Date(this.today().getTime() - ago * DAY_MS));
    const counts = new QueryCounts();
    const [after, last] = [dayBefore(days), dayBefore(without)];
    for (const { id, value } of await tenantRecords(
      this.records,
      QUERIES_KIND,
      tenant,
      after,
      days,
    )) {
      if (id <= last) counts.merge(QueryCounts.parse(value));
    }
    return counts;
  }
}
