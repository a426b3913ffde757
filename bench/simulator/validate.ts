import { setTimeout as sleep } from 'node:timers/promises';
import { firstPartition } from '../../src/placement/partition.js';
import type { TenantPlacement } from '../../src/store/store.js';
import { poissonArrivals } from '../load/arrivals.js';
import type { PacedClock } from '../load/clock.js';
import { LatencyHistogram } from '../load/histogram.js';
import type { NoiseMeter } from '../load/noise.js';
import { runOpenLoop } from '../load/open-loop.js';
import { Random } from '../lib/random.js';
import type { Shop } from '../lib/shop.js';
import { SimulatedCluster } from './cluster.js';
import { explainedSearch, type Stretch, TimesMeter, timesOf } from './measure-times.js';
import { imbalanceOf, runPhases } from './run-phases.js';
import type { ServiceTimes } from './service-times.js';

/** Searches at one rate, on the real cluster or on its model. */
export interface Measured {
  searches: number;
  failed: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers of the busiest shard beside the mean of all. */
  imbalance: number;
}

export interface Validation {
  rate: number;
  real: Measured;
  simulated: Measured;
}

export interface ValidationSpec {
  rate: number;
  /** Of each round, one half a search at a time, one half at the rate. */
  roundMs: number;
  rounds: number;
  seed: number;
  cores: number;
  queryNodes: number;
  /** How long to wait for quiet moments of the machine, in all. */
  patienceMs: number;
}

const MAX_IN_FLIGHT = 512;
const DRAIN_MS = 5_000;
/** What others may take of a machine that counts as quiet, 0 to 1, and how long it is looked at. */
const QUIET_CPU = 0.2;
const LOOK_MS = 500;
/** Of the model: more than the real cluster is measured for, since it costs little. */
const SIMULATED_S = 60;

/** One round: some searches one at a time, then so many a second. */
interface Round {
  stretch: Stretch;
  searches: number;
  failed: number;
  latenciesMs: number[];
  /** Requests that each shard answered. */
  answered: Map<string, number>;
  /** CPU that other processes took, 0 to 1. */
  foreignCpu: number;
}

/** Of the rounds, the part in which others took least of the machine. */
const QUIETEST = 0.5;

/**
 * Measures a real cluster in turns: what parts of a search take, one search at a time; and how it answers
 * at a rate. In turns, since a machine is not the same from minute to minute; by the quieter ones of them.
 */
export async function measureReal(
  shop: Shop,
  clock: PacedClock,
  noise: NoiseMeter,
  spec: ValidationSpec,
): Promise<{ times: ServiceTimes; real: Measured; foreignCpu: number }> {
  const { rate, roundMs } = spec;
  const meter = new TimesMeter(shop.client, () => shop.processes());
  const all: Round[] = [];
  const waiting = { leftMs: spec.patienceMs };
  for (let i = 0; i < spec.rounds; i++) {
    await untilQuiet(noise, waiting);
    const stretch = await meter.measure(roundMs, 1_000 / rate, () => shop.traffic.next(0));
    const loaded = await loadRound(shop, clock, spec, `round ${i}`);
    all.push({ stretch, ...loaded, foreignCpu: (await noise.lap()).foreign_cpu });
  }
  const quiet = all
    .sort((a, b) => a.foreignCpu - b.foreignCpu)
    .slice(0, Math.ceil(QUIETEST * all.length));
  const latency = new LatencyHistogram();
  const answered = new Map<string, number>();
  const real = { searches: 0, failed: 0, p50Ms: 0, p99Ms: 0, imbalance: 1 };
  for (const round of quiet) {
    real.searches += round.searches;
    real.failed += round.failed;
    for (const ms of round.latenciesMs) latency.record(ms);
    for (const [node, count] of round.answered) {
      answered.set(node, (answered.get(node) ?? 0) + count);
    }
  }
  real.p50Ms = latency.percentileMs(50);
  real.p99Ms = latency.percentileMs(99);
  real.imbalance = imbalanceOf([...answered.values()]);
  const groups = groupsOf(await placedOn(shop));
  const rowsPerShard = Math.round(shop.catalogue.products.length / groups.length);
  const times = timesOf(
    quiet.map(({ stretch }) => stretch),
    rowsPerShard,
  );
  const foreignCpu = quiet.reduce((sum, round) => sum + round.foreignCpu, 0) / quiet.length;
  return { times, real, foreignCpu };
}

