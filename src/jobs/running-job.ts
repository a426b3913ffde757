import { OmniError } from '../core/errors.js';
import type { JsonValue } from '../core/product.js';
import type { RecordStore } from '../store/record-store.js';
import { JOB_KIND, toValue, type Job, type JobWork, type StoredJob } from './job.js';

/** What a job needs of the one that it is, without what its runner counts. */
type OwnWork = Omit<JobWork, 'count'>;

/** How a run ended. */
export interface Outcome {
  /** As it is stored now. */
  job: Job;
  error: unknown;
  /** The node stops. */
  isAborted: boolean;
  /** It is not done, and due again after that; undefined: it is. */
  again: { dueMs: number; priority: number } | undefined;
}

/** A job that this node has claimed, from then on until it is given back. */
export class RunningJob {
  /** Resolves when nothing of it is done here any more. */
  ended: Promise<void> = Promise.resolve();
  private readonly controller = new AbortController();
  private isLost = false;
  private again: Outcome['again'];
  /** Changes of the document, one after the other: each is made from the one before. */
  private changes: Promise<void> = Promise.resolve();

  constructor(
    private readonly records: RecordStore,
    private stored: StoredJob,
  ) {}

  /** `run` does the work, `next` says what the job becomes, undefined for nothing more. */
  begin(
    run: (work: OwnWork) => Promise<void>,
    next: (outcome: Outcome) => Job | undefined,
    onEnd: () => void,
  ): void {
    this.ended = this.work(run)
      .then(async (error) => {
        await this.changes;
        if (this.isLost) return;
        const isAborted = this.controller.signal.aborted;
        const { again } = this;
        await this.replace(next({ job: this.stored.job, error, isAborted, again }));
      })
      // The store cannot be reached: the lease runs out, and another goes on.
      .catch(() => undefined)
      .finally(onEnd);
  }

  abort(): void {
    this.controller.abort(new OmniError('unavailable', 'the node stops'));
  }

  /** Shows others that the owner lives. Never rejects. */
  async beat(): Promise<void> {
    await this.change((job) => ({ ...job, lease: job.lease && beaten(job.lease) })).catch(
      () => undefined,
    );
  }

  private async work(run: (work: OwnWork) => Promise<void>): Promise<unknown> {
    const { signal } = this.controller;
    const { key, checkpoint } = this.stored.job;
    const save = (next: JsonValue) => this.change((job) => ({ ...job, checkpoint: next }));
    const comeBack = (dueMs: number, priority = 0): void => {
      this.again = { dueMs, priority };
    };
    try {
      await run({ key, checkpoint, save, comeBack, signal });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  private change(to: (job: Job) => Job): Promise<void> {
    const changed = this.changes.then(() => this.replace(to(this.stored.job)));
    this.changes = changed.catch(() => undefined);
    return changed;
  }

  private async replace(job: Job | undefined): Promise<void> {
    const { id, revision } = this.stored;
    if (this.isLost) throw lost();
    const done =
      job === undefined
        ? await this.records.remove(JOB_KIND, id, revision)
        : await this.records.put(JOB_KIND, id, toValue(job), revision);
    if (!done) {
      this.isLost = true;
      this.controller.abort(lost());
      throw lost();
    }
    if (job !== undefined) this.stored = { id, job, revision: revision + 1 };
  }
}

function beaten(lease: NonNullable<Job['lease']>): NonNullable<Job['lease']> {
  return { ...lease, counter: lease.counter + 1 };
}

function lost(): OmniError {
  return new OmniError('unavailable', 'the job is worked on elsewhere by now');
}
