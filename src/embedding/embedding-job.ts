import type { TokenIds } from './token-ids.js';

/** One text on its way through the pool. */
export interface EmbeddingJob {
  readonly tokens: TokenIds;
  /** On the clock of `performance.now()`. */
  readonly submittedAtMs: number;
  /** Times that a worker failed over it. After the first it runs alone; the second is final. */
  failures: number;
  resolve: (vector: Float32Array) => void;
  reject: (error: unknown) => void;
}

/** A job, and the promise that it settles. */
export interface PendingJob {
  job: EmbeddingJob;
  vector: Promise<Float32Array>;
}

export function createJob(tokens: TokenIds): PendingJob {
  let resolve: (vector: Float32Array) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const vector = new Promise<Float32Array>((onVector, onError) => {
    resolve = onVector;
    reject = onError;
  });
  return {
    job: { tokens, submittedAtMs: performance.now(), failures: 0, resolve, reject },
    vector,
  };
}
