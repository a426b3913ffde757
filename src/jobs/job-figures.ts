import { Histogram } from '../core/histogram.js';
import type { StoredJob } from './job.js';
import type { Outcome } from './running-job.js';

const JOB_SECONDS = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600, 14_400];

/** A state of a job, and since when it has been this one, by this node's clock. */
export interface Seen {
  revision: number;
  atMs: number;
}

/** Jobs of one kind. */
export interface JobStates {
  /** Those whose time has not come. */
  scheduled: number;
  /** Due. */
  waiting: number;
  /** Of those, the ones that go behind others of their kind, as large imports do. */
  prioritised: number;
  active: number;
  /** Of those that are scheduled or wait, the ones that failed when they were tried last. */
  failed: number;
  /** For how long the one that is due and has waited longest has been due; 0: none is. */
  oldestMs: number;
}

export interface JobFigures {
  kinds: readonly string[];
  /** What runs of a kind may come to, by kind. */
  results: ReadonlyMap<string, readonly string[]>;
  /** Over the whole cluster, by kind. */
  jobs: ReadonlyMap<string, JobStates>;
  counts: JobCounts;
}

/** The jobs of this node alone. */
export class JobCounts {
  /** By kind. */
  readonly active = new Map<string, number>();
  readonly seconds = new Map<string, Histogram>();
  /** By kind, then by outcome. */
  readonly ended = new Map<string, Map<string, number>>();
  /** By kind, then by what came of the things that its runs did. */
  readonly results = new Map<string, Map<string, number>>();

  /** One begins; to be told once of its end, without an outcome where it is another's by then. */
  begin(kind: string): (outcome?: Outcome) => void {
    const startedMs = performance.now();
    this.active.set(kind, (this.active.get(kind) ?? 0) + 1);
    let isOver = false;
    return (outcome) => {
      if (isOver) return;
      isOver = true;
      this.active.set(kind, (this.active.get(kind) ?? 1) - 1);
      let seconds = this.seconds.get(kind);
      if (seconds === undefined) {
        seconds = new Histogram(JOB_SECONDS);
        this.seconds.set(kind, seconds);
      }
      seconds.observe((performance.now() - startedMs) / 1_000);
      count(this.ended, kind, endOf(outcome));
    };
  }

  /** One of the things that a run does came to that. */
  came(kind: string, result: string): void {
    count(this.results, kind, result);
  }
}

function count(of: Map<string, Map<string, number>>, kind: string, end: string): void {
  const ends = of.get(kind) ?? new Map<string, number>();
  ends.set(end, (ends.get(end) ?? 0) + 1);
  of.set(kind, ends);
}

/** `left`: the node stopped, or lost it to another, which goes on with it. */
function endOf(outcome: Outcome | undefined): 'done' | 'failed' | 'again' | 'left' {
  if (outcome === undefined || outcome.isAborted) return 'left';
  if (outcome.error !== undefined) return 'failed';
  return outcome.again === undefined ? 'done' : 'again';
}

/** Since when each job has been as it is now. @param before the same, as of the look before */
export function seenNow(
  jobs: readonly StoredJob[],
  before: ReadonlyMap<string, Seen>,
  nowMs: number,
): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  for (const { id, revision } of jobs) {
    const known = before.get(id);
    seen.set(id, known?.revision === revision ? known : { revision, atMs: nowMs });
  }
  return seen;
}

/** How many there are in which state, by kind. */
export function jobStates(
  jobs: readonly StoredJob[],
  seen: ReadonlyMap<string, Seen>,
  nowMs: number,
): Map<string, JobStates> {
  const states = new Map<string, JobStates>();
  for (const { id, job } of jobs) {
    const of = states.get(job.kind) ?? {
      ...{ scheduled: 0, waiting: 0, prioritised: 0, active: 0, failed: 0, oldestMs: 0 },
    };
    states.set(job.kind, of);
    if (job.lease !== null) {
      of.active += 1;
      continue;
    }
    if (job.failures > 0) of.failed += 1;
    const unchangedMs = nowMs - (seen.get(id)?.atMs ?? nowMs);
    if (unchangedMs < job.due_ms) {
      of.scheduled += 1;
      continue;
    }
    of.waiting += 1;
    if ((job.priority ?? 0) !== 0) of.prioritised += 1;
    of.oldestMs = Math.max(of.oldestMs, unchangedMs - job.due_ms);
  }
  return states;
}
