import { OmniError } from '../core/errors.js';
import { productBatchTexts, queryBatchTexts } from './batch-size.js';
import { CostEstimate } from './cost-estimate.js';
import type { EmbeddingJob, PendingJob } from './embedding-job.js';
import { createJob, failJobs, settle } from './embedding-job.js';
import type { EncoderStatus } from './encoder.js';
import { JobQueue } from './job-queue.js';
import type { OnnxModelShape } from './onnx-model.js';
import type { ProductInputs } from './product-inputs.js';
import { Preparations, type Preparation } from './product-preparations.js';
import { packTokens, type TokenIds } from './token-ids.js';
import { WorkerThreads, type WorkerThreadsOptions } from './worker-threads.js';

export interface PoolOptions extends WorkerThreadsOptions {
  /** Query texts that may wait; those of one tenant three quarters of it. */
  queueLimit: number;
  /** A query that would wait longer than this behind others is turned away at once. */
  maxWaitMs: number;
  /** A tenant's share beside others'; 1 without it. */
  weightOf?: (tenant: string) => number;
  /** What batches cost; learnt from those that run unless given. */
  cost?: CostEstimate;
}

/** Queries are coming in when the last one is no older than this. */
const ACTIVE_MS = 1_000;
/** Products that got no turn for so long get one, however many queries wait. */
const STARVED_MS = 1_000;
const STOPPING = 'the encoder is stopping';
const WARM_UP_TEXTS = [1, 1, 8];
/** Product texts of a tenant that may wait; who brings more waits for room. */
const PRODUCT_LIMIT = 1_024;
const TENANT_SHARE = 0.75;
const ANYONE = 'default';

/**
 * Worker threads, each with its own session, behind two queues: queries, which are bounded and go
 * first, and products. A free worker takes what is there, never waits for more:
 *
 *     submit ──> [ queries  ] ──┐   a batch of similar length,
 *     embedAll > [ products ] ──┴─> small enough not to delay ──> workers ──> vectors
 *
 * Both are fair between tenants. The texts of products are made by the workers as well, in the
 * products' turns.
 */
export class EmbeddingPool {
  readonly #workers: WorkerThreads;
  readonly #queries: JobQueue;
  readonly #products: JobQueue;
  readonly #preparations = new Preparations();
  readonly #cost: CostEstimate;
  readonly #roomWaiters: (() => void)[] = [];
  /** Batches that workers have, by when they should be done on the clock of `performance.now()`. */
  readonly #running = new Set<{ endsAtMs: number }>();
  #runningProducts = 0;
  #failedInARow = 0;
  #lastQueryAtMs = -Infinity;
  /** When products last had a turn, or began to wait for one. */
  #productsWaitSinceMs = 0;
  #closing = false;
  #whenIdle: (() => void) | undefined;

