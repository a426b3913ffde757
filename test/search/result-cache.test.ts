import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MATCH_ALL, type Filter } from '../../src/filter/filter.js';
import { matchesProduct } from '../../src/filter/evaluate.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { ResultCache, type ResultCacheOptions } from '../../src/search/result-cache.js';
import { RootSearch } from '../../src/search/root-search.js';
import type { SearchReply, SearchRequest } from '../../src/search/search-types.js';
import type { ShardFleet } from '../../src/shard-client/shard-fleet.js';
import type { ProductWrite } from '../../src/store/store.js';
import { DIMENSIONS, MODEL, put, remove, ShardFixture } from '../shard/shard-fixture.js';
import { anyCaller } from './caller.js';
import { serveShard, type ServedShard } from '../shard/served-shard.js';
import { WordEncoder } from './word-encoder.js';

const MICE: Filter = { kind: 'in', field: 'category', values: ['Mice'] };
const CHEAP: Filter = { kind: 'range', field: 'price', op: 'lt', value: 50 };
/** What the query of these tests is nearest to. */
const { vector } = await new WordEncoder(MODEL, DIMENSIONS).embedQuery('wireless mouse');
const BEST = [...vector];
const ROOMY: ResultCacheOptions = { entries: 100, bytes: 1 << 20, ttlMs: 60_000 };

