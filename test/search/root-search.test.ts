import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MATCH_ALL, type Filter } from '../../src/filter/filter.js';
import { StageTimes } from '../../src/core/stage-times.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { PlacementReshaped } from '../../src/search/failures.js';
import { RootSearch } from '../../src/search/root-search.js';
import { PLAIN_TEXT, type SearchRequest } from '../../src/search/search-types.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { ShardFleet } from '../../src/shard-client/shard-fleet.js';
import type { Store } from '../../src/store/store.js';
import { DIMENSIONS, MODEL, put, remove, ShardFixture } from '../shard/shard-fixture.js';
import { anyCaller } from './caller.js';
import { searchableOver, serveShard, type ServedShard } from '../shard/served-shard.js';

describe('a query node over a real shard and store', () => {
  let shard: ShardFixture;
  let served: ServedShard;
  let fleet: ShardFleet;
  let search: RootSearch;

  beforeEach(async () => {
    shard = await ShardFixture.open();
    for (const category of ['Mice', 'Pans']) await shard.place(category);
    served = await serveShard(shard);
    ({ fleet } = served);
    search = searchWith(MODEL);
  });

  afterEach(async () => {
    await served.close();
    await shard.close();
  });

  function searchWith(
    fingerprint: string,
    store: Store = shard.store,
    stages = new StageTimes(),
  ): RootSearch {
    const model = { name: 'test', fingerprint, dimensions: DIMENSIONS };
    const placements = new PlacementCache(store);
    const tenants = new TenantDirectory(store.records, true);
    const searchable = searchableOver(store, fleet);
    const deps = { model, encoder: undefined, placements, fleet, searchable, store, tenants };
    return new RootSearch({ ...deps, stages, logger: pino({ level: 'silent' }) });
  }

  /** The store as a query node whose one read never ends sees it; the shard's is not touched. */
  function hanging(read: 'placement' | 'knownFields' | 'documents'): Store {
    const hang = { value: (): Promise<never> => new Promise(() => undefined) };
    return Object.create(shard.store, { [read]: hang }) as Store;
  }

  const products = (count: number, price = 1): ReturnType<typeof put>[] =>
    Array.from({ length: count }, (_, i) =>
      put(`p${i}`, i % 2 === 0 ? 'Mice' : 'Pans', [1, i / 100, 0, 0, 0, 0, 0, 0], { price }),
    );

  /** What the shards have not heard of: the store moves on, the index does not. */
  async function writeBehindTheIndex(writes: ReturnType<typeof put>[]): Promise<void> {
    const feed = vi.spyOn(shard.store, 'readFeed');
    feed.mockImplementation(async (_, after) => {
      const position = after ?? new Uint8Array();
      return { entries: [], position, atEnd: true, expired: false };
    });
    await shard.store.write('shop', writes);
  }

  test('invariant 2: a deleted product is never returned, and what it leaves is refilled', async () => {
    await shard.write(products(60));
    await writeBehindTheIndex([remove('p0'), remove('p1'), remove('p2')]);
    const { hits, missing } = await search.search(request({ topK: 5 }), anyCaller());
    expect(hits.map(({ id }) => id)).toEqual(['p3', 'p4', 'p5', 'p6', 'p7']);
    expect(missing).toEqual([]);
  });

  test("invariant 2: a returned price is the store's, and one that left the filter is dropped", async () => {
    await shard.write(products(60));
    await writeBehindTheIndex([
      put('p0', 'Mice', [1, 0, 0, 0, 0, 0, 0, 0], { price: 99 }),
      put('p1', 'Pans', [1, 0.01, 0, 0, 0, 0, 0, 0], { price: 2 }),
    ]);
    const filter: Filter = { kind: 'range', field: 'price', op: 'lt', value: 50 };
    const { hits } = await search.search(request({ topK: 3, filter }), anyCaller());
    expect(hits.map(({ id, product }) => [id, product['price']])).toEqual([
      ['p1', 2],
      ['p2', 1],
      ['p3', 1],
    ]);
  });

  test('invariant 2: still short after the refill, the answer says stale_index', async () => {
    await shard.write(products(700));
    await writeBehindTheIndex(Array.from({ length: 690 }, (_, i) => remove(`p${i}`)));
    const { hits, missing } = await search.search(request({ topK: 5 }), anyCaller());
    // The widest round asks for 640.
    expect(hits).toEqual([]);
    expect(missing).toEqual([{ part: 'shard', reason: 'stale_index' }]);
  });

  test('invariant 4: vectors of another model are not compared', async () => {
    await shard.write(products(10));
    await expect(searchWith('m2').search(request({}), anyCaller())).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('invariant 6: nothing answered is an error, not an empty result', async () => {
    await shard.write(products(10));
    await served.server.close();
    await expect(search.search(request({ timeoutMs: 300 }), anyCaller())).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('a search that is done again counts once in each stage', async () => {
    await shard.write(products(10));
    // Partitions are cut once, when the shorter of the group is done and the other is being joined.
    const caller = anyCaller();
    const { bytes } = caller;
    const take = bytes.take.bind(bytes);
    let taken = 0;
    bytes.take = (size) => {
      taken += 1;
      if (taken === 8) throw new PlacementReshaped();
      take(size);
    };
    const stages = new StageTimes();
    const replies = await searchWith(MODEL, shard.store, stages).searchBatch(
      [request({ topK: 3 }), request({ topK: 5 })],
      caller,
    );
    expect(replies.map((reply) => 'hits' in reply && reply.hits.length)).toEqual([3, 5]);
    expect(taken).toBe(16);
    expect(stages.histograms.join.counts.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  test('a partition on a shard that is not there is named, others are searched', async () => {
    await shard.write(products(10));
    await shard.move('Pans', 's9');
    await shard.settle();
    const { hits, missing } = await search.search(request({ topK: 10 }), anyCaller());
    expect(hits.map(({ product }) => product.category)).toEqual(Array(5).fill('Mice'));
    expect(missing).toEqual([
      { part: 'shard', category: 'Pans', shard: 's9', reason: 'unavailable' },
    ]);
  });

  test('a store that hangs costs the deadline, whatever it is asked for: 504 where nothing was found', async () => {
    await shard.write(products(10));
    const asked = { topK: 3, timeoutMs: 200 };
    for (const read of ['placement', 'documents'] as const) {
      const found = searchWith(MODEL, hanging(read)).search(request(asked), anyCaller());
      await expect(found).rejects.toMatchObject({ code: 'deadline_exceeded' });
    }
    search = searchWith(MODEL, hanging('knownFields'));
    const filter: Filter = { kind: 'range', field: 'price', op: 'lt', value: 50 };
    const { hits, missing } = await search.search(request({ ...asked, filter }), anyCaller());
    expect(hits).toHaveLength(3);
    expect(missing).toEqual([{ part: 'store', reason: 'timeout' }]);
  });

  const titled = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      put(`p${i}`, i % 2 === 0 ? 'Mice' : 'Pans', [1, i / 100, 0, 0, 0, 0, 0, 0], {
        title: i < 4 ? `Silent thing ${i}` : `Loud thing ${i}`,
        price: i,
      }),
    );

  test('without an encoder texts are ranked by their words alone', async () => {
    await shard.write(titled(20));
    const found = await search.search(request({ query: 'silent things' }), anyCaller());
    expect(found.hits.slice(0, 4).map(({ id }) => id)).toEqual(['p0', 'p1', 'p2', 'p3']);
    expect(found.hits[0]?.scores).toMatchObject({ vector: 0, exact: 0 });
    expect(found).toMatchObject({ embedding: undefined, missing: [], text: { rewritten: null } });
    const text = { ...PLAIN_TEXT, mode: 'vector' as const };
    await expect(search.search(request({ query: 'x', text }), anyCaller())).rejects.toMatchObject({
      code: 'invalid_field',
      field: 'mode',
    });
  });

  test('what is cheap is read off what was found, before any filter', async () => {
    await shard.write(titled(30));
    const filter: Filter = { kind: 'in', field: 'category', values: ['Pans'] };
    const { hits, text } = await search.search(
      request({ query: 'cheap loud thing', filter, topK: 30 }),
      anyCaller(),
    );
    // Twenty-six have all words of it, at prices from 4 to 29.
    expect(text?.understood).toEqual([{ text: 'cheap', filter: { price: { lte: 12 } } }]);
    expect(hits.map(({ id }) => id).sort()).toEqual(['p11', 'p5', 'p7', 'p9']);
  });

  test('of a text, too, a changed title is found at once, and a deleted product never', async () => {
    await shard.write(titled(6));
    const first = async (query: string) =>
      (await search.search(request({ query }), anyCaller())).hits[0]?.id;
    expect(await first('zorbolux')).toBeUndefined();
    await shard.write([put('p5', 'Pans', [1, 0, 0, 0, 0, 0, 0, 0], { title: 'Zorbolux' })]);
    expect(await first('zorbolux')).toBe('p5');
    await writeBehindTheIndex([remove('p5')]);
    expect(await first('zorbolux')).toBeUndefined();
  });

  test('a shard that is not there makes a text partial, whatever the filter: its set is of all products', async () => {
    await shard.write(titled(10));
    await shard.move('Pans', 's9');
    await shard.settle();
    const filter: Filter = { kind: 'in', field: 'category', values: ['Mice'] };
    const asked = { query: 'silent thing', filter };
    const exact = await search.search(request({ ...asked, exact: true }), anyCaller());
    const missing = [{ part: 'shard', category: 'Pans', shard: 's9', reason: 'unavailable' }];
    expect(exact.hits.map(({ id }) => id).slice(0, 2)).toEqual(['p0', 'p2']);
    expect(exact.missing).toEqual(missing);
    // Else its words are counted as they were known last, which the reply says besides.
    const plain = await search.search(request(asked), anyCaller());
    expect([plain.missing, plain.text?.isApproximate]).toEqual([missing, true]);
    // What is cheap was to be read off all.
    const cheap = await search.search(
      request({ query: 'cheap silent thing', filter }),
      anyCaller(),
    );
    expect(cheap.missing).toEqual(missing);
  });

  test('explain tells of every shard asked, also one that refuses part', async () => {
    await shard.write(products(10));
    const { explanation } = await search.search(request({ topK: 3, explain: true }), anyCaller());
    expect(explanation).toMatchObject({ rounds: 1, k: 7 });
    expect(explanation?.shards).toEqual([
      {
        shard: 's1',
        roundTripMs: expect.any(Number) as number,
        tookMs: expect.any(Number) as number,
        partitions: 2,
        refused: 0,
        matches: 10,
        leaf: {
          live: 10,
          steps: [expect.objectContaining({ block: 'tail', plan: 'scan', matches: 10 })],
          yields: 0,
        },
      },
    ]);
    const [asked] = explanation?.shards ?? [];
    expect(asked?.roundTripMs).toBeGreaterThanOrEqual(asked?.tookMs ?? Infinity);
    expect((await search.search(request({}), anyCaller())).explanation).toBeUndefined();
  });

  test('a category that no product has yields nothing and asks nobody', async () => {
    await shard.write(products(10));
    const filter: Filter = { kind: 'in', field: 'category', values: ['Hats'] };
    const { hits, missing } = await search.search(request({ filter }), anyCaller());
    expect([hits, missing]).toEqual([[], []]);
  });

  test('a shard of another store or protocol refuses the handshake', async () => {
    const stranger = new ShardFleet(new Map([['s1', served.address]]), {
      storeId: 'another store',
    });
    await stranger.refresh();
    const [state] = stranger.kept();
    expect(state?.reply).toBeUndefined();
    stranger.close();
  });

  function request(options: Partial<SearchRequest>): SearchRequest {
    return {
      tenant: 'shop',
      query: Float32Array.from([1, 0, 0, 0, 0, 0, 0, 0]),
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
