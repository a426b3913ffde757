import { Queue, Worker } from 'bullmq';
import type { Logger } from '../core/logger.js';
import type { RedisClient, RedisConnection } from '../redis/redis.js';

const NAME = 'jobs';
/** In braces, so that a cluster keeps all of it on one node. */
const PREFIX = '{omnisearch}';
/** What adding a job may take: it is in the store already. */
const ADD_MS = 1_000;
/** A lock that is not renewed for so long is that of a dead worker. */
const LOCK_MS = 15_000;
const LOG_PAUSE_MS = 60_000;

/** A job that is due; what is to be done stands in its document. */
export interface DueJob {
  kind: string;
  key: string;
  /** Lower ones go first. */
  priority: number;
  /** Not before that time from now. */
  delayMs?: number;
}

/**
 * Wakes whoever works on jobs, in the order of their priority, over BullMQ. The documents in the store are the truth: what
 * Redis does not know, or loses, is added again by the next look at them, and while it is away they are looked at as without it.
 */
export interface JobQueue {
  /** False: jobs are to be found without it. */
  readonly isUp: boolean;
  /** Does nothing where the job is in it already. Never rejects. */
  add(jobs: readonly DueJob[]): Promise<void>;
  /** Calls `run` with each job, at most `concurrency` at a time; what that resolves with is added again. */
  work(run: (job: DueJob) => Promise<DueJob | undefined>, concurrency: number): void;
  close(): Promise<void>;
}

/** A job queue on the connection that all else of this node uses; who works has another besides, as BullMQ wants it. */
export class BullQueue implements JobQueue {
  private readonly queue: Queue<DueJob>;
  private worker: Worker<DueJob, DueJob | undefined> | undefined;
  private workerClient: RedisClient | undefined;
  private hasFailed = false;
  private loggedAtMs = -Infinity;

  constructor(
    private readonly redis: RedisConnection,
    private readonly logger: Logger,
  ) {
    this.queue = new Queue(NAME, {
      ...{ connection: redis.client, prefix: PREFIX, skipWaitingForReady: true },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    this.queue.on('error', (error) => this.log(error));
  }

  get isUp(): boolean {
    return this.redis.status.isUp && !this.hasFailed;
  }

  async add(jobs: readonly DueJob[]): Promise<void> {
    const { redis, queue } = this;
    if (!redis.status.isUp) return;
    try {
      // Asked for nothing, it shows whether it is back.
      const ask = () => (jobs.length === 0 ? redis.client.ping() : queue.addBulk(jobs.map(toBull)));
      await redis.run<unknown>(ask, ADD_MS);
      this.hasFailed = false;
    } catch (error) {
      this.hasFailed = true;
      this.log(error);
    }
  }

  work(run: (job: DueJob) => Promise<DueJob | undefined>, concurrency: number): void {
    // BullMQ refuses a worker whose commands give up (`maxRetriesPerRequest`): it waits for jobs without an end.
    this.workerClient = this.redis.patientClient();
    this.worker = new Worker(NAME, ({ data }) => run(data), {
      ...{ connection: this.workerClient, prefix: PREFIX, concurrency },
      ...{ lockDuration: LOCK_MS, stalledInterval: LOCK_MS, maxStalledCount: 1_000 },
    });
    this.worker.on('error', (error) => this.log(error));
    // Gone from the queue by then: it can come again.
    this.worker.on('completed', (_, again) => {
      if (again != null) void this.add([again]);
    });
  }

  /** The jobs themselves are ended by whoever runs them. */
  async close(): Promise<void> {
    await this.worker?.close(true).catch(() => undefined);
    await this.queue.close().catch(() => undefined);
    this.workerClient?.disconnect();
  }

  private log(err: unknown): void {
    if (performance.now() - this.loggedAtMs < LOG_PAUSE_MS) return;
    this.loggedAtMs = performance.now();
    this.logger.warn(
      { err },
      'Redis does not wake jobs: they are looked for in the store meanwhile',
    );
  }
}

function toBull(job: DueJob) {
  const { kind, key, priority, delayMs = 0 } = job;
  // By it a job is in the queue once. BullMQ allows no colon in it.
  const jobId = `${kind}/${key}`;
  return { name: kind, data: job, opts: { jobId, priority: priority + 1, delay: delayMs } };
}
