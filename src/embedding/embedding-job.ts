import type { OmniError } from '../core/errors.js';
import type { TokenIds } from './token-ids.js';

/** One text on its way through the pool. */
export interface EmbeddingJob {
  readonly tenant: string;
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

export function createJob(tenant: string, tokens: TokenIds): PendingJob {
  let resolve: (vector: Float32Array) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const vector = new Promise<Float32Array>((onVector, onError) => {
    resolve = onVector;
    reject = onError;
  });
  const submittedAtMs = performance.now();
  return { job: { tenant, tokens, submittedAtMs, failures: 0, resolve, reject }, vector };
}

/** Hands each job its part of the batch's vectors, copied so that none keeps the others alive. */
export function settle(jobs: readonly EmbeddingJob[], vectors: Float32Array): void {
  const dimensions = vectors.length / jobs.length;
  for (const [i, job] of jobs.entries()) {
    job.resolve(jobs.length === 1 ? vectors : vectors.slice(i * dimensions, (i + 1) * dimensions));
  }
}

export function failJobs(jobs: Iterable<EmbeddingJob>, error: OmniError): void {
  for (const job of jobs) job.reject(error);
}