  private constructor(private readonly options: PoolOptions) {
    this.#queries = new JobQueue(options.weightOf);
    this.#products = new JobQueue(options.weightOf);
    this.#workers = new WorkerThreads(options);
    this.#cost = options.cost ?? new CostEstimate();
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
        const pending = Array.from({ length: texts }, () =>
          createJob(ANYONE, options.setup.sample),
        );
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

  status(): Omit<EncoderStatus, 'embeddingCache' | 'embeddedProducts'> {
    const queries = this.#queries;
    const now = performance.now();
    return {
      embeddingQueued: queries.size + this.#products.size,
      oldestMs: now - (queries.oldestSinceMs() ?? now),
      productsQueued: this.#products.size,
      oldestProductMs: now - (this.#products.oldestSinceMs() ?? now),
      failedInARow: this.#failedInARow,
      queriesQueued: queries.size,
      queueLimit: this.options.queueLimit,
      isFull: queries.size >= this.options.queueLimit,
    };
  }

  /**
   * Takes in the texts of one request, all or none of them. Throws `overloaded` when the queue is
   * full or the wait would be too long. `cancel` takes back what has not started.
   */
  submit(texts: readonly TokenIds[], tenant = ANYONE, maxWaitMs = Infinity): PendingJob[] {
    if (this.#closing) throw new OmniError('unavailable', STOPPING);
    const pending = texts.map((tokens) => createJob(tenant, tokens));
    this.#checkRoom(pending, tenant, Math.min(maxWaitMs, this.options.maxWaitMs));
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
  async embedAll(texts: readonly TokenIds[], tenant = ANYONE): Promise<Float32Array[]> {
    while (this.#products.sizeOf(tenant) >= PRODUCT_LIMIT && !this.#closing) {
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
    if (this.#closing) throw new OmniError('unavailable', STOPPING);
    const pending = texts.map((tokens) => createJob(tenant, tokens));
    const vectors = Promise.all(pending.map(({ vector }) => vector));
    this.#noteProducts();
    // Longest first: neighbours in the queue are of one length, and memory grows once.
    const jobs = pending.map(({ job }) => job);
    this.#products.push(jobs.sort((a, b) => b.tokens.length - a.tokens.length));
    this.#dispatch();
    return vectors;
  }

  /** The texts of products, in order, made by the workers in the products' turns. */
  async textsOf(products: readonly ProductInputs[]): Promise<string[]> {
    if (this.#closing) throw new OmniError('unavailable', STOPPING);
    this.#noteProducts();
    const texts = this.#preparations.add(products);
    this.#dispatch();
    return texts;
  }

  /**
   * Lets queries finish within `graceMs`, fails the rest, lets batches that run finish within
   * `graceMs` once more, ends every thread.
   */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    failJobs(this.#products.takeAll(), new OmniError('unavailable', STOPPING));
    this.#preparations.failAll(new OmniError('unavailable', STOPPING));
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
    await this.#idleWithin(graceMs);
    failJobs(this.#queries.takeAll(), new OmniError('unavailable', STOPPING));
    await this.#idleWithin(graceMs);
    await this.#workers.end();
  }

  #checkRoom(pending: readonly PendingJob[], tenant: string, maxWaitMs: number): void {
    const { queueLimit } = this.options;
    const ownLimit = Math.ceil(queueLimit * TENANT_SHARE);
    const isFull =
      this.#queries.size + pending.length > queueLimit ||
      this.#queries.sizeOf(tenant) + pending.length > ownLimit;
    const tokens = pending.reduce((sum, { job }) => sum + job.tokens.length, 0);
    const waitMs = this.#waitMs(tenant, tokens);
    const isLate = this.#queries.size > 0 && waitMs > maxWaitMs;
    if (!isFull && !isLate) return;
    throw new OmniError('overloaded', 'too many queries wait for their embedding', {
      retryAfterMs: Math.max(100, Math.ceil(waitMs)),
    });
  }

  /** How long `tokens` more of a tenant would wait for a worker. */
  #waitMs(tenant: string, tokens: number): number {
    const now = performance.now();
    const ahead = this.#queries.tokensAhead(tenant, tokens);
    const length = this.#queries.tokens / Math.max(1, this.#queries.size);
    const batches =
      ahead === 0 ? 0 : Math.ceil(ahead / length / queryBatchTexts(this.#cost, length, false));
    let workMs = this.#cost.predictQueueMs(ahead, batches);
    for (const { endsAtMs } of this.#running) workMs += Math.max(0, endsAtMs - now);
    // What the tenant's longest-waiting text has waited counts too: the estimate lags behind a machine
    // that gets busy.
    const waitedMs = now - (this.#queries.headSinceMs(tenant) ?? now);
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
      const preparation = products ? this.#preparations.take() : undefined;
      if (preparation !== undefined) {
        void this.#prepare(preparation);
        continue;
      }
      const jobs = products ? this.#takeProducts() : this.#takeQueries(evenly);
      if (jobs.length === 0) break;
      void this.#run(jobs, products);
    }
    this.#settleIfIdle();
  }

  #productsAreNext(): boolean {
    if (this.#products.size + this.#preparations.length === 0) return false;
    const now = performance.now();
    if (this.#queries.size > 0) return now - this.#productsWaitSinceMs > STARVED_MS;
    // While queries come in, one worker stays free for the next of them.
    const slots = this.#queriesAreActive(now)
      ? Math.max(1, this.options.threads - 1)
      : this.options.threads;
    return this.#runningProducts < slots;
  }

  #noteProducts(): void {
    const isFirst = this.#products.size + this.#preparations.length === 0;
    if (isFirst) this.#productsWaitSinceMs = performance.now();
  }

  #queriesAreActive(now: number): boolean {
    return now - this.#lastQueryAtMs < ACTIVE_MS;
  }

  #takeQueries(evenly: boolean): EmbeddingJob[] {
    const idle = this.options.threads - this.#running.size;
    const fairShare = Math.ceil(this.#queries.size / idle);
    const most = queryBatchTexts(this.#cost, this.#queries.headLength, evenly);
    const jobs = this.#queries.take(Math.min(fairShare, most));
    // A quantized model runs only neighbours of equal length together.
    return jobs.sort((a, b) => a.tokens.length - b.tokens.length);
  }

  #takeProducts(): EmbeddingJob[] {
    const now = performance.now();
    this.#productsWaitSinceMs = now;
    const isActive = this.#queriesAreActive(now);
    const jobs = this.#products.take(
      productBatchTexts(this.#cost, this.#products.headLength, isActive),
    );
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
    return jobs;
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
      this.#failedInARow = 0;
      settle(jobs, vectors);
    } catch (error) {
      this.#failedInARow += 1;
      const queue = products ? this.#products : this.#queries;
      if (this.#closing) failJobs(jobs, new OmniError('unavailable', STOPPING, { cause: error }));
      else queue.retryOrFail(jobs, error);
    }
    this.#running.delete(running);
    if (products) this.#runningProducts--;
    this.#dispatch();
  }

  /** Makes some products' texts. Settles; never rejects. */
  async #prepare(preparation: Preparation): Promise<void> {
    const running = { endsAtMs: performance.now() };
    this.#running.add(running);
    this.#runningProducts++;
    this.#productsWaitSinceMs = performance.now();
    try {
      preparation.resolve(await this.#workers.prepare(preparation.products));
    } catch (cause) {
      if (this.#closing) preparation.reject(new OmniError('unavailable', STOPPING, { cause }));
      else this.#preparations.retryOrFail(preparation, cause);
    }
    this.#running.delete(running);
    this.#runningProducts--;
    this.#dispatch();
  }

  #settleIfIdle(): void {
    if (this.#running.size === 0 && this.#queries.size === 0) this.#whenIdle?.();
  }
}
