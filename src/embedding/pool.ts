import { OmniError } from '../core/errors.js';
import { CostEstimate } from './cost-estimate.js';
import { createJob, type EmbeddingJob, type PendingJob } from './embedding-job.js';
import { JobQueue } from './job-queue.js';
import type { OnnxModelShape } from './onnx-model.js';
import { packTokens, type TokenIds } from './token-ids.js';
import { EmbeddingWorkers, type WorkersOptions } from './workers.js';

export interface PoolOptions extends WorkersOptions {
  /** Query texts that may wait. */
  queueLimit: number;
  /** A query that would wait longer than this behind others is turned away at once. */
  maxWaitMs: number;
}

/** A batch that a worker has. */
interface RunningBatch {
  /** When it should be done, on the clock of `performance.now()`. */
  endsAtMs: number;
}

/** Texts of a batch at most: past this a batch is no cheaper a text. */
const MAX_BATCH_TEXTS = 32;
/** A batch of queries should be done within this, so that the next ones do not wait long. */
const QUERY_BATCH_MS = 25;
/**
 * However dear, so many go together while that makes each much cheaper: a machine that is too slow
 * for the budget must not fall back to one by one when it has most to do.
 */
const THRIFTY_TEXTS = 4;
/** Texts of one request that finds all workers idle are shared out at once, up to so many each. */
const EVEN_SHARE_TEXTS = 10;
/** As `QUERY_BATCH_MS` for products, while queries come in and while none do. */
const PRODUCT_BATCH_ACTIVE_MS = 15;
const PRODUCT_BATCH_IDLE_MS = 80;
/** Queries are coming in when the last one is no older than this. */
const ACTIVE_MS = 1_000;
/** Products that got no turn for so long get one, however many queries wait. */
const STARVED_MS = 1_000;
const STOPPING = 'the encoder is stopping';
const WARM_UP_TEXTS = [1, 1, 8];
/** Product texts that may wait; who brings more waits for room. */
const PRODUCT_LIMIT = 4_096;

/**
 * Worker threads, each with its own session, behind two queues: queries, which are bounded and go
 * first, and products. A free worker takes what is there, never waits for more:
 *
 *     submit ──> [ queries  ] ──┐   a batch of similar length,
 *     embedAll > [ products ] ──┴─> small enough not to delay ──> workers ──> vectors
 */
export class EmbeddingPool {
  readonly #workers: EmbeddingWorkers;
  readonly #queries = new JobQueue();
  readonly #products = new JobQueue();
  readonly #cost = new CostEstimate();
  readonly #roomWaiters: (() => void)[] = [];
  readonly #running = new Set<RunningBatch>();
  #runningProducts = 0;
  #lastQueryAtMs = -Infinity;
  /** When products last had a turn, or began to wait for one. */
  #productsWaitSinceMs = 0;
  #closing = false;
  #whenIdle: (() => void) | undefined;

  private constructor(private readonly options: PoolOptions) {
    this.#workers = new EmbeddingWorkers(options);
  }

