import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type {
  BuildJob,
  BuildMessage,
  BuildResult,
  ChosenWidths,
  StopFlag,
  WidthsJob,
} from './build-protocol.js';
import { FairQueue } from '../../core/fair-queue.js';
import { CorruptFile } from '../index/durable-file.js';
import type { SegmentRecord } from '../index/segment-record.js';
import type { WriteBuffer } from '../index/write-buffer.js';

/** A worker looks at the stop flag at each row and between files. */
const CLOSE_TIMEOUT_MS = 3_000;
/** So long without a build, the worker ends: what it held goes back to the system. */
const IDLE_MS = 1_000;
/** Rows of a tail sent in one turn: about a millisecond. */
const SENT_ROWS = 2_048;

/** Tenants whose builds wait: more than a shard has. */
const MAX_WAITING = 100_000;

/** A build from a job's segments and a frozen tail; undefined when nothing was live. */
export type Build = (
  job: BuildJob,
  tail: WriteBuffer | undefined,
) => Promise<SegmentRecord | undefined>;

/** Chooses anew how wide the graphs of a segment are searched. */
export type ChooseWidths = (job: WidthsJob) => Promise<ChosenWidths>;

/** A segment that was to be merged cannot be read. */
export class DamagedSource extends CorruptFile {
  constructor(
    readonly folder: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Builds segments in one worker thread, one at a time: two builds at once would take both cores from
 * searches. Tenants take turns by what their builds took. A worker that dies fails its build and is
 * started again. One that has nothing to do is ended: its garbage, built graphs among it, would not
 * be collected while it idles.
 */
export class Builder {
  private worker: Worker | undefined;
  private readonly queue = new FairQueue({
    what: 'builds',
    concurrency: 1,
    maxWaiting: MAX_WAITING,
    maxWaitingOfTenant: 8,
  });
  private idle: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly stopFlag: StopFlag = new Int32Array(new SharedArrayBuffer(4));

  /** @param workerFile the built `build-worker.js` */
  constructor(private readonly workerFile: URL) {}

  /** Runs `work` when it is the tenant's turn to build. */
  async inTurn<T>(
    tenant: string,
    work: (build: Build, chooseWidths: ChooseWidths) => Promise<T>,
  ): Promise<T> {
    clearTimeout(this.idle);
    try {
      return await this.queue.run(tenant, () =>
        work(
          (job, tail) => this.build(job, tail),
          (job) => this.chooseWidths(job),
        ),
      );
    } finally {
      const { waitingCount, runningCount } = this.queue;
      if (waitingCount + runningCount === 0 && !this.closed) {
        clearTimeout(this.idle);
        this.idle = setTimeout(() => this.retire(), IDLE_MS);
      }
    }
  }

  private retire(): void {
    this.worker?.postMessage({ type: 'close' } satisfies BuildMessage);
    this.worker = undefined;
  }

  /**
   * Calls off a running build and ends the worker. Not by `terminate`, except for a worker that
   * hangs: a thread that is terminated within a call of hnswlib-node takes the whole process along.
   */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.idle);
    Atomics.store(this.stopFlag, 0, 1);
    const { worker } = this;
    if (worker === undefined) return;
    const exited = once(worker, 'exit');
    worker.postMessage({ type: 'close' } satisfies BuildMessage);
    const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS);
    await exited.catch(() => undefined);
    clearTimeout(timer);
  }

  private async build(
    job: BuildJob,
    tail: WriteBuffer | undefined,
  ): Promise<SegmentRecord | undefined> {
    const built = await this.run((worker) => send(worker, job, tail));
    return 'record' in built ? built.record : undefined;
  }

  private async chooseWidths(job: WidthsJob): Promise<ChosenWidths> {
    const message: BuildMessage = { type: 'widths', job };
    const chosen = await this.run((worker) => {
      worker.postMessage(message);
      return Promise.resolve();
    });
    return 'widths' in chosen ? chosen.widths : new Map();
  }

  /** Has the worker do what `ask` sends it. Rejects with what it says went wrong. */
  private async run(
    ask: (worker: Worker) => Promise<void>,
  ): Promise<Exclude<BuildResult, { error: string }>> {
    if (this.closed) throw new Error('the builder is closed');
    this.worker ??= this.start();
    const worker = this.worker;
    const answer = answerOf(worker);
    try {
      await ask(worker).catch((error: unknown) => {
        // What it has of this tail may not come into the next build.
        this.retire();
        throw error;
      });
      const built = await answer.result;
      if ('error' in built) throw errorOf(built);
      return built;
    } finally {
      answer.release();
    }
  }

  private start(): Worker {
    const worker = new Worker(this.workerFile, { workerData: this.stopFlag });
    const forget = (): void => {
      if (this.worker === worker) this.worker = undefined;
    };
    // An error comes before the exit, and the next build must not meet a worker that is ending.
    worker.on('error', forget);
    worker.on('exit', forget);
    return worker;
  }
}

function errorOf({ error, damaged }: { error: string; damaged: string | undefined }): Error {
  return damaged === undefined ? new Error(error) : new DamagedSource(damaged, error);
}

/** The worker's next message, or its end. */
function answerOf(worker: Worker): { result: Promise<BuildResult>; release: () => void } {
  const ended = new AbortController();
  const { signal } = ended;
  const result = Promise.race([
    once(worker, 'message', { signal }).then(([message]) => message as BuildResult),
    once(worker, 'exit', { signal }).then(() => ({
      error: 'the build worker ended',
      damaged: undefined,
    })),
  ]);
  result.catch(() => undefined);
  return { result, release: () => ended.abort() };
}

type Post = (message: BuildMessage) => void;

async function send(worker: Worker, job: BuildJob, tail: WriteBuffer | undefined): Promise<void> {
  const post: Post = (message) => worker.postMessage(message);
  if (tail !== undefined) await sendTail(post, tail);
  post({ type: 'build', job });
}

/** In pieces, a turn each, so that copying a large tail never holds up a search. */
async function sendTail(post: Post, tail: WriteBuffer): Promise<void> {
  for (let from = 0; from < tail.rows; from += SENT_ROWS) {
    const length = Math.min(SENT_ROWS, tail.rows - from);
    const rows = Array.from({ length }, (_, i) => from + i);
    post({
      type: 'rows',
      rows: {
        ids: rows.map((row) => tail.id(row)),
        versions: rows.map((row) => tail.version(row)),
        hashes: rows.map((row) => tail.hash(row)),
        categories: rows.map((row) => tail.categoryOf(row)),
      },
    });
    await nextTurn();
  }
  // What dies from here on is noted by the index, and killed again in what was built.
  post({ type: 'dead', dead: tail.dead.words });
  for (let slab = 0; slab < tail.vectors.count; slab++) {
    post({ type: 'slab', vectors: tail.vectors.slab(slab) });
    await nextTurn();
  }
  const { names, pieces } = tail.fieldLog;
  for (let from = 0; from < names.length; from += SENT_ROWS) {
    post({ type: 'names', names: names.slice(from, from + SENT_ROWS) });
    await nextTurn();
  }
  for (const piece of pieces) {
    post({ type: 'fields', piece: piece.data });
    await nextTurn();
  }
  for (const piece of tail.terms.pieces()) {
    post({ type: 'terms', piece });
    await nextTurn();
  }
}
