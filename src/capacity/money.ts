import type { MachinePrice, PriceList, Term } from './prices.js';
import type { Workload } from './workload.js';

const HOURS_A_MONTH = 730;
const MONTH_S = HOURS_A_MONTH * 3_600;
const GB = 1e9;
/** Searches come at the rate of the busiest hour for a third of the month's time. */
const MEAN_OF_PEAK = 1 / 3;

/** What is paid for. */
export interface Bought {
  query: { machine: MachinePrice; nodes: number };
  shard: { machine: MachinePrice; nodes: number };
  diskBytes: number;
  networkBytesS: number;
}

/** A month's money, in the list's currency. */
export interface Money extends Record<Term, number> {
  per_qps: number;
  per_tenant: number;
  /** What the managed service of the list would take; null where it has none. */
  managed: number | null;
}

/** Shard nodes are on demand where query nodes are spot: a notice of minutes is too short to fill another. */
export function moneyOf(bought: Bought, workload: Workload, prices: PriceList): Money {
  const rest =
    (bought.diskBytes / GB) * prices.disk_gb_month +
    ((bought.networkBytesS * MEAN_OF_PEAK * MONTH_S) / GB) * prices.network_gb;
  const month = (term: Term): number => {
    const { query, shard } = bought;
    const shardHour = shard.machine.hour[term === 'spot' ? 'on_demand' : term];
    const hours = query.nodes * query.machine.hour[term] + shard.nodes * shardHour;
    return hours * HOURS_A_MONTH + rest;
  };
  const onDemand = month('on_demand');
  return {
    on_demand: onDemand,
    spot: month('spot'),
    one_year: month('one_year'),
    three_years: month('three_years'),
    per_qps: onDemand / Math.max(1, workload.qps),
    per_tenant: onDemand / Math.max(1, workload.tenants.count + (workload.products > 0 ? 1 : 0)),
    managed: managedMonth(bought, workload, prices),
  };
}

function managedMonth({ diskBytes }: Bought, { qps }: Workload, prices: PriceList): number | null {
  if (prices.managed === undefined) return null;
  const { million_searches, gb_month } = prices.managed;
  const searches = qps * MEAN_OF_PEAK * MONTH_S;
  return (searches / 1e6) * million_searches + (diskBytes / GB) * gb_month;
}
