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
import type { DueJob, JobQueue } from './job-queue.js';
import { JobCounts, jobStates, seenNow, type JobFigures, type Seen } from './job-figures.js';
import { JobPlaces } from './job-places.js';
import { RunningJob, type Outcome } from './running-job.js';

const TICK_MS = 2_000;
/** A lease whose counter stands still for so long is that of a dead owner. */
export const LEASE_MS = 15_000;
const MAX_JOBS = 10_000;
/** What the queue is told again at a look. */
const MAX_QUEUED = 500;
/** Until a job that found no place is tried again. */
const NO_PLACE_MS = 500;
const RETRY_MS = 10_000;
const MAX_RETRY_MS = 3_600_000;
/** Jobs that failed together are not tried again together. */
const JITTER = 0.25;

export interface JobRunnerOptions {
  records: RecordStore;
  kinds: ReadonlyMap<string, JobKind>;
  logger: Logger;
  /** What wakes those who work on jobs of catalogues; absent: each looks at the documents. */
  queue?: JobQueue | undefined;
  /** Jobs of catalogues that this node works on at a time; 0: none. */
  ofCatalogues?: number;
  /** Monotonic, milliseconds; injectable for virtual clocks. */
  now?: () => number;
}

/**
 * Works on the jobs of the cluster, beside the runners of other nodes: one schedule for all, since a
 * job is claimed by compare-and-set. An owner that died is told by its lease, which stands still.
 */
export class JobRunner {
  private readonly owner = randomUUID();
  private readonly running = new Map<string, RunningJob>();
  private readonly places: JobPlaces;
  private seen = new Map<string, Seen>();
  /** Those that were free at the latest look, in the order in which they are begun. */
  private free: StoredJob[] = [];
  /** Why the latest look came to nothing; undefined: it did not. */
  problem: string | undefined;
  /** As of the latest look. */
  private all: readonly StoredJob[] = [];
  private readonly counts = new JobCounts();
  private timer: NodeJS.Timeout | undefined;
  private ticking: Promise<void> = Promise.resolve();
  /** A look that has not begun yet sees what was asked for by now. */
  private isTickComing = false;
  private closed = false;
  private readonly now: () => number;

  constructor(private readonly options: JobRunnerOptions) {
    this.now = options.now ?? (() => performance.now());
    this.places = new JobPlaces(options.ofCatalogues);
  }

  start(): void {
    this.timer = setInterval(() => {
      this.tickInTurn();
    }, TICK_MS);
    const { queue, ofCatalogues = 1 } = this.options;
    if (ofCatalogues > 0) queue?.work((due) => this.workOn(due), ofCatalogues);
    this.tickInTurn();
  }

  private tickInTurn(): void {
    if (this.isTickComing) return;
    this.isTickComing = true;
    this.ticking = this.ticking.then(() => {
      this.isTickComing = false;
      return this.tick();
    });
  }

  /** Asks for a job that is done once; nothing is done where it is asked for already. */
  async request(kind: string, key: string, dueMs = 0, priority = 0): Promise<void> {
    await requestJob(this.options.records, kind, key, dueMs, priority);
    const { queue, kinds } = this.options;
    if (dueMs === 0 && queue?.isUp === true && kinds.get(kind)?.isOfCatalogues === true) {
      await queue.add([{ kind, key, priority }]);
    } else if (this.timer !== undefined && dueMs === 0) this.tickInTurn();
  }

  /** Beats for what is running, and begins what is due. Never rejects. */
  async tick(): Promise<void> {
    try {
      await Promise.all([...this.running.values()].map((job) => job.beat()));
      const jobs = await this.list();
      this.seen = seenNow(jobs, this.seen, this.now());
      this.all = jobs;
      const free = jobs.filter((stored) => this.isFree(stored));
      free.sort((a, b) => (a.job.priority ?? 0) - (b.job.priority ?? 0));
      this.free = await this.withoutQueued(free);
      await this.begin();
      this.problem = undefined;
    } catch (error) {
      this.problem = 'jobs cannot be looked at: the store does not answer';
      this.options.logger.warn({ err: error }, 'jobs could not be looked at');
    }
  }

  /** For `/metrics`: what is known of all jobs as of the latest look, and what this node has done of them. */
  figures(): JobFigures {
    const { all, seen, counts } = this;
    const { kinds } = this.options;
    return {
      kinds: [...kinds.keys()],
      results: new Map([...kinds].map(([kind, { results = [] }]) => [kind, results])),
      jobs: jobStates(all, seen, this.now()),
      counts,
    };
  }

  /** Jobs of the cluster that are due and nobody works on, as of the latest look. */
  get due(): number {
    let waiting = 0;
    for (const states of this.figures().jobs.values()) waiting += states.waiting;
    return waiting;
  }

  /** Ends what is running, leaves it to others, and begins nothing more. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    for (const job of this.running.values()) job.abort();
    await this.ticking;
    await this.settled();
    await this.options.queue?.close();
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
      await requestJob(records, kind, ALL, everyMs);
    }
    return jobs.filter(({ job }) => kinds.has(job.kind));
  }

  /** Those that the queue does not see to: it is told of the others again, whatever it has lost. */
  private async withoutQueued(free: StoredJob[]): Promise<StoredJob[]> {
    const { queue, kinds } = this.options;
    if (queue === undefined) return free;
    const isQueued = ({ job }: StoredJob): boolean =>
      job.lease === null && kinds.get(job.kind)?.isOfCatalogues === true;
    const queued = free.filter(isQueued).slice(0, MAX_QUEUED);
    await queue.add(
      queued.map(({ job: { kind, key, priority = 0 } }) => ({ kind, key, priority })),
    );
    return queue.isUp ? free.filter((stored) => !isQueued(stored)) : free;
  }

