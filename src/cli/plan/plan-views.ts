import type { Plan } from '../../capacity/plan-cluster.js';
import { TERMS, type PriceList } from '../../capacity/prices.js';
import type { Workload } from '../../capacity/workload.js';

/** A plan as `--json` prints it; sizes in bytes, times in milliseconds, money a month. */
export function planJson(plan: Plan): Record<string, unknown> {
  const { query, shard, memoryBytes, diskBytes, latency, limits, money } = plan;
  return {
    query_nodes: query.nodes,
    shard_nodes: shard.nodes,
    memory_bytes: Math.round(memoryBytes.query + memoryBytes.shard),
    disk_bytes: Math.round(diskBytes.shard + diskBytes.store),
    p99_ms: rounded(latency.p99Ms),
    cost_month: rounded(money.on_demand),
    p50_ms: rounded(latency.p50Ms),
    network_bytes_s: Math.round(plan.networkBytesS),
    within_p99: plan.isInTime,
    query_machine: query.machine.name,
    shard_machine: shard.machine.name,
    processes_per_shard_node: shard.processes,
    replicas: shard.replicas,
    range_rows: limits.rangeRows,
    shard_memory_bytes: Math.round(memoryBytes.shard),
    query_memory_bytes: Math.round(memoryBytes.query),
    shard_disk_bytes: Math.round(diskBytes.shard),
    store_disk_bytes: Math.round(diskBytes.store),
    fails_first: limits.failsFirst,
    used: limits.used,
    grow: limits.grow,
    cost: money,
  };
}

/** A plan as a table for people. */
export function planRows(plan: Plan, workload: Workload, prices: PriceList): string[][] {
  const { query, shard, memoryBytes, diskBytes, latency, limits, money } = plan;
  const terms = TERMS.map((term) => `${term.replace('_', ' ')} ${amount(money[term])}`);
  const rows: [string, string][] = [
    ['query nodes', `${query.nodes} x ${query.machine.name}`],
    ['shard nodes', `${shard.nodes} x ${shard.machine.name}`],
    ['processes a node', `${shard.processes}`],
    ['copies', `${shard.replicas} of ${shard.parts} parts`],
    ['RANGE_ROWS', `${limits.rangeRows}`],
    ['memory of shards', gigabytes(memoryBytes.shard)],
    ['memory of queries', gigabytes(memoryBytes.query)],
    ['disk of shards', gigabytes(diskBytes.shard)],
    ['disk of the store', `${gigabytes(diskBytes.store)} a member`],
    ['network', `${(plan.networkBytesS / 1e6).toFixed(1)} MB/s`],
    ['p50, p99', `${latency.p50Ms.toFixed(1)}, ${latency.p99Ms.toFixed(0)} ms`],
    ['fails first', limits.failsFirst],
    ...Object.entries(limits.used).map(([what, share]): [string, string] => [
      `  ${what}`,
      `${(share * 100).toFixed(0)} %`,
    ]),
    ...terms.map((term, i): [string, string] => [
      i === 0 ? `${prices.currency} a month` : '',
      term,
    ]),
    ['a search a second', money.per_qps.toFixed(2)],
    ...(workload.tenants.count > 0
      ? [['a tenant', money.per_tenant.toFixed(2)] as [string, string]]
      : []),
    ...(money.managed === null || prices.managed === undefined
      ? []
      : [[prices.managed.name, amount(money.managed)] as [string, string]]),
    ['prices', `of ${prices.as_of}`],
  ];
  return rows;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function amount(money: number): string {
  return money.toFixed(0);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
