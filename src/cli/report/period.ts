import { quantile } from '../../core/histogram.js';
import type { Snapshot } from './snapshot.js';

/** Of one node, on the average of the time that snapshots cover. */
export interface Period {
  /** Covered by two snapshots of one process. */
  hours: number;
  p95Ms: number | null;
  searchesPerS: number | null;
  errorShare: number | null;
  /** Processors in use. */
  cpu: number | null;
  /** The most that was seen. */
  memoryBytes: number | null;
}

/** What lies between two snapshots of one process. */
interface Span {
  seconds: number;
  before: Snapshot;
  after: Snapshot;
}

/** The figures of the snapshots from a time until another. Its counts are those between each two of one process. */
export function periodOf(snapshots: readonly Snapshot[], fromMs: number, untilMs: number): Period {
  const within = snapshots.filter(({ at }) => {
    const ms = Date.parse(at);
    return ms >= fromMs && ms < untilMs;
  });
  const spans = spansOf(within);
  const sum = (of: (snapshot: Snapshot) => number): number =>
    spans.reduce((all, { before, after }) => all + of(after) - of(before), 0);
  const seconds = spans.reduce((all, span) => all + span.seconds, 0);
  const searches = sum(({ searches: count }) => count);
  return {
    hours: seconds / 3_600,
    p95Ms: quantile(0.95, bucketsOf(spans)),
    searchesPerS: share(searches, seconds),
    errorShare: share(
      sum(({ errors }) => errors),
      searches,
    ),
    cpu: share(
      sum(({ cpuSeconds }) => cpuSeconds),
      seconds,
    ),
    memoryBytes:
      within.length === 0 ? null : Math.max(...within.map(({ memoryBytes }) => memoryBytes)),
  };
}

function spansOf(snapshots: readonly Snapshot[]): Span[] {
  const last = new Map<string, Snapshot>();
  const spans: Span[] = [];
  for (const after of snapshots) {
    const key = `${after.url} ${after.process}`;
    const before = last.get(key);
    last.set(key, after);
    if (before === undefined) continue;
    const seconds = (Date.parse(after.at) - Date.parse(before.at)) / 1_000;
    if (seconds > 0) spans.push({ seconds, before, after });
  }
  return spans;
}

/** Searches by the bound that they did not pass, each also in those above it. */
function bucketsOf(spans: readonly Span[]): [leMs: number, count: number][] {
  const sums = new Map<number, number>();
  for (const { before, after } of spans) {
    for (const [le, count] of Object.entries(after.buckets)) {
      const bound = le === '+Inf' ? Infinity : Number(le);
      sums.set(bound, (sums.get(bound) ?? 0) + count - (before.buckets[le] ?? 0));
    }
  }
  return [...sums].sort(([a], [b]) => a - b);
}

function share(part: number, of: number): number | null {
  return of === 0 ? null : part / of;
}
