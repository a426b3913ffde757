import type { Busy, Latency } from './latency.js';
import { MEMORY_SHARE, type ShardSize } from './size-shards.js';
import { totalRows, type Workload } from './workload.js';

/** Past it, waits grow faster than the load. */
const BUSY_LIMIT = 0.6;
/** `RANGE_ROWS` as it is unless it is set. */
const USUAL_RANGE_ROWS = 1_000_000;

/** What gives way first as products or searches grow. */
type Weakest = 'shard memory' | 'shard processors' | 'query processors' | 'p99';

export interface Limits {
  failsFirst: Weakest;
  /** How full each is, of what it may be. */
  used: Record<Weakest, number>;
  /** What to do then. */
  grow: string;
  /** With which the fullest process stays near the mean: half a process' rows, at most the default. */
  rangeRows: number;
}

const GROW: Readonly<Record<Weakest, string>> = {
  'shard memory':
    'add a shard node for each replica, or larger ones: parts move to where there is room',
  'shard processors':
    'raise replicas on further shard nodes: each is asked for a share of the searches',
  'query processors': 'add query nodes behind the balancer: they hold nothing and serve at once',
  p99: 'fewer and larger shard processes ask fewer parts; more nodes of both kinds wait less',
};

/** What of a plan is nearest to its end. */
export function limitsOf(
  workload: Workload,
  of: { shard: ShardSize; busy: Busy; latency: Latency; fullestBytes: number },
): Limits {
  const { shard, busy, latency, fullestBytes } = of;
  const used: Record<Weakest, number> = {
    'shard memory': fullestBytes / (shard.machine.memory_bytes * MEMORY_SHARE),
    'shard processors': busy.shard / BUSY_LIMIT,
    'query processors': busy.query / BUSY_LIMIT,
    p99: latency.p99Ms / workload.p99Ms,
  };
  const names = Object.keys(used) as Weakest[];
  const failsFirst = names.reduce((worst, name) => (used[name] > used[worst] ? name : worst));
  const rows = totalRows(workload) / shard.parts;
  const rangeRows = Math.max(100, Math.min(USUAL_RANGE_ROWS, Math.floor(rows / 2)));
  return { failsFirst, used, grow: GROW[failsFirst], rangeRows };
}
