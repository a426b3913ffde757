import type { Histogram } from '../core/histogram.js';
import type { MetricsPage, Sample } from './metrics-page.js';

interface States {
  scheduled: number;
  waiting: number;
  prioritised: number;
  active: number;
  failed: number;
  oldestMs: number;
}

/** Jobs as a process knows them. */
export interface JobsFigures {
  kinds: readonly string[];
  /** What runs of a kind may come to, by kind. */
  results: ReadonlyMap<string, readonly string[]>;
  /** Of the whole cluster, by kind. */
  jobs: ReadonlyMap<string, States>;
  /** Of this process alone. */
  counts: {
    active: ReadonlyMap<string, number>;
    seconds: ReadonlyMap<string, Histogram>;
    ended: ReadonlyMap<string, ReadonlyMap<string, number>>;
    results: ReadonlyMap<string, ReadonlyMap<string, number>>;
  };
}

const STATES = ['scheduled', 'waiting', 'prioritised', 'active', 'failed'] as const;

/** Declares the jobs of the cluster, and what this process has done of them. */
export function addJobMetrics(page: MetricsPage, read: () => JobsFigures): void {
  page.gauge(
    'jobs',
    'Jobs of the cluster by kind and state, as of the latest look: scheduled (not due yet), waiting (due), prioritised (of these, behind others of their kind), active, failed (tried in vain, to be tried again); each process that works on jobs says so: max.',
    () => {
      const { kinds, jobs } = read();
      return kinds.flatMap((kind) =>
        STATES.map((state): Sample => [{ kind, state }, jobs.get(kind)?.[state] ?? 0]),
      );
    },
  );
  page.gauge(
    'jobs_oldest_seconds',
    'For how long the job of a kind that waits longest has been due; each process that works on jobs says so: max.',
    () => {
      const { kinds, jobs } = read();
      return kinds.map((kind) => [{ kind }, (jobs.get(kind)?.oldestMs ?? 0) / 1_000]);
    },
  );
  page.gauge('jobs_active', 'Jobs that this process works on, by kind.', () => {
    const { kinds, counts } = read();
    return kinds.map((kind) => [{ kind }, counts.active.get(kind) ?? 0]);
  });
  page.counter(
    'jobs_ended_total',
    'Runs of jobs that this process ended: done, again (more is to be done), failed, left (to another process).',
    () => {
      const { kinds, counts } = read();
      return kinds.flatMap((kind) => {
        // There before its first: a series that is born with its first failure shows no rise.
        const ends = new Map([['failed', 0], ...(counts.ended.get(kind) ?? [])]);
        return [...ends].map(([outcome, count]): Sample => [{ kind, outcome }, count]);
      });
    },
  );
  page.counter(
    'job_results_total',
    'What came of the things that runs of a kind did in this process, where a run does several: imports that ended done, failed or cancelled, or wait for their confirmation.',
    () => {
      const { results, counts } = read();
      return [...results].flatMap(([kind, each]) =>
        each.map((result): Sample => [
          { kind, result },
          counts.results.get(kind)?.get(result) ?? 0,
        ]),
      );
    },
  );
  page.histogram('job_seconds', 'What runs of jobs took in this process, by kind.', () =>
    [...read().counts.seconds].map(([kind, seconds]) => [{ kind }, seconds]),
  );
}
