import type { NamedDay, TenantReport } from '../tenancy/usage-report.js';
import { DEFAULT_OBJECTIVE } from '../tenancy/plan.js';
import type { UsageDay } from '../tenancy/usage-day.js';
import { rounded } from './rounded.js';

/** What a tenant has, used, pays and costs. */
export function usageBody(report: TenantReport): object {
  const { record, stored, quotas, days, month, plan } = report;
  const { objective = DEFAULT_OBJECTIVE } = plan;
  const { availability, p95Ms } = month;
  const warnings = quotas.flatMap(({ warning, quota }) => (warning ? [quota] : []));
  return {
    tenant: record.id,
    state: record.state,
    plan: record.plan ?? null,
    stored,
    quotas: quotas.map(({ quota, used, most, share }) => {
      return { quota, used, most, share: rounded(share) };
    }),
    warnings,
    ...moneyBody(report),
    availability: availability === undefined ? null : shareText(availability),
    objective,
    meets_objective: availability === undefined || availability >= objective,
    p95_ms: p95Ms === undefined ? null : rounded(p95Ms),
    days: days.map(dayBody),
  };
}

/** What it pays and costs a month. */
export function moneyBody({ priceMonth, costMonth }: TenantReport): object {
  const margin = priceMonth === undefined ? null : rounded(priceMonth - costMonth);
  return {
    price_month: priceMonth ?? null,
    cost_month: rounded(costMonth),
    margin_month: margin,
  };
}

function dayBody({ day, usage }: NamedDay): object {
  const { figures, stored, availability, p95Ms } = usage;
  return {
    day,
    ...figures,
    products: stored?.products ?? null,
    bytes: stored?.bytes ?? null,
    availability: availability === undefined ? null : shareText(availability),
    p95_ms: p95Ms === undefined ? null : rounded(p95Ms),
  };
}

/** Six digits: an objective of 99.9 % is told from 99.95 %. */
function shareText(share: number): number {
  return Math.floor(share * 1e6) / 1e6;
}

const COLUMNS = 'month,tenant,plan,item,quantity,unit,amount';

/** Lines of invoices for a month: what a plan costs, then what was used of it. Names have no commas or quotes. */
export async function* invoiceLines(
  month: string,
  pages: AsyncIterable<readonly TenantReport[]> | Iterable<readonly TenantReport[]>,
): AsyncGenerator<string> {
  yield `${COLUMNS}\r\n`;
  for await (const page of pages) yield page.map((report) => linesOf(month, report)).join('');
}

function linesOf(month: string, { record, plan, days, stored }: TenantReport): string {
  const sum = (of: (usage: UsageDay) => number): number =>
    days.reduce((total, { usage }) => total + of(usage), 0);
  const seen = days.flatMap(({ usage }) => usage.stored?.bytes ?? []);
  // Of a month in which nothing happened it has what it has now, as far as is known.
  const most = seen.length === 0 ? stored.bytes : Math.max(...seen);
  const items: [item: string, quantity: number, unit: string, amount: number][] = [
    ['plan', 1, 'month', plan.price_month ?? 0],
    ['searches', sum(({ figures }) => figures.searches), 'searches', 0],
    ['writes', sum(({ figures }) => figures.writes), 'products', 0],
    ['embeds', sum(({ figures }) => figures.embeds), 'texts', 0],
    ['stored', most, 'bytes', 0],
  ];
  const start = `${month},${record.id},${record.plan ?? ''}`;
  return items
    .map((item) => `${start},${item.slice(0, 3).join(',')},${item[3].toFixed(2)}\r\n`)
    .join('');
}
