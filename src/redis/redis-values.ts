import { digest } from '../core/ids.js';
import type { SharedValues } from '../core/shared-values.js';
import type { RedisConnection } from './redis.js';

/** Asked and written at a time: past it a node does without. */
const MAX_PENDING = 256;
const MAX_VALUE_BYTES = 256 * 1024;
/** Raised when values of any kind come to be written otherwise. */
const FORMAT = 1;

export interface RedisValuesOptions {
  /** What they are, in keys and figures. */
  use: string;
  /** Whose they are: what is not of one of them is not of another. */
  scope: string;
  ttlMs: number;
  /** Nobody waits longer for what can be computed. */
  patienceMs: number;
}

/** How often a use of Redis helped. */
export interface RedisUse {
  use: string;
  hits: number;
  misses: number;
  /** Not answered in time, or not asked since Redis does not answer. */
  late: number;
}

/**
 * Values of one use in Redis, each with an end. Whatever is wrong with Redis, asking costs a few milliseconds, and nothing while
 * it is left alone; the value is computed then, as it is where there is no Redis.
 */
export class RedisValues implements SharedValues {
  private readonly figures = { hits: 0, misses: 0, late: 0 };
  private pending = 0;

  constructor(
    private readonly redis: RedisConnection,
    private readonly options: RedisValuesOptions,
  ) {}

  get status(): RedisUse {
    return { use: this.options.use, ...this.figures };
  }

  async get(key: string): Promise<Buffer | undefined> {
    const { redis, figures } = this;
    const value = await this.inTime(() => redis.client.getBuffer(this.nameOf(key)));
    if (value === undefined) figures.late += 1;
    else if (value === null) figures.misses += 1;
    else figures.hits += 1;
    return value ?? undefined;
  }

  set(key: string, value: Buffer): void {
    const { redis, options } = this;
    if (value.length > MAX_VALUE_BYTES) return;
    void this.bounded(() => redis.client.set(this.nameOf(key), value, 'PX', options.ttlMs));
  }

  /** What `action` says, or undefined where it says nothing in time. */
  private async inTime<T>(action: () => Promise<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      // An answer that came while this process was busy is read before it is given up.
      const giveUp = () => setImmediate(resolve, undefined);
      timer = setTimeout(giveUp, this.options.patienceMs);
    });
    const answer = await Promise.race([this.bounded(action), late]);
    clearTimeout(timer);
    return answer;
  }

  /** Undefined where it fails, or where too much is under way. The connection ends each by its own deadline. */
  private async bounded<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (this.pending >= MAX_PENDING) return undefined;
    this.pending += 1;
    try {
      return await this.redis.run(action);
    } catch {
      return undefined;
    } finally {
      this.pending -= 1;
    }
  }

  private nameOf(key: string): string {
    const { use, scope } = this.options;
    return `omnisearch:${FORMAT}:${use}:${digest(scope, key)}`;
  }
}