  /**
   * Starts all workers and waits until each has loaded the model. Rejects with what the first of
   * them says when it cannot.
   */
  static async open(options: PoolOptions): Promise<{ pool: EmbeddingPool; shape: OnnxModelShape }> {
    const pool = new EmbeddingPool(options);
    try {
      const shape = await pool.#workers.load();
      // One text and several: the two points that the first estimate of the cost is a line through.
      for (const texts of WARM_UP_TEXTS) {
        const pending = Array.from({ length: texts }, () => createJob(options.setup.sample));
        const vectors = Promise.all(pending.map(({ vector }) => vector));
        void pool.#run(
          pending.map(({ job }) => job),
          false,
        );
        await vectors;
      }
      return { pool, shape };
    } catch (error) {
      await pool.#workers.end();
      throw error;
    }
  }

  get queued(): number {
    return this.#queries.size + this.#products.size;
  }

  /**
   * Takes in the texts of one request, all or none of them. Throws `overloaded` when the queue is
   * full or the wait would be too long. `cancel` takes back what has not started.
   */
  submit(texts: readonly TokenIds[]): PendingJob[] {
    if (this.#closing) throw new OmniError('unavailable', STOPPING);
    const waitMs = this.#waitMs();
    const late = this.#queries.size > 0 && waitMs > this.options.maxWaitMs;
    if (late || this.#queries.size + texts.length > this.options.queueLimit) {
      throw new OmniError('overloaded', 'too many queries wait for their embedding', {
        retryAfterMs: Math.max(100, Math.ceil(waitMs)),
      });
    }
    const pending = texts.map(createJob);
    const allIdle = this.#running.size === 0 && this.#queries.size === 0;
    this.noteQuery();
    this.#queries.push(pending.map(({ job }) => job));
    this.#dispatch(allIdle);
    return pending;
  }

  /** Tells of a query that needed no worker: those of its kind that do are to find one soon. */
  noteQuery(): void {
    this.#lastQueryAtMs = performance.now();
  }

  /** Takes a query back that nobody waits for any more. False: it runs, or ran, already. */
  cancel(job: EmbeddingJob): boolean {
    return this.#queries.remove(job);
  }

  /** Vectors of product texts, in order. Waits for room and for its turn, however long. */
  async embedAll(texts: readonly TokenIds[]): Promise<Float32Array[]> {
    while (this.#products.size >= PRODUCT_LIMIT && !this.#closing) {
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
    if (this.#closing) throw new OmniError('unavailable', STOPPING);
    const pending = texts.map(createJob);
    const vectors = Promise.all(pending.map(({ vector }) => vector));
    if (this.#products.size === 0) this.#productsWaitSinceMs = performance.now();
    // Longest first: neighbours in the queue are of one length, and memory grows once.
    const jobs = pending.map(({ job }) => job);
    this.#products.push(jobs.sort((a, b) => b.tokens.length - a.tokens.length));
    this.#dispatch();
    return vectors;
  }

  /**
   * Lets queries finish within `graceMs`, fails the rest, lets batches that run finish within
   * `graceMs` once more, ends every thread.
   */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#failAll(this.#products);
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
    await this.#idleWithin(graceMs);
    this.#failAll(this.#queries);
    await this.#idleWithin(graceMs);
    await this.#workers.end();
  }

  /** How long a text that comes now would wait for a worker. */
  #waitMs(): number {
    const now = performance.now();
    const { size, tokens } = this.#queries;
    const batches = size === 0 ? 0 : Math.ceil(size / this.#queryTexts(tokens / size));
    let workMs = this.#cost.predictQueueMs(tokens, batches);
    for (const { endsAtMs } of this.#running) workMs += Math.max(0, endsAtMs - now);
    // What the longest-waiting text has waited counts too: the estimate lags behind a machine that
    // gets busy.
    const waitedMs = now - (this.#queries.headSinceMs ?? now);
    return Math.max(workMs / this.options.threads, waitedMs);
  }

  /** Resolves when nothing runs or waits, or after `ms`. */
  async #idleWithin(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      this.#whenIdle = resolve;
      this.#settleIfIdle();
    });
    clearTimeout(timer);
  }

  #dispatch(evenly = false): void {
    while (this.#running.size < this.options.threads) {
      const products = this.#productsAreNext();
      const jobs = products ? this.#takeProducts() : this.#takeQueries(evenly);
      if (jobs.length === 0) break;
      void this.#run(jobs, products);
    }
    this.#settleIfIdle();
  }

  #productsAreNext(): boolean {
    if (this.#products.size === 0) return false;
    const now = performance.now();
    if (this.#queries.size > 0) return now - this.#productsWaitSinceMs > STARVED_MS;
    // While queries come in, one worker stays free for the next of them.
    const slots = this.#queriesAreActive(now)
      ? Math.max(1, this.options.threads - 1)
      : this.options.threads;
    return this.#runningProducts < slots;
  }

  #queriesAreActive(now: number): boolean {
    return now - this.#lastQueryAtMs < ACTIVE_MS;
  }

  #takeQueries(evenly: boolean): EmbeddingJob[] {
    const idle = this.options.threads - this.#running.size;
    const fairShare = Math.ceil(this.#queries.size / idle);
    const usual = this.#queryTexts(this.#queries.headLength);
    const most = evenly ? Math.max(usual, EVEN_SHARE_TEXTS) : usual;
    const jobs = this.#queries.take(Math.min(fairShare, most));
    // A quantized model runs only neighbours of equal length together.
    return jobs.sort((a, b) => a.tokens.length - b.tokens.length);
  }

  #takeProducts(): EmbeddingJob[] {
    const now = performance.now();
    this.#productsWaitSinceMs = now;
    const budgetMs = this.#queriesAreActive(now) ? PRODUCT_BATCH_ACTIVE_MS : PRODUCT_BATCH_IDLE_MS;
    const affordable = this.#cost.textsWithin(budgetMs, this.#products.headLength);
    const jobs = this.#products.take(Math.min(MAX_BATCH_TEXTS, affordable));
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
    return jobs;
  }

  /** How many queries of `length` tokens a batch has at most. */
  #queryTexts(length: number): number {
    const thrifty = Math.min(THRIFTY_TEXTS, this.#cost.thriftyTexts(length));
    const affordable = this.#cost.textsWithin(QUERY_BATCH_MS, length);
    return Math.min(MAX_BATCH_TEXTS, Math.max(thrifty, affordable));
  }

  /** Runs one batch. Settles its jobs; never rejects. */
  async #run(jobs: EmbeddingJob[], products: boolean): Promise<void> {
    const startMs = performance.now();
    const batch = packTokens(jobs.map((job) => job.tokens));
    const paddedTokens = jobs.length * Math.max(...batch.lengths);
    const running = { endsAtMs: startMs + this.#cost.predictMs(paddedTokens) };
    this.#running.add(running);
    if (products) this.#runningProducts++;
    try {
      const vectors = await this.#workers.embed(batch);
      this.#cost.observe(paddedTokens, performance.now() - startMs);
      settle(jobs, vectors);
    } catch (error) {
      this.#retryOrFail(jobs, products ? this.#products : this.#queries, error);
    }
    this.#running.delete(running);
    if (products) this.#runningProducts--;
    this.#dispatch();
  }

  #retryOrFail(jobs: readonly EmbeddingJob[], queue: JobQueue, cause: unknown): void {
    for (const job of jobs) {
      job.failures++;
      if (this.#closing) job.reject(new OmniError('unavailable', STOPPING, { cause }));
      else if (job.failures === 1) queue.pushFront(job);
      else job.reject(new OmniError('unavailable', 'the encoder failed twice', { cause }));
    }
  }

  #failAll(queue: JobQueue): void {
    for (const job of queue.takeAll()) job.reject(new OmniError('unavailable', STOPPING));
  }

  #settleIfIdle(): void {
    if (this.#running.size === 0 && this.#queries.size === 0) this.#whenIdle?.();
  }
}

/** Hands each job its part of the batch's vectors, copied so that none keeps the others alive. */
function settle(jobs: readonly EmbeddingJob[], vectors: Float32Array): void {
  const dimensions = vectors.length / jobs.length;
  for (const [i, job] of jobs.entries()) {
    job.resolve(jobs.length === 1 ? vectors : vectors.slice(i * dimensions, (i + 1) * dimensions));
  }
}
