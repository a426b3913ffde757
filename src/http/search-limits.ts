import { isIPv6 } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PlanBook } from '../tenancy/plan-book.js';
import {
  rateLimited,
  type LimitState,
  type RateLimit,
  type RateLimits,
} from '../tenancy/rate-limits.js';
import type { UsageMeter } from '../tenancy/usage-meter.js';
import type { Metrics } from './metrics.js';

/** Groups of an IPv6 address that belong to one subscriber. */
const SUBSCRIBER_GROUPS = 4;

declare module 'fastify' {
  interface FastifyRequest {
    /** How near its searches came to a limit; undefined without one. */
    limit: LimitState | undefined;
  }
}

interface Deps {
  plans: Pick<PlanBook, 'of'>;
  rates: Pick<RateLimits, 'take'>;
  meter: Pick<UsageMeter, 'count'>;
}

/** Holds searches to the limits of their key, their tenant and, by the key, of the address that they come from. */
export class SearchLimits {
  constructor(
    private readonly deps: Deps,
    private readonly metrics: Metrics,
  ) {}

  /** Counts a request's searches, by tenant. Rejects `rate_limited`. */
  async take(request: FastifyRequest, searches: ReadonlyMap<string, number>): Promise<void> {
    const { plans, rates, meter } = this.deps;
    const limits: [RateLimit, number][] = [];
    let total = 0;
    for (const [tenant, count] of searches) {
      total += count;
      const { searches_per_s: most, burst = 0 } = await plans.of(tenant);
      if (most !== undefined)
        limits.push([{ by: 'tenant', id: tenant, most, seconds: 1, burst }, count]);
    }
    for (const limit of ofKey(request)) limits.push([limit, total]);
    const taken = await rates.take(limits);
    request.limit = taken;
    if (taken?.isRefused !== true) return;
    this.metrics.limited(taken.limit.by);
    for (const [tenant, count] of searches) meter.count(tenant, 'limited', count);
    throw rateLimited(taken);
  }
}

function ofKey({ key, ip }: FastifyRequest): RateLimit[] {
  if (key?.limits === undefined) return [];
  const { searches_per_s: most, burst = 0, per_ip_per_minute: perIp } = key.limits;
  const limits: RateLimit[] = [];
  if (most !== undefined) limits.push({ by: 'key', id: key.id, most, seconds: 1, burst });
  if (perIp !== undefined) {
    const id = `${key.id}/${subscriberOf(ip)}`;
    limits.push({ by: 'address', id, most: perIp, seconds: 60, burst: 0 });
  }
  return limits;
}

/** Whoever has an IPv6 address has 2^64 of them. */
function subscriberOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const mapped = /^::ffff:([\d.]+)$/i.exec(ip);
  if (mapped !== null) return mapped[1] ?? ip;
  const [head = '', tail = ''] = ip.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const after = tail.split(':').filter((group) => group !== '');
  const zeros = ip.includes('::') ? 8 - groups.length - after.length : 0;
  const all = [...groups, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return all.slice(0, SUBSCRIBER_GROUPS).join(':');
}

/** Says how near a limit the request came; not to who is answered by a cache on the way. */
export function addLimitHeaders({ limit }: FastifyRequest, reply: FastifyReply): void {
  if (limit === undefined) return;
  if (String(reply.getHeader('cache-control')).startsWith('public')) return;
  reply.headers({
    'ratelimit-limit': String(limit.limit.most),
    'ratelimit-remaining': String(limit.remaining),
    'ratelimit-reset': String(Math.ceil(limit.resetMs / 1_000)),
  });
}
