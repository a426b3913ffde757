import { boundedCache } from '../core/bounded-cache.js';
import {
  BurstyRateLimiter,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { OmniError } from '../core/errors.js';
import type { RedisConnection } from '../redis/redis.js';

/** Whose searches are counted. */
type LimitedBy = 'key' | 'tenant' | 'address';

/** So many in so many seconds. */
export interface RateLimit {
  by: LimitedBy;
  /** Of the key, the tenant, or the key and the address. */
  id: string;
  /** An integer from 1. */
  most: number;
  seconds: number;
  /** More at once, once in ten seconds. */
  burst: number;
}

/** How near a limit is; the nearest of several. */
export interface LimitState {
  limit: RateLimit;
  remaining: number;
  /** When the count begins anew. */
  resetMs: number;
}

const BURST_SECONDS = 10;
/** Kinds of limits that are told apart at a time. */
const MAX_LIMITERS = 2_000;
/** Whose searches are counted in memory at a time: addresses are many, and those that came least lately go. */
const MAX_COUNTED = 200_000;

/** `consume` rejects with a `RateLimiterRes` past the limit, and with an `Error` where it cannot count. */
type Limiter = Pick<RateLimiterAbstract, 'consume'>;

interface Limiters {
  own: Limiter;
  /** Of the node's own. */
  forget: (id: string) => void;
  shared: Limiter | undefined;
}

/**
 * Counts searches in windows of time (rate-limiter-flexible), of all nodes together where they share a Redis. Where that does
 * not answer each node counts by itself: limits are no reason not to answer.
 */
export class RateLimits {
  private readonly limiters = boundedCache<Limiters>({ max: MAX_LIMITERS });
  /** What the node's own limiters hold, each with how it is forgotten. */
  private readonly counted = boundedCache<() => void>({
    max: MAX_COUNTED,
    dispose: (forget) => forget(),
  });

  constructor(private readonly redis: RedisConnection | undefined) {}

  /**
   * Counts `points` searches against one limit after the other, up to the first that refuses them: what is refused uses up
   * nothing of those behind it, so the narrowest come first. Resolves with the one that refuses, or else the nearest;
   * undefined without any.
   */
  async take(
    limits: readonly (readonly [RateLimit, points: number])[],
  ): Promise<Taken | undefined> {
    let nearest: Taken | undefined;
    for (const [limit, points] of limits) {
      const taken = await this.takeOne(limit, points);
      if (taken.isRefused) return taken;
      if (nearest === undefined || shareLeft(taken) < shareLeft(nearest)) nearest = taken;
    }
    return nearest;
  }

  private async takeOne(limit: RateLimit, points: number): Promise<Taken> {
    // More than ever come at once are not counted either: they would use up what others ask for.
    if (points > Math.max(limit.most, limit.burst)) {
      return { limit, remaining: 0, resetMs: limit.seconds * 1_000, isRefused: true };
    }
    const limiters = this.limitersOf(limit);
    const { shared } = limiters;
    const countHere = () => counting(this.ownOf(limit, limiters).consume(limit.id, points));
    const { redis } = this;
    const outcome =
      shared === undefined || redis === undefined
        ? await countHere()
        : await counting(redis.run(() => shared.consume(limit.id, points))).catch(countHere);
    const { remainingPoints, msBeforeNext } = outcome.res;
    const remaining = Math.max(0, remainingPoints);
    return { limit, remaining, resetMs: Math.max(0, msBeforeNext), isRefused: outcome.isRefused };
  }

  private ownOf(limit: RateLimit, { own, forget }: Limiters): Limiter {
    const { id } = limit;
    const key = `${nameOf(limit)}/${id}`;
    if (this.counted.get(key) === undefined) this.counted.set(key, () => forget(id));
    return own;
  }

  private limitersOf(limit: RateLimit): Limiters {
    const { most, seconds, burst } = limit;
    const name = nameOf(limit);
    const found = this.limiters.get(name);
    if (found !== undefined) return found;
    const { redis } = this;
    const window = { keyPrefix: `omnisearch:limit:${name}`, points: most, duration: seconds };
    const bursts = {
      keyPrefix: `omnisearch:burst:${name}`,
      ...{ points: burst, duration: BURST_SECONDS },
    };
    const [steady, bursting] = [new RateLimiterMemory(window), new RateLimiterMemory(bursts)];
    const made: Limiters = {
      own: withBurst(burst, steady, () => bursting),
      forget: (id) => {
        // Both are in memory: neither waits for anything.
        void steady.delete(id);
        void bursting.delete(id);
      },
      shared:
        redis &&
        withBurst(
          burst,
          new RateLimiterRedis({ ...window, storeClient: redis.client }),
          () => new RateLimiterRedis({ ...bursts, storeClient: redis.client }),
        ),
    };
    this.limiters.set(name, made);
    return made;
  }
}

/** Limits that are alike are counted by one limiter. */
function nameOf({ by, most, seconds, burst }: RateLimit): string {
  return `${by}:${most}:${seconds}:${burst}`;
}

export interface Taken extends LimitState {
  isRefused: boolean;
}

/** `rate_limited`, saying whose limit it is. */
export function rateLimited({ limit, resetMs }: LimitState): OmniError {
  const { by, most, seconds } = limit;
  const time = seconds === 1 ? 'a second' : seconds === 60 ? 'a minute' : `in ${seconds} s`;
  const message = `more than ${most} searches ${time} of one ${by}`;
  return new OmniError('rate_limited', message, { retryAfterMs: Math.max(1, resetMs) });
}

function withBurst(
  burst: number,
  window: RateLimiterMemory | RateLimiterRedis,
  bursts: () => RateLimiterMemory | RateLimiterRedis,
): Limiter {
  return burst > 0 ? new BurstyRateLimiter(window, bursts()) : window;
}

/** A refusal is an outcome; an `Error` is none. */
async function counting(
  consuming: Promise<RateLimiterRes>,
): Promise<{ res: RateLimiterRes; isRefused: boolean }> {
  try {
    return { res: await consuming, isRefused: false };
  } catch (error) {
    if (error instanceof RateLimiterRes) return { res: error, isRefused: true };
    throw error;
  }
}

/** Of 1. */
function shareLeft({ remaining, limit }: LimitState): number {
  return remaining / limit.most;
}
