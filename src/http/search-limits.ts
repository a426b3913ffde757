import { isIPv6 } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SearchMetrics } from '../metrics/search-metrics.js';
import type { PlanBook } from '../tenancy/plan-book.js';
import {
  rateLimited,
  type LimitState,
  type RateLimit,
  type RateLimits,
} from '../tenancy/rate-limits.js';
import type { UsageMeter } from '../tenancy/usage-meter.js';

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
    private readonly metrics: Pick<SearchMetrics, 'limited'>,
  ) {}

  /** Counts a request's searches, by tenant. Rejects `rate_limited`. */
  async take(request: FastifyRequest, searches: ReadonlyMap<string, number>): Promise<void> {
    const { plans, rates, meter } = this.deps;
    const ofTenants: [RateLimit, number][] = [];
    let total = 0;
    for (const [tenant, count] of searches) {
      total += count;
      const { searches_per_s: most, burst = 0 } = await plans.of(tenant);
      if (most !== undefined)
        ofTenants.push([{ by: 'tenant', id: tenant, most, seconds: 1, burst }, count]);
    }
    // The narrowest first: whoever is refused by their own limit takes nothing of what others share.
    const limits = [...ofKey(request).map((limit) => [limit, total] as const), ...ofTenants];
    const taken = await rates.take(limits);
    request.limit = taken;
    if (taken?.isRefused !== true) return;
    this.metrics.limited(taken.limit.by);
    for (const [tenant, count] of searches) meter.count(tenant, 'limited', count);
    throw rateLimited(taken);
  }
}

/** The narrowest first: those of an address before the key's own, those of a derived key before its parent's. */
function ofKey({ key, ip }: FastifyRequest): RateLimit[] {
  if (key === undefined) return [];
  // What was derived from a key has counts of its own, and those of the key besides.
  const limited = key.rates.map((rates, i) => ({
    rates,
    id: i === 0 ? key.id : `${key.id}/derived`,
  }));
  limited.reverse();
  const ofAddress = limited.flatMap(({ rates: { per_ip_per_minute: most }, id }): RateLimit[] =>
    most === undefined
      ? []
      : [{ by: 'address', id: `${id}/${subscriberOf(ip)}`, most, seconds: 60, burst: 0 }],
  );
  const own = limited.flatMap(({ rates, id }): RateLimit[] => {
    const { searches_per_s: most, burst = 0 } = rates;
    return most === undefined ? [] : [{ by: 'key', id, most, seconds: 1, burst }];
  });
  return [...ofAddress, ...own];
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
