import { firstPartition } from '../../src/placement/partition.js';
import { Random } from '../lib/random.js';
import { SimulatedCluster } from './cluster.js';
import type { Look } from './replay.js';
import { runPhases } from './run-phases.js';
import type { ServiceTimes } from './service-times.js';
import { HOUR_MS } from './shop-day.js';

/** As many nodes as a policy had at a time, and what they were asked. */
export interface Moment {
  /** Hour and minute. */
  at: string;
  qps: number;
  nodes: number;
}

/** In the night, as load rises, in both sales of `shopDay`, between and after them. */
const AT_HOURS = [3, 8, 10, 12.1, 12.5, 16, 19, 20.2, 20.4, 22];
const PARTS = 2;
const NEW_TEXT_SHARE = 0.42;
const WARM_UP_S = 2;
const SECONDS = 4;

/** Of a day that was replayed. */
export function momentsOf(looks: readonly Look[]): Moment[] {
  return AT_HOURS.flatMap((hour) => {
    const look = looks.findLast(({ atMs }) => atMs <= hour * HOUR_MS);
    if (look === undefined) return [];
    const minute = Math.round((hour % 1) * 60);
    const at = `${String(Math.floor(hour)).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
    return [{ at, qps: Math.round(look.qps), nodes: look.nodes }];
  });
}

/** A few seconds of it: query nodes of a core each, and shards enough for them. */
export async function simulateMoment(
  { qps, nodes }: Moment,
  times: ServiceTimes,
  seed: number,
): Promise<{ p50Ms: number; p99Ms: number; failed: number }> {
  const groups = Array.from({ length: PARTS }, (_, part) =>
    Array.from({ length: 2 * nodes }, (_, i) => `p${part}s${i}`),
  );
  const placement = {
    counter: 1,
    partitions: groups.map((group, i) => firstPartition(`c${i}`, group)),
  };
  const cluster = new SimulatedCluster({
    ...{ times, cores: 1, seed, hedging: true, rowsOf: () => times.rowsPerShard },
    sites: groups.flat().map((node) => ({ node, host: node, zone: 'z1' })),
    queryHosts: Array.from({ length: nodes }, (_, i) => `q${i}`),
  });
  const random = new Random(seed, 'texts');
  let texts = 0;
  const next = () => {
    const text = random.next() < NEW_TEXT_SHARE ? `new${texts++}` : 'known';
    return { tenant: 'default', placement, text };
  };
  const phases = [
    { name: 'warming up', seconds: WARM_UP_S },
    { name: 'load', seconds: SECONDS },
  ];
  const run = await runPhases(cluster, phases, { rate: qps, next, seed });
  const { latency, failed } = run.phases[1] as (typeof run.phases)[number];
  return { p50Ms: latency.p50_ms, p99Ms: latency.p99_ms, failed };
}
