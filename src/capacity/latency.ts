import type { Coefficients } from './coefficients.js';
import type { SearchCosts } from './search-cost.js';

export interface Latency {
  p50Ms: number;
  p99Ms: number;
}

/** How busy the processes are, 0 to 1. */
export interface Busy {
  query: number;
  shard: number;
}

/** Of a search of the largest shop, with the waits of half of them: fewer than the mean's, which few long ones make. */
export function latencyOf(
  costs: SearchCosts,
  parts: number,
  busy: Busy,
  of: Coefficients,
): Latency {
  const [largest] = costs.shops;
  if (largest === undefined) return { p50Ms: 0, p99Ms: 0 };
  const search = costs.search(largest, parts);
  const slowest = (asked: number, ms: number): number => ms * (1 + of.spread * Math.log(asked));
  const shardMs =
    of.new_text_share * slowest(search.asked, search.chooseMs) +
    slowest(search.looked, search.lookMs);
  const p50Ms =
    costs.querySearchMs(search) * waiting(busy.query) +
    shardMs * waiting(busy.shard) +
    of.network_ms;
  return { p50Ms, p99Ms: p50Ms * of.tail };
}

/** How many times as long as alone something takes in a process that is busy so much, and does one thing after the other. */
function waiting(busy: number): number {
  return 1 + (busy * busy) / (1 - busy);
}
