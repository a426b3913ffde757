import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { SearchLimits } from '../../src/http/search-limits.js';
import type { KeyRates } from '../../src/tenancy/keys/key.js';
import type { Plan } from '../../src/tenancy/plan.js';
import { RateLimits } from '../../src/tenancy/rate-limits.js';
import { openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness | undefined;
afterEach(async () => {
  await node?.close();
  node = undefined;
});

const shop = { 'x-omnisearch-tenant': 'shop' };

describe("a plan's searches a second", () => {
  test('are told with each answer, and past them the answer is 429 with the time to come back', async () => {
    const opened = await openHttp();
    node = opened;
    const send: HttpHarness['send'] = (...asked) => opened.send(...asked);
    await send('PUT', '/plans/slow', { searches_per_s: 3, burst: 2 });
    await send('PUT', '/tenants/shop', { plan: 'slow' });
    await send('PUT', '/tenants/free', {});
    const search = () => send('POST', '/search/text', { query: 'x' }, shop);
    const first = await search();
    expect([first.statusCode, first.headers['ratelimit-limit']]).toEqual([200, '3']);
    const replies = await Promise.all(Array.from({ length: 30 }, search));
    const refused = replies.filter(({ statusCode }) => statusCode === 429);
    // However long all of them take, windows of a second and ten do not let so many in.
    expect(replies.length - refused.length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(0);
    const [one] = refused;
    expect(one?.json().error).toMatchObject({
      code: 'rate_limited',
      message: 'more than 3 searches a second of one tenant',
    });
    expect(Number(one?.headers['retry-after'])).toBeGreaterThan(0);
    expect(one?.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '0' });
    // Whoever has no limit is told of none.
    const other = await send(
      'POST',
      '/search/text',
      { query: 'x' },
      { 'x-omnisearch-tenant': 'free' },
    );
    expect([other.statusCode, other.headers['ratelimit-limit']]).toEqual([200, undefined]);
    const metrics = (await send('GET', '/metrics')).body;
    expect(metrics).toContain(`rate_limited_total{by="tenant"} ${refused.length}`);
    expect(metrics).not.toContain('redis_up');
    const usage = (await send('GET', '/usage?tenant=shop')).json()['tenants'];
    expect(usage).toMatchObject([{ days: [{ limited: refused.length, failed: 0 }] }]);
  });

  test('count whatever the way in: each search of a batch, suggestions, other clients', async () => {
    const opened = await openHttp();
    node = opened;
    const send: HttpHarness['send'] = (...asked) => opened.send(...asked);
    // Nothing of it is given back while the test runs.
    const limits: string[] = [];
    await send('PUT', '/plans/slow', { searches_per_s: 100_000 });
    await send('PUT', '/tenants/shop', { plan: 'slow' });
    const left = async (method: 'GET' | 'POST', url: string, body?: unknown) => {
      const reply = await send(method, url, body, shop);
      limits.push(String(reply.headers['ratelimit-limit']));
      return reply.statusCode;
    };
    const batch = { searches: Array(10).fill({ query: 'x' }) };
    expect(await left('POST', '/search/batch', batch)).toBe(200);
    expect(await left('GET', '/suggest?q=x')).toBe(200);
    expect(await left('GET', '/search?q=x')).toBe(200);
    const path = '/typesense/collections/shop/documents/search?q=x&query_by=title';
    expect(await left('GET', path)).toBe(200);
    expect(limits).toEqual(Array(4).fill('100000'));
  });
});

describe('each way in', () => {
  const MOST = 500;
  const path = '/typesense/collections/shop/documents/search?q=x&query_by=none&facet_by=category';
  const one = { collection: 'shop', q: 'x', query_by: 'none' };
  const algolia = { indexName: 'shop', facets: ['category'] };
  let bearer: Record<string, string>;
  let opened: HttpHarness;

  /** With a key that sees a part of the catalogue, so that counts of it are searches as well. */
  async function open(perMinute: number): Promise<void> {
    opened = await openHttp({ searchMaxAgeS: 60 });
    node = opened;
    await opened.send('POST', '/products', { id: 'a', title: 'x', category: 'c' }, shop);
    const { secret } = (
      await opened.send('POST', '/keys', {
        ...{ kind: 'search', tenants: ['shop'], filter: { price: { lt: 5 } } },
        limits: { per_ip_per_minute: perMinute, exact: false },
      })
    ).json();
    bearer = { authorization: `Bearer ${String(secret)}` };
  }

  /** A window of a minute begins anew only after all of them. */
  test('is charged what it was asked for, whatever it looks at for that', async () => {
    await open(MOST);
    const entries = [{ query: 'x' }, { top_k: 0 }, { query: 'y', price_list: 'gold' }];
    let left = MOST;
    const ways = [
      ['POST', '/search/text', 1, { query: 'x' }],
      ['POST', '/search/batch', 2, { searches: entries }],
      ['GET', '/search?q=x', 1],
      ['GET', '/suggest?q=x', 1],
      ['GET', '/categories', 1],
      ['GET', path, 1],
      ['POST', '/typesense/multi_search', 3, { searches: [one, one, one, { q: 'x' }] }],
      ['POST', '/algolia/1/indexes/*/queries', 2, { requests: [algolia, algolia] }],
      ['POST', '/algolia/1/indexes/shop/query', 1, { facets: ['category'] }],
    ] as const;
    for (const [method, url, count, body] of ways) {
      const reply = await opened.send(method, url, body, bearer);
      left -= count;
      expect([url, reply.headers['ratelimit-remaining']]).toEqual([url, String(left)]);
    }
    // What is known already is asked for as well.
    const known = { ...bearer, 'if-none-match': '*' };
    const reply = await opened.send('GET', '/search?q=x', undefined, known);
    expect([reply.statusCode, reply.headers['ratelimit-remaining']]).toEqual([
      ...[304, String(left - 1)],
    ]);
    const exact = await opened.send('GET', '/search?q=x&exact=true', undefined, known);
    expect([exact.statusCode, exact.json().error.field]).toEqual([403, 'exact']);
  });

  test('is charged before anything is looked at for it', async () => {
    await open(1);
    expect((await opened.send('GET', '/search?q=x', undefined, bearer)).statusCode).toBe(200);
    const searched = opened.search.seen.length;
    for (const [method, url, body] of [
      ['GET', '/search?q=x'],
      ['GET', '/suggest?q=x'],
      ['GET', '/categories'],
      ['GET', path],
      ['POST', '/typesense/multi_search', { searches: [one, one] }],
      ['POST', '/algolia/1/indexes/*/queries', { requests: [algolia] }],
    ] as const) {
      const headers = { ...bearer, 'if-none-match': '*' };
      expect([url, (await opened.send(method, url, body, headers)).statusCode]).toEqual([url, 429]);
    }
    expect(opened.search.seen).toHaveLength(searched);
  });

  test('lets what the key forbids fail by itself in a batch', async () => {
    await open(MOST);
    const searches = [{ query: 'x' }, { query: 'y', price_list: 'gold' }];
    const { results } = (await opened.send('POST', '/search/batch', { searches }, bearer)).json();
    expect(results.map(({ error }) => error && [error.code, error.field])).toEqual([
      undefined,
      ['forbidden', 'searches[1].price_list'],
    ]);
  });

  test('counts the searches of a preview', async () => {
    opened = await openHttp();
    node = opened;
    const limits = { per_ip_per_minute: 5 };
    const { secret } = (
      await opened.send('POST', '/keys', { kind: 'write', tenants: ['shop'], limits })
    ).json();
    bearer = { authorization: `Bearer ${String(secret)}` };
    await opened.send('POST', '/products', { id: 'a', title: 'x', category: 'c' }, bearer);
    const queries = Array.from({ length: 10 }, (_, i) => `mouse ${i}`);
    const rule = { when: { query: 'mouse', match: 'contains' }, then: { hidden: ['a'] } };
    const reply = await opened.send('POST', '/rules/preview', { rule, queries }, bearer);
    expect(reply.statusCode).toBe(200);
    expect(opened.search.seen).toHaveLength(5);
    expect(Number(reply.json()['unknown'])).toBeGreaterThanOrEqual(8);
  });
});

test('an answer that a cache may keep says nothing of the limit of who asked first', async () => {
  node = await openHttp({ searchMaxAgeS: 60 });
  await node.send('PUT', '/plans/slow', { searches_per_s: 100 });
  await node.send('PUT', '/tenants/shop', { plan: 'slow' });
  const { headers } = await node.send('GET', '/search?q=x', undefined, shop);
  expect(headers['cache-control']).toBe('public, max-age=60');
  expect(headers['ratelimit-limit']).toBeUndefined();
});

describe('limits of a key', () => {
  const limitsOf = (plan: Plan = {}) =>
    new SearchLimits(
      {
        plans: { of: async () => plan },
        rates: new RateLimits(undefined),
        meter: { count: () => undefined },
      },
      { limited: () => undefined },
    );
  const PER_ADDRESS = [{ searches_per_s: 1_000, per_ip_per_minute: 3 }];
  const asked = (ip: string, id = 'k1', rates: readonly KeyRates[] = PER_ADDRESS) => {
    return { ip, key: { id, kind: 'search', rates } } as unknown as FastifyRequest;
  };
  /** How many are let in until one is not. */
  async function letIn(
    limits: SearchLimits,
    ips: readonly string[],
    id?: string,
    own?: readonly KeyRates[],
  ): Promise<number> {
    let count = 0;
    for (const ip of ips) {
      const taken = limits.take(asked(ip, id, own), new Map([['shop', 1]]));
      if (
        await taken.then(
          () => true,
          () => false,
        )
      )
        count += 1;
    }
    return count;
  }

  test('an address has a count of its own with each key; what one subscriber has is one address', async () => {
    const limits = limitsOf();
    const repeated = (ip: string) => Array<string>(5).fill(ip);
    expect(await letIn(limits, repeated('10.0.0.1'))).toBe(3);
    expect(await letIn(limits, repeated('10.0.0.2'))).toBe(3);
    expect(await letIn(limits, repeated('::ffff:10.0.0.2'))).toBe(0);
    expect(await letIn(limits, repeated('10.0.0.1'), 'k2')).toBe(3);
    const one = [
      '2001:db8:1:2::1',
      '2001:db8:1:2:ffff::',
      '2001:db8:1:2:3:4:5:6',
      '2001:db8:1:2::',
    ];
    expect(await letIn(limits, one)).toBe(3);
    expect(await letIn(limits, ['2001:db8:1:3::1', '2001:db8::1', '::1'])).toBe(3);
  });

  test('who is refused by a limit of their own takes nothing of the tenant’s', async () => {
    // No window begins anew while a burst of ten seconds is used up.
    const limits = limitsOf({ searches_per_s: 1, burst: 8 });
    const one = Array<string>(40).fill('10.0.0.1');
    expect(await letIn(limits, one, 'greedy')).toBe(3);
    const others = ['10.0.0.2', '10.0.0.3', '10.0.0.4'];
    expect(await letIn(limits, others, 'modest')).toBe(3);
  });

  test('keys that were derived from one never have more together than it has', async () => {
    const limits = limitsOf();
    const parent = { per_ip_per_minute: 10 };
    const derived = (most: number) => [parent, { per_ip_per_minute: most }];
    const repeated = Array<string>(20).fill('10.0.0.1');
    expect(await letIn(limits, repeated, 'k1', derived(4))).toBe(4);
    expect(await letIn(limits, repeated, 'k1', derived(5))).toBe(5);
    expect(await letIn(limits, repeated, 'k1', derived(9))).toBe(1);
    expect(await letIn(limits, repeated, 'k1', [parent])).toBe(0);
    expect(await letIn(limits, repeated, 'k2', derived(9))).toBe(9);
  });
});

describe('TRUST_PROXY', () => {
  test('only a proxy that is trusted says who asks', async () => {
    for (const [trustProxy, expected] of [
      [undefined, '127.0.0.1'],
      [['10.0.0.0/8'], '127.0.0.1'],
      [['loopback'], '9.9.9.9'],
      [['loopback', '9.9.9.9'], '1.1.1.1'],
    ] as const) {
      const seen: string[] = [];
      const watch = (message: unknown): void => {
        const { fastify } = message as { fastify: FastifyInstance };
        fastify.addHook('preHandler', async ({ ip }) => void seen.push(ip));
      };
      subscribe('fastify.initialization', watch);
      const opened = await openHttp({ trustProxy });
      unsubscribe('fastify.initialization', watch);
      const headers = { 'x-forwarded-for': '1.1.1.1, 9.9.9.9' };
      await opened.send('POST', '/search/text', { query: 'x' }, headers);
      await opened.close();
      expect([trustProxy, seen]).toEqual([trustProxy, [expected]]);
    }
  });
});
