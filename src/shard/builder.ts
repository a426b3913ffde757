import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { BuildJob, BuildMessage, BuildResult, StopFlag } from './build-protocol.js';
import type { SegmentRecord } from './segment-format.js';
import type { Tail } from './tail.js';

/** A worker looks at the stop flag at each row and between files. */
const CLOSE_TIMEOUT_MS = 3_000;
/** So long without a build, the worker ends: what it held goes back to the system. */
const IDLE_MS = 1_000;
/** Rows of a tail sent in one turn: about a millisecond. */
const SENT_ROWS = 2_048;

/**
 * Builds segments in one worker thread, one at a time in order of asking: two builds at once would
 * take both cores from searches. A worker that dies fails its build and is started again. One that
 * has nothing to do is ended: its garbage, built graphs among it, would not be collected while it idles.
 */
export class Builder {
  private worker: Worker | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  /** Builds that wait or run. */
  private pending = 0;
  private idle: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly stopFlag: StopFlag = new Int32Array(new SharedArrayBuffer(4));

  /** @param workerFile the compiled `build-worker.js` */
  constructor(
    private readonly workerFile: URL | string = new URL('./build-worker.js', import.meta.url),
  ) {}

  /** Builds `job` from its segments and the frozen `tail`; undefined when nothing was live. */
  build(job: BuildJob, tail: Tail | undefined): Promise<SegmentRecord | undefined> {
    clearTimeout(this.idle);
    this.pending += 1;
    const built = this.queue.then(() => this.run(job, tail));
    this.queue = built
      .catch(() => undefined)
      .then(() => {
        this.pending -= 1;
        if (this.pending === 0 && !this.closed)
          this.idle = setTimeout(() => this.retire(), IDLE_MS);
      });
    return built;
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

  private async run(job: BuildJob, tail: Tail | undefined): Promise<SegmentRecord | undefined> {
    if (this.closed) throw new Error('the builder is closed');
    this.worker ??= this.start();
    const worker = this.worker;
    const answer = answerOf(worker);
    try {
      if (tail !== undefined) await sendTail(worker, tail);
      worker.postMessage({ type: 'build', job } satisfies BuildMessage);
      const built = await answer.result;
      if ('error' in built) throw new Error(built.error);
      return built.record;
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

/** The worker's next message, or its end. */
function answerOf(worker: Worker): { result: Promise<BuildResult>; release: () => void } {
  const ended = new AbortController();
  const { signal } = ended;
  const result = Promise.race([
    once(worker, 'message', { signal }).then(([message]) => message as BuildResult),
    once(worker, 'exit', { signal }).then(() => ({ error: 'the build worker ended' })),
  ]);
  result.catch(() => undefined);
  return { result, release: () => ended.abort() };
}

/** In pieces, a turn each, so that copying a large tail never holds up a search. */
async function sendTail(worker: Worker, tail: Tail): Promise<void> {
  const post = (message: BuildMessage): void => worker.postMessage(message);
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
  for (const vectors of tail.vectors.slabs) {
    post({ type: 'slab', vectors });
    await nextTurn();
  }
  for (const field of tail.fields()) {
    const column = (await tail.columns([field])).get(field);
    if (column !== undefined) post({ type: 'column', field, column });
    await nextTurn();
  }
}
