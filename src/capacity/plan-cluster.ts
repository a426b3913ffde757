import type { Coefficients } from './coefficients.js';
import { fileRowBytes, storeRowBytes } from './data-size.js';
import { latencyOf, type Latency } from './latency.js';
import { limitsOf, type Limits } from './limits.js';
import { moneyOf, type Money } from './money.js';
import type { MachinePrice, PriceList } from './prices.js';
import { SearchCosts } from './search-cost.js';
import { queryNodeBytes, querySize, type QuerySize } from './size-queries.js';
import { nodeBytes, processCounts, shardSizes, type ShardSize } from './size-shards.js';
import { totalRows, type Workload } from './workload.js';

/** How busy processes may be: the busier, the fewer machines and the longer the waits. */
const BUSY = [0.6, 0.5, 0.4, 0.3, 0.2, 0.1];
const MOST_NODES = 20_000;

/** Machines for a workload, and what is expected of them. */
export interface Plan {
  query: QuerySize;
  shard: ShardSize;
  memoryBytes: { query: number; shard: number };
  diskBytes: { shard: number; store: number };
  networkBytesS: number;
  latency: Latency;
  limits: Limits;
  money: Money;
  isInTime: boolean;
}

interface Choice {
  query: QuerySize;
  shard: ShardSize;
  price: number;
}

/** The cheapest plan that answers in time; without one, the cheapest that carries the load; undefined where no machine can hold it. */
export function planCluster(
  workload: Workload,
  machines: readonly MachinePrice[],
  prices: PriceList,
  of: Coefficients,
): Plan | undefined {
  const costs = new SearchCosts(workload, of);
  const inTime = cheapest(workload, machines, costs, of, workload.p99Ms);
  const choice = inTime ?? cheapest(workload, machines, costs, of, Infinity);
  if (choice === undefined) return undefined;
  return describe(choice, workload, prices, costs, of);
}

function cheapest(
  workload: Workload,
  machines: readonly MachinePrice[],
  costs: SearchCosts,
  of: Coefficients,
  p99Ms: number,
): Choice | undefined {
  const hasSpare = workload.replicas > 1 || workload.availability > of.node_availability;
  let best: Choice | undefined;
  for (const busy of p99Ms === Infinity ? BUSY.slice(0, 1) : BUSY) {
    const isInTime = (parts: number): boolean =>
      latencyOf(costs, parts, { query: busy, shard: busy }, of).p99Ms <= p99Ms;
    for (const kind of machines.flatMap(kindsOf)) {
      const hour = kind.machine.hour.on_demand;
      const mostNodes = (): number => Math.min(MOST_NODES, (best?.price ?? Infinity) / hour);
      for (const shard of shardSizes(workload, costs, kind, of, { busy, isInTime, mostNodes })) {
        const cores = costs.queryCores(shard.parts);
        const query = querySize(cores, machines, of, { busy, hasSpare });
        if (query === undefined) return undefined;
        const price = shard.nodes * hour + query.nodes * query.machine.hour.on_demand;
        if (best === undefined || price < best.price) best = { query, shard, price };
      }
    }
  }
  return best;
}

function kindsOf(machine: MachinePrice): Pick<ShardSize, 'machine' | 'processes'>[] {
  return processCounts(machine).map((processes) => ({ machine, processes }));
}

function describe(
  { query, shard }: Choice,
  workload: Workload,
  prices: PriceList,
  costs: SearchCosts,
  of: Coefficients,
): Plan {
  const rows = totalRows(workload);
  const busy = {
    query: costs.queryCores(shard.parts) / (query.nodes * query.machine.cores),
    shard: (costs.shardCores(shard.parts) * of.imbalance) / (shard.nodes * shard.processes),
  };
  const latency = latencyOf(costs, shard.parts, busy, of);
  const diskBytes = {
    shard: rows * fileRowBytes(workload, shard.parts, of) * shard.replicas,
    store: rows * storeRowBytes(workload.dimensions, of),
  };
  const networkBytesS = costs.networkBytes(shard.parts);
  const bought = {
    ...{ query, shard, networkBytesS },
    diskBytes: diskBytes.shard + diskBytes.store,
  };
  const fullestBytes = nodeBytes(workload, shard, of, of.imbalance);
  return {
    ...{ query, shard, diskBytes, networkBytesS, latency },
    memoryBytes: {
      query: query.nodes * query.machine.cores * queryNodeBytes(of),
      shard: shard.nodes * nodeBytes(workload, shard, of),
    },
    limits: limitsOf(workload, { shard, busy, latency, fullestBytes }),
    money: moneyOf(bought, workload, prices),
    isInTime: latency.p99Ms <= workload.p99Ms,
  };
}
