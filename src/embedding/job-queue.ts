import type { EmbeddingJob } from './embedding-job.js';

/** Rows may differ by a quarter of their length, or this many tokens, and still share a batch. */
const CLOSE_TOKENS = 3;
const CLOSE_SHARE = 0.25;

/** Jobs in order of arrival, handed out in batches of similar length. */
export class JobQueue {
  #jobs: EmbeddingJob[] = [];
  #tokens = 0;

  get size(): number {
    return this.#jobs.length;
  }

  /** Tokens of all jobs that wait: what the work ahead is measured by. */
  get tokens(): number {
    return this.#tokens;
  }

  /** The longest-waiting job's length in tokens, 0 when none waits. */
  get headLength(): number {
    return this.#jobs[0]?.tokens.length ?? 0;
  }

  /** When the longest-waiting job came; undefined when none waits. */
  get headSinceMs(): number | undefined {
    return this.#jobs[0]?.submittedAtMs;
  }

  push(jobs: readonly EmbeddingJob[]): void {
    this.#jobs = this.#jobs.concat(jobs);
    for (const job of jobs) this.#tokens += job.tokens.length;
  }

  /** Puts a job that failed before all others. */
  pushFront(job: EmbeddingJob): void {
    this.#jobs.unshift(job);
    this.#tokens += job.tokens.length;
  }

  /** Takes a job out; false when it is not waiting (any more). */
  remove(job: EmbeddingJob): boolean {
    const at = this.#jobs.indexOf(job);
    if (at === -1) return false;
    this.#jobs.splice(at, 1);
    this.#tokens -= job.tokens.length;
    return true;
  }

  /**
   * The job that waits longest and up to `limit - 1` others of similar length. A job that failed
   * before goes alone, so that a text that kills workers takes no neighbours with it.
   */
  take(limit: number): EmbeddingJob[] {
    const head = this.#jobs[0];
    if (head === undefined) return [];
    const length = head.tokens.length;
    const tolerance = Math.max(CLOSE_TOKENS, length * CLOSE_SHARE);
    const taken: EmbeddingJob[] = [];
    const left: EmbeddingJob[] = [];
    for (const job of this.#jobs) {
      const fits =
        job === head ||
        (head.failures === 0 &&
          job.failures === 0 &&
          taken.length < limit &&
          Math.abs(job.tokens.length - length) <= tolerance);
      (fits ? taken : left).push(job);
    }
    this.#jobs = left;
    for (const job of taken) this.#tokens -= job.tokens.length;
    return taken;
  }

  /** Empties the queue. */
  takeAll(): EmbeddingJob[] {
    const jobs = this.#jobs;
    this.#jobs = [];
    this.#tokens = 0;
    return jobs;
  }
}
