import { randomUUID } from 'node:crypto';
import type { Logger } from '../core/logger.js';
import type { RecordStore } from '../store/record-store.js';
import {
  ALL,
  JOB_KIND,
  jobId,
  requestJob,
  toStoredJob,
  toValue,
  waitingJob,
  type Job,
  type JobKind,
  type StoredJob,
} from './job.js';
import { RunningJob, type Outcome } from './running-job.js';

const TICK_MS = 2_000;
/** A lease whose counter stands still for so long is that of a dead owner. */
export const LEASE_MS = 15_000;
/** Jobs that one node works on at a time: background work is in no hurry. */
const MAX_RUNNING = 2;
const MAX_JOBS = 10_000;
const RETRY_MS = 10_000;
const MAX_RETRY_MS = 3_600_000;

export interface JobRunnerOptions {
  records: RecordStore;
  kinds: ReadonlyMap<string, JobKind>;
  logger: Logger;
  /** Monotonic, milliseconds; injectable for virtual clocks. */
  now?: () => number;
}

/** A state of a job, and since when it has been this one, by this node's clock. */
interface Seen {
  revision: number;
  atMs: number;
}

/**
 * Works on the jobs of the cluster, beside the runners of other nodes: one schedule for all, since a
 * job is claimed by compare-and-set. An owner that died is told by its lease, which stands still.
 */
export class JobRunner {
  private readonly owner = randomUUID();
  private readonly running = new Map<string, RunningJob>();
  private seen = new Map<string, Seen>();
  private timer: NodeJS.Timeout | undefined;
  private ticking: Promise<void> = Promise.resolve();
  private closed = false;
  private readonly now: () => number;

  constructor(private readonly options: JobRunnerOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  start(): void {
    this.timer = setInterval(() => this.tickInTurn(), TICK_MS);
  }

  private tickInTurn(): void {
    this.ticking = this.ticking.then(() => this.tick());
  }

  /** Asks for a job that is done once; nothing is done where it is asked for already. */
  async request(kind: string, key: string, dueMs = 0): Promise<void> {
    await requestJob(this.options.records, kind, key, dueMs);
    if (this.timer !== undefined && dueMs === 0) this.tickInTurn();
  }

  /** Beats for what is running, and begins what is due. Never rejects. */
  async tick(): Promise<void> {
    try {
      await Promise.all([...this.running.values()].map((job) => job.beat()));
      const jobs = await this.list();
      this.notice(jobs);
      for (const stored of jobs) {
        if (this.closed || this.running.size >= MAX_RUNNING) return;
        if (this.isFree(stored)) await this.claim(stored);
      }
    } catch (error) {
      this.options.logger.warn({ err: error }, 'jobs could not be looked at');
    }
  }

  /** Ends what is running, leaves it to others, and begins nothing more. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    for (const job of this.running.values()) job.abort();
    await this.ticking;
    await this.settled();
  }

  /** For tests: resolves when nothing is running here. */
  async settled(): Promise<void> {
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
  }

  /** All jobs; those that are due again and again are made where they are not there. */
  private async list(): Promise<StoredJob[]> {
    const { records, kinds } = this.options;
    const jobs = (await records.list(JOB_KIND, undefined, MAX_JOBS)).map(toStoredJob);
    for (const [kind, { everyMs }] of kinds) {
      if (everyMs === undefined || jobs.some(({ id }) => id === jobId(kind, ALL))) continue;
      await this.request(kind, ALL, everyMs);
    }
    return jobs.filter(({ job }) => kinds.has(job.kind));
  }

  private notice(jobs: readonly StoredJob[]): void {
    const seen = new Map<string, Seen>();
    for (const { id, revision } of jobs) {
      const before = this.seen.get(id);
      const isSame = before?.revision === revision;
      seen.set(id, isSame ? before : { revision, atMs: this.now() });
    }
    this.seen = seen;
  }

  private isFree({ id, job }: StoredJob): boolean {
    if (this.running.has(id)) return false;
    const unchangedMs = this.now() - (this.seen.get(id)?.atMs ?? this.now());
    return unchangedMs >= (job.lease === null ? job.due_ms : LEASE_MS);
  }

  private async claim({ id, job, revision }: StoredJob): Promise<void> {
    const kind = this.options.kinds.get(job.kind);
    if (kind === undefined) return;
    const lease = { owner: this.owner, counter: (job.lease?.counter ?? 0) + 1 };
    const claimed: Job = { ...job, state: 'running', lease };
    const { records } = this.options;
    if (!(await records.put(JOB_KIND, id, toValue(claimed), revision))) return;
    const running = new RunningJob(records, { id, job: claimed, revision: revision + 1 });
    this.running.set(id, running);
    running.begin(
      (work) => kind.run(work),
      (outcome) => this.after(kind, claimed, outcome),
      () => this.running.delete(id),
    );
  }

  /** What the job becomes; undefined: it is done, and goes. */
  private after(kind: JobKind, { kind: name, key }: Job, outcome: Outcome): Job | undefined {
    const { job, error, isAborted, againMs } = outcome;
    if (isAborted) return { ...job, state: 'waiting', lease: null, due_ms: 0 };
    if (error === undefined) {
      if (againMs !== undefined) return waitingJob(name, key, againMs);
      const everyMs = key === ALL ? kind.everyMs : undefined;
      return everyMs === undefined ? undefined : waitingJob(name, key, everyMs);
    }
    this.options.logger.warn({ err: error, job: jobId(name, key) }, 'a job failed');
    const failures = job.failures + 1;
    const due = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.min(failures, 20));
    const why = error instanceof Error ? error.message : 'for no known reason';
    const again = { failures, error: why, due_ms: due };
    return { ...job, ...again, state: 'waiting', lease: null };
  }
}
