import { poissonArrivals } from '../load/arrivals.js';
import { LatencyHistogram, type Percentiles } from '../load/histogram.js';
import { Random } from '../lib/random.js';
import type { SimulatedCluster } from './cluster.js';
import type { Ended, Question } from './query-node.js';

/** What is done to a cluster at the beginning of a phase, and at its end. */
export interface Phase {
  name: string;
  seconds: number;
  begin?: (cluster: SimulatedCluster) => void;
  end?: (cluster: SimulatedCluster) => void;
}

/** What the searches of one phase came to: those that began in it, whenever they ended. */
export interface PhaseResult {
  name: string;
  seconds: number;
  searches: number;
  failed: number;
  partial: number;
  latency: Percentiles;
  /** Requests to shards; and further ones for a hedge, a failure, a node that hangs, each as a share of them. */
  calls: number;
  hedgeShare: number;
  retryShare: number;
  moveShare: number;
  /** Requests that each shard answered. */
  answered: number[];
  /** The busiest of the shards that answered anything, beside their mean. */
  imbalance: number;
}

/** Latencies of searches that began in one stretch of time. */
export interface Window {
  atS: number;
  p50Ms: number;
  p99Ms: number;
}

export interface LoadSpec {
  /** Searches a second. */
  rate: number;
  /** A further search; called in the order of arrivals. */
  next: () => Question;
  seed: number;
}

const WINDOW_MS = 500;
/** After the last phase: no search takes longer. */
const DRAIN_MS = 5_000;

/** Has shoppers search at a steady rate, open loop, while one phase follows the other. */
export async function runPhases(
  cluster: SimulatedCluster,
  phases: readonly Phase[],
  load: LoadSpec,
  onPhase: (name: string) => void = () => undefined,
): Promise<{ phases: PhaseResult[]; windows: Window[] }> {
  const windows: LatencyHistogram[] = [];
  const results: (() => PhaseResult)[] = [];
  for (const phase of phases) {
    onPhase(phase.name);
    results.push(await runPhase(cluster, phase, load, windows));
  }
  await cluster.clock.run(cluster.clock.now() + DRAIN_MS);
  return {
    phases: results.map((result) => result()),
    windows: windows.map((histogram, i) => ({
      atS: ((i + 0.5) * WINDOW_MS) / 1_000,
      p50Ms: histogram.percentileMs(50),
      p99Ms: histogram.percentileMs(99),
    })),
  };
}

/** Ends with the phase; what it returns is to be called when all its searches have ended. */
async function runPhase(
  cluster: SimulatedCluster,
  { name, seconds, begin, end }: Phase,
  { rate, next, seed }: LoadSpec,
  windows: LatencyHistogram[],
): Promise<() => PhaseResult> {
  const { clock, queryNodes } = cluster;
  const startMs = clock.now();
  const latency = new LatencyHistogram();
  const tally = { searches: 0, failed: 0, partial: 0 };
  const balancer = new Random(seed, `balancer, ${name}`);
  const noted = (startedMs: number, ended: Ended): void => {
    if (ended.hasFailed) tally.failed += 1;
    else if (ended.isPartial) tally.partial += 1;
    latency.record(ended.tookMs);
    const window = Math.floor(startedMs / WINDOW_MS);
    (windows[window] ??= new LatencyHistogram()).record(ended.tookMs);
  };
  const arrivals = poissonArrivals(rate, seconds * 1_000, new Random(seed, name))[
    Symbol.iterator
  ]();
  const arrive = (): void => {
    const step = arrivals.next();
    if (step.done === true) return;
    const atMs = startMs + step.value;
    clock.after(atMs - clock.now(), () => {
      tally.searches += 1;
      void balancer
        .pick(queryNodes)
        .search(next())
        .then((ended) => noted(atMs, ended));
      arrive();
    });
  };
  const [answeredBefore, countsBefore] = [cluster.answered(), cluster.counts];
  begin?.(cluster);
  arrive();
  await clock.run(startMs + seconds * 1_000);
  end?.(cluster);
  const [answeredAfter, counts] = [cluster.answered(), cluster.counts];
  const answered = answeredAfter.map((count, i) => count - (answeredBefore[i] ?? 0));
  const calls = counts.calls - countsBefore.calls;
  const share = (key: 'hedges' | 'retries' | 'moves'): number =>
    calls === 0 ? 0 : (counts[key] - countsBefore[key]) / calls;
  return () => ({
    ...{ name, seconds, ...tally, latency: latency.summary(), calls, answered },
    ...{ hedgeShare: share('hedges'), retryShare: share('retries'), moveShare: share('moves') },
    imbalance: imbalanceOf(answered),
  });
}

/** The most beside the mean, of those that have anything. */
export function imbalanceOf(counts: readonly number[]): number {
  const busy = counts.filter((count) => count > 0);
  const mean = busy.reduce((sum, count) => sum + count, 0) / busy.length;
  return busy.length === 0 ? 1 : Math.max(...busy) / mean;
}
