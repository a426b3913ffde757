import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** One thread with one ONNX session and nothing around it: it runs what it is told, and times it. */
const SOURCE = `
const { workerData, parentPort } = require('node:worker_threads');
const { InferenceSession, Tensor } = require(workerData.runtime);
const opening = InferenceSession.create(workerData.file, {
  intraOpNumThreads: workerData.intraOpThreads, interOpNumThreads: 1, logSeverityLevel: 3,
});
parentPort.on('message', async ({ ids, dims }) => {
  const session = await opening;
  const feeds = {};
  for (const name of session.inputNames) {
    const values = BigInt64Array.from(ids, name === 'input_ids' ? BigInt : () => name === 'attention_mask' ? 1n : 0n);
    feeds[name] = new Tensor('int64', values, dims);
  }
  const startMs = performance.now();
  await session.run(feeds);
  parentPort.postMessage(performance.now() - startMs);
});`;

/** A batch of texts of one length. */
export interface TokenRows {
  ids: readonly number[];
  dims: [texts: number, length: number];
}

/** What the runtime alone takes, to compare with. */
export class BareSession {
  private readonly worker: Worker;

  constructor(file: string, intraOpThreads: number) {
    const runtime = createRequire(import.meta.url).resolve('onnxruntime-node');
    const workerData = { runtime, file, intraOpThreads };
    this.worker = new Worker(SOURCE, { eval: true, workerData });
  }

  /** Milliseconds inside the session. */
  async run(rows: TokenRows): Promise<number> {
    // Rejects with the worker's error when it fails.
    const answer = once(this.worker, 'message') as Promise<[number]>;
    this.worker.postMessage(rows);
    const [elapsedMs] = await answer;
    return elapsedMs;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

export function rowsOf(texts: readonly (readonly number[])[]): TokenRows {
  return { ids: texts.flat(), dims: [texts.length, texts[0]?.length ?? 0] };
}
