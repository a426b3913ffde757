import { DAY_MS, dayOf } from '../core/days.js';
import type { StoreReader, TenantUsage } from '../store/store.js';
import { tenantRecords } from '../store/tenant-records.js';
import { shareOf, WARNING_SHARE, type PlanBook } from './plan-book.js';
import { shardsOf, STORED_QUOTAS, type Plan } from './plan.js';
import type { TenantDirectory } from './tenant-directory.js';
import type { TenantRecord } from './tenant-record.js';
import { UsageDay } from './usage-day.js';
import { KEPT_USAGE_DAYS, USAGE_KIND, type UsageMeter } from './usage-meter.js';

/** Days over which availability is held against its objective. */
const OBJECTIVE_DAYS = 30;
const GB = 1024 ** 3;
/** Tenants that are read at a time. */
const AT_ONCE = 8;

/** How much of a quota is used. */
interface QuotaUse {
  quota: keyof typeof STORED_QUOTAS;
  used: number;
  most: number;
  /** Of 1. */
  share: number;
  /** From 80 % on. */
  warning: boolean;
}

export interface NamedDay {
  day: string;
  usage: UsageDay;
}

/** What a tenant has, used, pays and costs. */
export interface TenantReport {
  record: TenantRecord;
  plan: Plan;
  stored: TenantUsage;
  quotas: QuotaUse[];
  /** Those asked for that have anything, oldest first. */
  days: NamedDay[];
  /** Of the last 30 days. */
  month: UsageDay;
  /** Undefined where its plan has no price. */
  priceMonth: number | undefined;
  costMonth: number;
}

interface Deps {
  store: Pick<StoreReader, 'records' | 'usage'>;
  tenants: Pick<TenantDirectory, 'list' | 'read'>;
  plans: Pick<PlanBook, 'ofRecord'>;
  meter: Pick<UsageMeter, 'unwritten'>;
  /** What a GB of memory costs a month. */
  costGbMonth: number;
  /** Nodes that hold each product. */
  replicas: number;
  today?: () => Date;
}

/** Reads what the nodes have counted of tenants, this one's unwritten counts included. */
export class UsageReports {
  private readonly today: () => Date;

  constructor(private readonly deps: Deps) {
    this.today = deps.today ?? (() => new Date());
  }

  /** The first and last of the last `days` days. */
  lastDays(days: number): { from: string; to: string } {
    const now = this.today();
    return { from: dayOf(new Date(now.getTime() - (days - 1) * DAY_MS)), to: dayOf(now) };
  }

  /** The first and last day of a month, `2026-11`; without it this month's. */
  month(named?: string): { month: string; from: string; to: string } {
    const month = named ?? dayOf(this.today()).slice(0, 7);
    return { month, from: `${month}-01`, to: `${month}-31` };
  }

  /** Tenants after the one called `after`, by name, with their days `from` to `to`. */
  async page(
    after: string | undefined,
    limit: number,
    days: { from: string; to: string },
  ): Promise<TenantReport[]> {
    const records = await this.deps.tenants.list(after, limit);
    const reports: TenantReport[] = [];
    for (let i = 0; i < records.length; i += AT_ONCE) {
      const some = records.slice(i, i + AT_ONCE);
      reports.push(...(await Promise.all(some.map((record) => this.of(record, days)))));
      // Reads of some stores never leave the turn of the event loop that asks.
      await new Promise(setImmediate);
    }
    return reports;
  }

  /** Undefined where there is no such tenant. */
  async one(tenant: string, days: { from: string; to: string }): Promise<TenantReport | undefined> {
    const record = await this.deps.tenants.read(tenant);
    return record && this.of(record, days);
  }

  private async of(
    record: TenantRecord,
    { from, to }: { from: string; to: string },
  ): Promise<TenantReport> {
    const { store, plans, meter } = this.deps;
    const since = this.lastDays(OBJECTIVE_DAYS).from;
    const first = from < since ? from : since;
    const before = dayOf(new Date(Date.parse(first) - DAY_MS));
    const { id } = record;
    const found = await tenantRecords(store.records, USAGE_KIND, id, before, KEPT_USAGE_DAYS);
    const all = found.map(({ id: day, value }) => ({ day, usage: UsageDay.parse(value) }));
    const unwritten = meter.unwritten(id);
    if (unwritten !== undefined) addTo(all, dayOf(this.today()), unwritten);
    const month = new UsageDay();
    for (const { day, usage } of all) if (day >= since) month.add(usage);
    const stored = month.stored ?? (await store.usage(id));
    const plan = await plans.ofRecord(record);
    const days = all.filter(({ day }) => day >= from && day <= to);
    const costMonth = this.costOf(record, plan, stored);
    const money = { priceMonth: plan.price_month, costMonth };
    return { record, plan, stored, quotas: quotasOf(plan, stored), days, month, ...money };
  }

  /** Shared machines by what it has on them; machines of its own as a whole. */
  private costOf({ deployment }: TenantRecord, plan: Plan, { bytes }: TenantUsage): number {
    const { costGbMonth, replicas } = this.deps;
    const shards = shardsOf(plan);
    const alone = deployment === undefined ? 0 : 1;
    const machines = shards > 0 ? Math.max(shards, replicas) : alone;
    const held = machines > 0 ? machines * (plan.machine_bytes ?? 0) : bytes * replicas;
    return (held / GB) * costGbMonth;
  }
}

function addTo(days: NamedDay[], day: string, usage: UsageDay): void {
  const last = days.at(-1);
  if (last?.day === day) last.usage.add(usage);
  else {
    const alone = new UsageDay();
    alone.add(usage);
    days.push({ day, usage: alone });
  }
}

function quotasOf(plan: Plan, stored: TenantUsage): QuotaUse[] {
  return (Object.keys(STORED_QUOTAS) as QuotaUse['quota'][]).flatMap((quota) => {
    const most = plan[quota];
    const used = stored[STORED_QUOTAS[quota]];
    const share = shareOf(used, most);
    if (most === undefined || share === undefined) return [];
    return [{ quota, used, most, share, warning: share >= WARNING_SHARE }];
  });
}
