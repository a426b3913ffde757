import { Deadline } from '../core/deadline.js';
import type { RecordReader } from '../store/record-store.js';
import { JOB_KIND, toStoredJob, type StoredJob } from './job.js';
import { jobStates, seenNow, type JobStates, type Seen } from './job-figures.js';

const MAX_JOBS = 10_000;
/** Pages look as often. */
const KEPT_MS = 4_000;
const PATIENCE_MS = 1_000;

/**
 * Jobs of the cluster for a process that works on none: they are read while somebody asks, and nothing is done about them.
 * How long one has been due is told from when it was first seen here: jobs have no clock of their own.
 */
export class JobWatch {
  private seen = new Map<string, Seen>();
  private jobs: readonly StoredJob[] = [];
  private readAtMs = -Infinity;
  private reading: Promise<void> | undefined;

  constructor(
    private readonly records: RecordReader,
    /** Monotonic, milliseconds; injectable for virtual clocks. */
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** By kind; undefined where the store does not say in time. */
  async look(): Promise<ReadonlyMap<string, JobStates> | undefined> {
    try {
      if (this.now() - this.readAtMs >= KEPT_MS) {
        this.reading ??= this.read().finally(() => (this.reading = undefined));
        await Deadline.after(PATIENCE_MS).race(this.reading, 'the store');
      }
      return jobStates(this.jobs, this.seen, this.now());
    } catch {
      return undefined;
    }
  }

  private async read(): Promise<void> {
    const records = await this.records.list(JOB_KIND, undefined, MAX_JOBS);
    this.jobs = records.map(toStoredJob);
    this.seen = seenNow(this.jobs, this.seen, this.now());
    this.readAtMs = this.now();
  }
}
