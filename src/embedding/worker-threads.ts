import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { OnnxModelShape } from './onnx-model.js';
import type { ProductInputs } from './product-inputs.js';
import type { TokenBatch } from './token-ids.js';
import type { WorkerSetup } from './worker.js';

export interface WorkerThreadsOptions {
  threads: number;
  /** A worker that is silent for so long over one batch is replaced. */
  runTimeoutMs: number;
  setup: WorkerSetup;
  /** The compiled `worker.js`. */
  workerFile: URL;
}

/**
 * Worker threads with a session each. One that dies is replaced; what it was doing rejects. Whoever
 * calls keeps to one batch a thread, so that piscina's own queue stays empty.
 *
 * A thread must not be ended while the native runtime works in it: the runtime answers by aborting
 * the whole process. So let batches finish before `end`.
 */
export class WorkerThreads {
  readonly #piscina: Piscina<TokenBatch | readonly ProductInputs[] | undefined, unknown>;

  constructor(private readonly options: WorkerThreadsOptions) {
    this.#piscina = new Piscina({
      filename: fileURLToPath(options.workerFile),
      minThreads: options.threads,
      maxThreads: options.threads,
      workerData: options.setup,
      recordTiming: false,
    });
    // A worker that dies while idle: piscina has started another, nobody waits for it.
    this.#piscina.on('error', () => undefined);
  }

  /** Loads the model in every worker. Rejects with what the first of them says when it cannot. */
  async load(): Promise<OnnxModelShape> {
    const answers = await Promise.allSettled(
      Array.from({ length: this.options.threads }, async () =>
        this.#piscina.run(undefined, { name: 'describe' }),
      ),
    );
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    const [first] = answers;
    if (first?.status !== 'fulfilled') throw new Error('there must be at least one thread');
    return first.value as OnnxModelShape;
  }

  /** The vectors of a batch, end to end, from a free worker. */
  async embed(batch: TokenBatch): Promise<Float32Array> {
    return (await this.#run('embed', batch)) as Float32Array;
  }

  /** The texts of products, from a free worker. */
  async prepare(products: readonly ProductInputs[]): Promise<string[]> {
    return (await this.#run('prepare', products)) as string[];
  }

  async #run(name: string, task: TokenBatch | readonly ProductInputs[]): Promise<unknown> {
    const watchdog = new Watchdog(this.options.runTimeoutMs);
    try {
      return await this.#piscina.run(task, { name, signal: watchdog });
    } finally {
      watchdog.release();
    }
  }

  /** Ends every thread. */
  async end(): Promise<void> {
    await this.#piscina.destroy();
  }
}

/**
 * A signal that fires after `ms`, in two halves: a process that was stopped for a while (a paused
 * machine) finds the first half over, and has the second to receive what was ready all along. Not an
 * `AbortController`, which takes 0.1 ms of each query's time.
 */
class Watchdog {
  #timer: NodeJS.Timeout;
  #fire: () => void = () => undefined;

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(() => this.#fire(), ms / 2);
    }, ms / 2);
  }

  /** Of the part of `AbortSignal` that piscina uses. */
  addEventListener(_: 'abort', listener: () => void): void {
    this.#fire = listener;
  }

  removeEventListener(): void {
    this.#fire = () => undefined;
  }

  release(): void {
    clearTimeout(this.#timer);
  }
}
