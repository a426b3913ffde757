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
parentPort.on('message', async ({ ids, mask, dims }) => {
  const session = await opening;
  const feeds = {};
  for (const name of session.inputNames) {
    const values = name === 'input_ids' ? ids : name === 'attention_mask' ? mask : ids.map(() => 0);
    feeds[name] = new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
  }
  const startMs = performance.now();
  await session.run(feeds);
  parentPort.postMessage(performance.now() - startMs);
});`;

/** A batch of texts, row after row. */
export interface TokenRows {
  ids: readonly number[];
  /** 1 where a token is real. */
  mask: readonly number[];
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

/** Rows filled up to the longest of them, by 0. */
export function paddedRows(texts: readonly (readonly number[])[]): TokenRows {
  const length = Math.max(...texts.map((ids) => ids.length));
  const filled = (ids: readonly number[]): number[] =>
    Array.from({ length }, (_, i) => ids[i] ?? 0);
  return {
    ids: texts.flatMap(filled),
    mask: texts.flatMap((ids) => Array.from({ length }, (_, i) => (i < ids.length ? 1 : 0))),
    dims: [texts.length, length],
  };
}