  /** A job that the queue gave; resolves with what is to be given again, and when. */
  private async workOn(due: DueJob): Promise<DueJob | undefined> {
    const { kind: name, key } = due;
    const kind = this.options.kinds.get(name);
    if (kind === undefined || this.closed) return undefined;
    const stored = await this.waiting(name, key);
    if (stored === undefined) return undefined;
    const leave = this.places.enter(kind, stored.job.priority ?? 0);
    if (leave === undefined) return { ...due, delayMs: NO_PLACE_MS };
    if (!(await this.claim(kind, stored, leave))) {
      leave();
      return undefined;
    }
    await this.running.get(stored.id)?.ended;
    const after = await this.waiting(name, key);
    return after && { kind: name, key, priority: after.job.priority ?? 0 };
  }

  /** The job, where nobody has it and it is due. */
  private async waiting(kind: string, key: string): Promise<StoredJob | undefined> {
    const found = await this.options.records.get(JOB_KIND, jobId(kind, key));
    const stored = found && toStoredJob(found);
    return stored?.job.lease === null && this.isFree(stored) ? stored : undefined;
  }

  private isFree({ id, job }: StoredJob): boolean {
    if (this.running.has(id)) return false;
    const unchangedMs = this.now() - (this.seen.get(id)?.atMs ?? this.now());
    return unchangedMs >= (job.lease === null ? job.due_ms : LEASE_MS);
  }

  /** Begins what there is a place for; what has none stays for when a place is free. */
  private async begin(): Promise<void> {
    const left: StoredJob[] = [];
    for (let stored = this.free.shift(); stored !== undefined; stored = this.free.shift()) {
      if (this.closed) return;
      const kind = this.options.kinds.get(stored.job.kind);
      if (kind === undefined || this.running.has(stored.id)) continue;
      const leave = this.places.enter(kind, stored.job.priority ?? 0);
      if (leave === undefined) left.push(stored);
      else if (!(await this.claim(kind, stored, leave))) leave();
    }
    this.free = left;
  }

  private async claim(
    kind: JobKind,
    { id, job, revision }: StoredJob,
    leave: () => void,
  ): Promise<boolean> {
    const lease = { owner: this.owner, counter: (job.lease?.counter ?? 0) + 1 };
    const claimed: Job = { ...job, state: 'running', lease };
    const { records } = this.options;
    if (!(await records.put(JOB_KIND, id, toValue(claimed), revision))) return false;
    const running = new RunningJob(records, { id, job: claimed, revision: revision + 1 });
    this.running.set(id, running);
    let isDone = false;
    const ended = this.counts.begin(job.kind);
    running.begin(
      (work) => kind.run({ ...work, count: (result) => this.counts.came(job.kind, result) }),
      (outcome) => {
        ended(outcome);
        const after = this.after(kind, claimed, outcome);
        isDone = after === undefined;
        return after;
      },
      () => {
        this.running.delete(id);
        ended();
        leave();
        void this.followUp(kind, claimed, isDone);
      },
    );
    return true;
  }

  /** After a job: whether it was asked for again, and what has a place now. */
  private async followUp(kind: JobKind, { kind: name, key }: Job, isDone: boolean): Promise<void> {
    try {
      if (isDone && (await kind.isNeeded?.(key)) === true) await this.request(name, key);
      else if (this.timer !== undefined && this.free.length > 0) this.beginInTurn();
      else if (this.timer !== undefined && !isDone) this.tickInTurn();
    } catch (error) {
      this.options.logger.warn({ err: error, job: jobId(name, key) }, 'a job is asked for later');
    }
  }

  private beginInTurn(): void {
    this.ticking = this.ticking
      .then(() => this.begin())
      .catch((error: unknown) => {
        this.options.logger.warn({ err: error }, 'jobs could not be begun');
      });
  }

  /** What the job becomes; undefined: it is done, and goes. */
  private after(kind: JobKind, { kind: name, key }: Job, outcome: Outcome): Job | undefined {
    const { job, error, isAborted, again } = outcome;
    if (isAborted) return { ...job, state: 'waiting', lease: null, due_ms: 0 };
    if (error === undefined) {
      if (again !== undefined) return waitingJob(name, key, again.dueMs, again.priority);
      const everyMs = key === ALL ? kind.everyMs : undefined;
      return everyMs === undefined ? undefined : waitingJob(name, key, everyMs);
    }
    this.options.logger.warn({ err: error, job: jobId(name, key) }, 'a job failed');
    const failures = job.failures + 1;
    const backoff = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.min(failures, 20));
    const due = Math.round(backoff * (1 - JITTER * Math.random()));
    const why = error instanceof Error ? error.message : 'for no known reason';
    return { ...job, failures, error: why, due_ms: due, state: 'waiting', lease: null };
  }
}