/** Until others leave most of the machine alone, or patience is over; a lap of the noise meter has just ended then. */
async function untilQuiet(noise: NoiseMeter, waiting: { leftMs: number }): Promise<void> {
  await noise.lap();
  do {
    await sleep(LOOK_MS);
    waiting.leftMs -= LOOK_MS;
  } while ((await noise.lap()).foreign_cpu > QUIET_CPU && waiting.leftMs > 0);
}

async function loadRound(
  { client, traffic }: Shop,
  clock: PacedClock,
  { rate, roundMs, seed }: ValidationSpec,
  name: string,
): Promise<Omit<Round, 'stretch' | 'foreignCpu'>> {
  const latenciesMs: number[] = [];
  const answered = new Map<string, number>();
  const { intended, succeeded } = await runOpenLoop({
    clock,
    arrivals: poissonArrivals(rate, roundMs, new Random(seed, name)),
    ...{ warmupMs: 0, durationMs: roundMs, maxInFlight: MAX_IN_FLIGHT, drainMs: DRAIN_MS },
    send: () => explainedSearch(client, traffic.next(0)),
    onReply: ({ explain }, tookMs) => {
      latenciesMs.push(tookMs);
      for (const { shard } of explain?.shards ?? []) {
        answered.set(shard, (answered.get(shard) ?? 0) + 1);
      }
    },
  });
  return { searches: intended, failed: intended - succeeded, latenciesMs, answered };
}

/** The same at the same rate on a model of the same processes on one machine. */
export async function simulateAlike(
  shop: Shop,
  times: ServiceTimes,
  { rate, seed, cores, queryNodes }: ValidationSpec,
): Promise<Measured> {
  const nodes = await placedOn(shop);
  const placement: TenantPlacement = {
    counter: 1,
    partitions: groupsOf(nodes).map((group, i) => firstPartition(`c${i}`, group)),
  };
  const names = [...new Set(nodes.flat())].sort();
  const cluster = new SimulatedCluster({
    ...{ times, cores, seed, hedging: true, rowsOf: () => times.rowsPerShard },
    sites: names.map((node) => ({ node, host: 'h1', zone: 'z1' })),
    queryHosts: Array.from({ length: queryNodes }, () => 'h1'),
  });
  const next = () => ({ tenant: 'default', placement, text: shop.traffic.next(0) });
  const phases = [
    { name: 'warming up', seconds: 4 },
    { name: 'load', seconds: SIMULATED_S },
  ];
  const run = await runPhases(cluster, phases, { rate, next, seed });
  const { searches, failed, latency, imbalance } = run.phases[1] as (typeof run.phases)[number];
  return { searches, failed, p50Ms: latency.p50_ms, p99Ms: latency.p99_ms, imbalance };
}

/** The nodes of each partition. */
async function placedOn({ client }: Shop): Promise<string[][]> {
  const body = await client.expect('GET', '/admin/cluster?limit=1000');
  const { partitions } = body as { partitions: { replicas: { node: string }[] }[] };
  return partitions.map(({ replicas }) => replicas.map(({ node }) => node).sort());
}

/** Each set of nodes once. */
function groupsOf(nodes: readonly string[][]): string[][] {
  const groups = new Map<string, string[]>();
  for (const group of nodes) groups.set(group.join(), group);
  return [...groups.values()];
}

/** What the model says of what is measured: 1 where they are the same. */
export function ratiosOf({ real, simulated }: Validation) {
  return (['p50Ms', 'p99Ms', 'imbalance'] as const).map((what) => ({
    what,
    real: real[what],
    simulated: simulated[what],
    ratio: simulated[what] / real[what],
  }));
}
