import { OmniError } from '../core/errors.js';
import type { EmbeddingJob } from './embedding-job.js';

/** Rows may differ by a quarter of their length, or this many tokens, and still share a batch. */
const CLOSE_TOKENS = 3;
const CLOSE_SHARE = 0.25;

interface TenantJobs {
  /** In order of arrival. */
  jobs: EmbeddingJob[];
  /** Tokens that wait. */
  tokens: number;
  /** Tokens that the tenant has had embedded, by its weight, less what it missed while it asked for nothing. */
  usedTokens: number;
}

/**
 * Jobs handed out in batches of similar length, fair between tenants by the tokens they use: the head
 * of a batch is the oldest job of the tenant that used least. Jobs of one tenant keep their order.
 */
export class JobQueue {
  readonly #tenants = new Map<string, TenantJobs>();
  readonly #weightOf: (tenant: string) => number;
  #size = 0;
  #tokens = 0;
  /** What the tenant served last had used by then: one that comes back is owed no more than this. */
  #virtualTokens = 0;

  /** @param weightOf a tenant's share beside others' */
  constructor(weightOf: (tenant: string) => number = () => 1) {
    this.#weightOf = weightOf;
  }

  get size(): number {
    return this.#size;
  }

  /** Tokens of all jobs that wait: what the work ahead is measured by. */
  get tokens(): number {
    return this.#tokens;
  }

  /** The next job's length in tokens, 0 when none waits. */
  get headLength(): number {
    return this.#leastUser()?.jobs[0]?.tokens.length ?? 0;
  }

  /** Jobs of one tenant that wait. */
  sizeOf(tenant: string): number {
    return this.#tenants.get(tenant)?.jobs.length ?? 0;
  }

  /** When the tenant's longest-waiting job came; undefined when none waits. */
  headSinceMs(tenant: string): number | undefined {
    return this.#tenants.get(tenant)?.jobs[0]?.submittedAtMs;
  }

  /** When the job that waits longest came; undefined when none waits. */
  oldestSinceMs(): number | undefined {
    let sinceMs: number | undefined;
    for (const { jobs } of this.#tenants.values()) {
      for (const { submittedAtMs } of jobs.slice(0, 1)) {
        sinceMs = Math.min(sinceMs ?? submittedAtMs, submittedAtMs);
      }
    }
    return sinceMs;
  }

  /** Tokens that are embedded before `tokens` more of a tenant: its own, and by its weight as many of each other. */
  tokensAhead(tenant: string, tokens: number): number {
    const own = this.#tenants.get(tenant)?.tokens ?? 0;
    const turns = (own + tokens) / this.#weightOf(tenant);
    let ahead = own;
    for (const [name, other] of this.#tenants) {
      if (name !== tenant) ahead += Math.min(other.tokens, turns * this.#weightOf(name));
    }
    return ahead;
  }

  push(jobs: readonly EmbeddingJob[]): void {
    for (const job of jobs) this.#add(job, 'last');
  }

  /** A worker died or failed over `jobs`: each once more, then never. */
  retryOrFail(jobs: readonly EmbeddingJob[], cause: unknown): void {
    for (const job of jobs) {
      job.failures++;
      if (job.failures === 1) this.pushFront(job);
      else job.reject(new OmniError('unavailable', 'the encoder failed twice', { cause }));
    }
  }

  /** Puts a job that failed before all others of its tenant. */
  pushFront(job: EmbeddingJob): void {
    this.#add(job, 'first');
  }

  /** Takes a job out; false when it is not waiting (any more). */
  remove(job: EmbeddingJob): boolean {
    const of = this.#tenants.get(job.tenant);
    const at = of?.jobs.indexOf(job) ?? -1;
    if (of === undefined || at === -1) return false;
    of.jobs.splice(at, 1);
    this.#taken(of, job);
    this.#forgetIdle(job.tenant, of);
    return true;
  }

  /**
   * The job that is due and up to `limit - 1` others of similar length. A job that failed before goes
   * alone, so that a text that kills workers takes no neighbours with it.
   */
  take(limit: number): EmbeddingJob[] {
    const first = this.#leastUser();
    const head = first?.jobs[0];
    if (first === undefined || head === undefined) return [];
    this.#virtualTokens = Math.max(this.#virtualTokens, first.usedTokens);
    const length = head.tokens.length;
    const tolerance = Math.max(CLOSE_TOKENS, length * CLOSE_SHARE);
    const taken: EmbeddingJob[] = [];
    for (const [tenant, of] of this.#inTurn(first)) {
      of.jobs = of.jobs.filter((job) => {
        const fits =
          job === head ||
          (head.failures === 0 &&
            job.failures === 0 &&
            taken.length < limit &&
            Math.abs(job.tokens.length - length) <= tolerance);
        if (!fits) return true;
        taken.push(job);
        of.usedTokens += job.tokens.length / this.#weightOf(tenant);
        this.#taken(of, job);
        return false;
      });
      this.#forgetIdle(tenant, of);
      if (taken.length >= limit || head.failures > 0) break;
    }
    return taken;
  }

  /** Empties the queue. */
  takeAll(): EmbeddingJob[] {
    const jobs = [...this.#tenants.values()].flatMap((of) => of.jobs);
    this.#tenants.clear();
    this.#size = 0;
    this.#tokens = 0;
    return jobs;
  }

  #add(job: EmbeddingJob, where: 'first' | 'last'): void {
    let of = this.#tenants.get(job.tenant);
    if (of === undefined) {
      of = { jobs: [], tokens: 0, usedTokens: this.#virtualTokens };
      this.#tenants.set(job.tenant, of);
    }
    if (of.jobs.length === 0) of.usedTokens = Math.max(of.usedTokens, this.#virtualTokens);
    if (where === 'first') of.jobs.unshift(job);
    else of.jobs.push(job);
    of.tokens += job.tokens.length;
    this.#size += 1;
    this.#tokens += job.tokens.length;
  }

  #taken(of: TenantJobs, job: EmbeddingJob): void {
    of.tokens -= job.tokens.length;
    this.#size -= 1;
    this.#tokens -= job.tokens.length;
  }

  #leastUser(): TenantJobs | undefined {
    let least: TenantJobs | undefined;
    for (const of of this.#tenants.values()) {
      if (of.jobs.length === 0) continue;
      if (least === undefined || of.usedTokens < least.usedTokens) least = of;
    }
    return least;
  }

  /** `first`, then the others: a batch that is run anyway takes along whom it can. */
  #inTurn(first: TenantJobs): [string, TenantJobs][] {
    const all = [...this.#tenants];
    return all.length === 1
      ? all
      : all.sort(([, a], [, b]) => Number(b === first) - Number(a === first));
  }

  /** One that has used no more than its share is as good as new, and so are all where none waits. */
  #forgetIdle(tenant: string, of: TenantJobs): void {
    if (of.jobs.length > 0) return;
    if (this.#size === 0) this.#tenants.clear();
    else if (of.usedTokens <= this.#virtualTokens) this.#tenants.delete(tenant);
  }
}