describe('the result cache, over a real shard and store', () => {
  let shard: ShardFixture;
  let served: ServedShard;
  let fleet: ShardFleet;

  beforeEach(async () => {
    shard = await ShardFixture.open();
    for (const category of ['Mice', 'Pans']) await shard.place(category);
    served = await serveShard(shard);
    ({ fleet } = served);
  });

  afterEach(async () => {
    await served.close();
    await shard.close();
  });

  function node(options?: ResultCacheOptions): { search: RootSearch; results?: ResultCache } {
    const { store } = shard;
    const results = options && new ResultCache(store, options);
    const search = new RootSearch({
      model: { name: 'test', fingerprint: MODEL, dimensions: DIMENSIONS },
      encoder: new WordEncoder(MODEL, DIMENSIONS),
      placements: new PlacementCache(store),
      fleet,
      store,
      logger: pino({ level: 'silent' }),
      results,
    });
    return { search, ...(results && { results }) };
  }

  const products = (count: number): ProductWrite[] =>
    Array.from({ length: count }, (_, i) =>
      put(`p${i}`, i % 2 === 0 ? 'Mice' : 'Pans', [1, i / 100, 0, 0, 0, 0, 0, 0], { price: i }),
    );
  const idsOf = ({ hits }: SearchReply): string[] => hits.map(({ id }) => id);

  test('answers a repeated search from it, however it is spelt and whichever fields it wants', async () => {
    await shard.write(products(30));
    const { search, results } = node(ROOMY);
    const first = await search.search(request({ query: 'Wireless  Mouse' }), anyCaller());
    const second = await search.search(
      request({ query: 'wireless mouse', fields: ['price'] }),
      anyCaller(),
    );
    expect([first.cached, second.cached]).toEqual([false, true]);
    expect(idsOf(second)).toEqual(idsOf(first));
    expect(second.hits[0]!.product).toEqual({ price: first.hits[0]!.product['price'] });
    expect(results!.status()).toEqual({ entries: 1, hits: 1, misses: 1 });
  });

  test('keeps apart what differs in tenant, filter, number of hits or exactness', async () => {
    await shard.write(products(30));
    const { search } = node(ROOMY);
    const variants = [
      {},
      { filter: MICE },
      { topK: 3 },
      { exact: true },
      { tenant: 'other' },
      { query: 'else' },
    ];
    for (const variant of variants) {
      expect((await search.search(request(variant), anyCaller())).cached).toBe(false);
    }
    for (const variant of variants.filter(({ tenant }) => tenant === undefined)) {
      expect((await search.search(request(variant), anyCaller())).cached).toBe(true);
    }
  });

  test('serves a batch from it where it can', async () => {
    await shard.write(products(30));
    const { search } = node(ROOMY);
    await search.search(request({ query: 'known' }), anyCaller());
    const queries = ['new', 'known', 'newer'].map((query) => request({ query }));
    const replies = (await search.searchBatch(queries, anyCaller())) as SearchReply[];
    expect(replies.map(({ cached }) => cached)).toEqual([false, true, false]);
    const alone = await Promise.all(
      queries.map((query) => node().search.search(query, anyCaller())),
    );
    expect(replies.map(idsOf)).toEqual(alone.map(idsOf));
  });

  test('ends an entry when a category that it read changes, whoever writes', async () => {
    await shard.write(products(30));
    const { search } = node(ROOMY);
    const inMice = request({ filter: MICE, exact: true });
    await search.search(inMice, anyCaller());
    await shard.write([put('new pan', 'Pans', BEST)]);
    expect((await search.search(inMice, anyCaller())).cached).toBe(true);
    await shard.write([put('new mouse', 'Mice', BEST)]);
    const after = await search.search(inMice, anyCaller());
    expect(after.cached).toBe(false);
    expect(idsOf(after)).toContain('new mouse');
  });

  test('ends an entry when a hit leaves for a category that it did not read', async () => {
    await shard.write(products(30));
    const { search } = node(ROOMY);
    const inMice = request({ filter: MICE, exact: true });
    const before = await search.search(inMice, anyCaller());
    await shard.write([put('p28', 'Pans', BEST)]);
    const after = await search.search(inMice, anyCaller());
    expect(idsOf(before)).toContain('p28');
    expect(after.cached).toBe(false);
    expect(idsOf(after)).not.toContain('p28');
  });

  test('does not keep what a shard answered that had not seen the latest write', async () => {
    await shard.write(products(30));
    const { search } = node(ROOMY);
    const asked = request({ exact: true });
    await shard.store.write('shop', [put('late', 'Mice', BEST)]);
    await search.search(asked, anyCaller());
    await shard.settle();
    expect(idsOf(await search.search(asked, anyCaller()))).toContain('late');
  });

  test('invariant 6: a partial answer never enters', async () => {
    await shard.write(products(30));
    await shard.move('Pans', 's9');
    await shard.settle();
    const { search, results } = node(ROOMY);
    for (let i = 0; i < 2; i++) {
      const { missing, cached } = await search.search(request({}), anyCaller());
      expect(missing).not.toEqual([]);
      expect(cached).toBe(false);
    }
    expect(results!.status().entries).toBe(0);
  });

  test('ends entries by time, and stays within its entries and bytes', async () => {
    await shard.write(products(30));
    const brief = node({ ...ROOMY, ttlMs: 5 });
    await brief.search.search(request({}), anyCaller());
    await expect.poll(async () => brief.results!.get(key(request({})))).toBeUndefined();
    const few = node({ ...ROOMY, entries: 2 });
    const small = node({ ...ROOMY, bytes: 6_000 });
    for (let i = 0; i < 20; i++) {
      await few.search.search(request({ query: `q${i}` }), anyCaller());
      await small.search.search(request({ query: `q${i}` }), anyCaller());
    }
    expect(few.results!.status().entries).toBe(2);
    expect(small.results!.status().entries).toBeGreaterThan(0);
    expect(small.results!.status().entries).toBeLessThan(6);
  });

  test('property: with it, searches answer as without it, through writes, moves and deletes', async () => {
    const id = fc.integer({ min: 0, max: 11 }).map((i) => `p${i}`);
    const write = fc.record({
      id,
      category: fc.constantFrom('Mice', 'Pans'),
      price: fc.integer({ min: 0, max: 99 }),
      slope: fc.integer({ min: 0, max: 20 }),
      deletes: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
      settles: fc.boolean(),
    });
    const ask = fc.record({
      query: fc.constantFrom('one', 'two'),
      filter: fc.constantFrom(MATCH_ALL, MICE, CHEAP),
      topK: fc.constantFrom(2, 5),
    });
    const step = fc.oneof({ weight: 1, arbitrary: write }, { weight: 2, arbitrary: ask });
    let served = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const { search } = node(ROOMY);
        const plain = node().search;
        let settled = true;
        await shard.settle();
        for (const each of steps) {
          if ('id' in each) {
            const change = each.deletes
              ? remove(each.id)
              : put(each.id, each.category, [1, each.slope / 20, 0, 0, 0, 0, 0, 0], {
                  price: each.price,
                });
            await shard.store.write('shop', [change]);
            if (each.settles) await shard.settle();
            settled = each.settles;
            continue;
          }
          const asked = request({ ...each, exact: true });
          const reply = await search.search(asked, anyCaller());
          if (reply.cached) served++;
          if (settled) {
            const { hits, missing } = await plain.search(asked, anyCaller());
            expect({ hits: reply.hits, missing: reply.missing }).toEqual({ hits, missing });
          }
          const stored = await shard.store.documents('shop', idsOf(reply));
          expect(reply.hits.map(({ product }) => product)).toEqual(
            stored.map((found) => found?.product),
          );
          for (const { product } of reply.hits) {
            expect(
              matchesProduct(
                each.filter,
                product as { id: string; category: string; title: string },
              ),
            ).toBe(true);
          }
        }
      }),
      { numRuns: 15 },
    );
    expect(served).toBeGreaterThan(0);
  });

  function key(asked: SearchRequest): string {
    return ResultCache.key(asked, new WordEncoder(MODEL, DIMENSIONS).queryKey(String(asked.query)));
  }

  function request(options: Partial<SearchRequest>): SearchRequest {
    return {
      tenant: 'shop',
      query: 'wireless mouse',
      topK: 10,
      filter: MATCH_ALL,
      fields: undefined,
      exact: false,
      explain: false,
      timeoutMs: 5_000,
      ...options,
    };
  }
});
