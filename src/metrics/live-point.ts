import { quantile, type Histogram } from '../core/histogram.js';
import { STAGES, type Stage, type StageTimes } from '../core/stage-times.js';
import { OUTCOMES, type SearchFigures, type SearchOutcome } from './search-metrics.js';

/** What was found again in a cache, and what was not, since the start. */
export interface CacheCounts {
  hits: number;
  misses: number;
}

/** What a process counts anyway. */
export interface LiveSources {
  searches: { figures(): SearchFigures };
  stages: StageTimes;
  /** By name. */
  caches: () => Readonly<Record<string, CacheCounts>>;
}

/** Values by bucket, and their sum. */
interface Counted {
  bounds: readonly number[];
  counts: Float64Array;
  sum: number;
}

/** All counts at one moment. */
export interface Reading {
  outcomes: Readonly<Record<SearchOutcome, number>>;
  milliseconds: Counted;
  stages: Readonly<Record<Stage, Counted>>;
  caches: Readonly<Record<string, CacheCounts>>;
}

/** What passed a stage, and how long that took; null where nothing did. */
interface StagePoint {
  count: number;
  meanMs: number | null;
  p95Ms: number | null;
}

/** What happened between two readings. */
export interface LivePoint {
  /** When it ended, epoch ms. */
  atMs: number;
  seconds: number;
  outcomes: Record<SearchOutcome, number>;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  stages: Record<Stage, StagePoint>;
  caches: Record<string, CacheCounts>;
}

export function readNow({ searches, stages, caches }: LiveSources): Reading {
  const { outcomes, milliseconds } = searches.figures();
  return {
    outcomes,
    milliseconds: copied(milliseconds),
    stages: perStage((stage) => copied(stages.histograms[stage])),
    caches: caches(),
  };
}

/** @param seconds from the one to the other */
export function pointBetween(
  before: Reading,
  after: Reading,
  atMs: number,
  seconds: number,
): LivePoint {
  const took = bucketsBetween(before.milliseconds, after.milliseconds);
  const outcomes = OUTCOMES.map((outcome) => [
    outcome,
    after.outcomes[outcome] - before.outcomes[outcome],
  ]);
  return {
    ...{ atMs, seconds },
    outcomes: Object.fromEntries(outcomes) as LivePoint['outcomes'],
    p50Ms: quantile(0.5, took),
    p95Ms: quantile(0.95, took),
    p99Ms: quantile(0.99, took),
    stages: perStage((stage) => stageBetween(before.stages[stage], after.stages[stage])),
    caches: cachesBetween(before.caches, after.caches),
  };
}

function stageBetween(before: Counted, after: Counted): StagePoint {
  const took = bucketsBetween(before, after);
  const count = took.at(-1)?.[1] ?? 0;
  const p95 = quantile(0.95, took);
  return {
    count,
    meanMs: count === 0 ? null : ((after.sum - before.sum) / count) * 1_000,
    p95Ms: p95 === null ? null : p95 * 1_000,
  };
}

/** One that was not there before counts from nothing. */
function cachesBetween(
  before: Reading['caches'],
  after: Reading['caches'],
): Record<string, CacheCounts> {
  return Object.fromEntries(
    Object.entries(after).map(([name, { hits, misses }]) => {
      const { hits: hit = 0, misses: missed = 0 } = before[name] ?? {};
      return [name, { hits: hits - hit, misses: misses - missed }];
    }),
  );
}

function bucketsBetween(before: Counted, after: Counted): [bound: number, count: number][] {
  let below = 0;
  return Array.from(after.counts, (count, i) => {
    below += count - (before.counts[i] ?? 0);
    return [after.bounds[i] ?? Infinity, below];
  });
}

function copied({ bounds, counts, sum }: Histogram): Counted {
  return { bounds, counts: counts.slice(), sum };
}

function perStage<T>(of: (stage: Stage) => T): Record<Stage, T> {
  return Object.fromEntries(STAGES.map((stage) => [stage, of(stage)])) as Record<Stage, T>;
}
