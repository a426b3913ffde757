import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { HASH_END, hashId } from '../../src/core/ids.js';
import { partitionRows } from '../../src/placement/balance.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { firstPartition } from '../../src/placement/partition.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { halves } from '../../src/placement/reshape.js';
import { Placer } from '../../src/placement/placer.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { PartitionMap } from '../../src/store/partition-map.js';
import type { Partition, ProductWrite, Store, TenantPlacement } from '../../src/store/store.js';
import { serving } from '../store/place.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `s${i + 1}`);

describe('partitions of any shape', () => {
  const categories = ['a', 'b', 'c', 'd'];
  /** Sets of categories cut into ranges, and perhaps a rest. */
  const shape = fc
    .record({
      sets: fc.array(fc.nat({ max: 2 }), { minLength: 4, maxLength: 4 }),
      cuts: fc.array(fc.integer({ min: 1, max: HASH_END - 1 }), { maxLength: 3 }),
      hasRest: fc.boolean(),
    })
    .map(({ sets, cuts, hasRest }): Partition[] => {
      const ends = [...new Set(cuts)].sort((x, y) => x - y);
      const bounds = [0, ...ends, HASH_END];
      const groups: (string[] | 'rest')[] = [0, 1]
        .map((set) => categories.filter((_, i) => sets[i] === set))
        .filter((group) => group.length > 0);
      if (hasRest) groups.push('rest');
      return groups.flatMap((group, g) =>
        bounds.slice(1).map((to, i) => ({
          id: `p${g}-${i}`,
          categories: group,
          from: bounds[i] ?? 0,
          to,
          replicas: serving(`s${(g + i) % 3}`),
          epoch: 1,
        })),
      );
    });

  test('a product belongs to exactly one, or to none where nothing names its category', () => {
    fc.assert(
      fc.property(
        shape,
        fc.string(),
        fc.constantFrom(...categories, 'e'),
        (partitions, id, category) => {
          const hash = hashId(id);
          const named = partitions.filter(
            ({ categories: of }) => of !== 'rest' && of.includes(category),
          );
          const holding =
            named.length > 0 ? named : partitions.filter((p) => p.categories === 'rest');
          const expected = holding.filter(({ from, to }) => hash >= from && hash < to);
          expect(expected.length).toBe(holding.length > 0 ? 1 : 0);
          expect(new PartitionMap({ partitions }).of(category, hash)).toBe(expected[0]);
        },
      ),
    );
  });

  test('their rows add up to those of the categories that have a place', () => {
    fc.assert(
      fc.property(
        shape,
        fc.array(fc.nat({ max: 1_000 }), { minLength: 5, maxLength: 5 }),
        (partitions, sizes) => {
          const counts = [...categories, 'e'].map((category, i) => ({
            category,
            products: sizes[i] ?? 0,
          }));
          const map = new PartitionMap({ partitions });
          const placed = counts.filter(({ category }) => map.holding(category).length > 0);
          const total = placed.reduce((sum, { products }) => sum + products, 0);
          const rows = partitionRows(partitions, counts).reduce((sum, more) => sum + more, 0);
          expect(Math.abs(rows - total)).toBeLessThanOrEqual(partitions.length);
        },
      ),
    );
  });
});

describe('a node’s view of a placement', () => {
  /** A store whose reads end when they are told to. */
  class SlowStore {
    current: TenantPlacement = { counter: 0, partitions: [] };
    reads = 0;
    private readonly ends: (() => void)[] = [];

    placement(): Promise<TenantPlacement> {
      this.reads += 1;
      const asRead = this.current;
      return new Promise((resolve) => this.ends.push(() => resolve(asRead)));
    }

    async end(read: number): Promise<void> {
      this.ends[read]?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  function open() {
    const clock = { ms: 0 };
    const store = new SlowStore();
    const cache = new PlacementCache(store, () => clock.ms);
    const change = (...categories: string[]) => {
      store.current = {
        counter: store.current.counter + 1,
        partitions: categories.map((category) => firstPartition(category, ['s1'])),
      };
      return store.current;
    };
    return { clock, store, cache, change };
  }

  test('never gives way to an older one, in whatever order the reads end', async () => {
    const { clock, store, cache, change } = open();
    const older = change('shoes');
    const first = cache.get('t');
    clock.ms += 10;
    const newer = change('shoes', 'bags');
    const second = cache.refresh('t');
    await store.end(1);
    expect(await second).toEqual(newer);
    await store.end(0);
    expect(await first).toEqual(newer);
    expect(await cache.get('t')).toEqual(newer);
    expect(older.counter).toBeLessThan(newer.counter);
  });

  test('what this node has made it is not undone by a read that began before', async () => {
    const { clock, store, cache, change } = open();
    const reading = cache.refresh('t');
    clock.ms += 5;
    const made = change('shoes');
    cache.put('t', made);
    await store.end(0);
    expect(await reading).toEqual(made);
    expect(await cache.get('t')).toEqual(made);
  });

  test('is a second old at most, however long the read took, and none is kept as well', async () => {
    const { clock, store, cache } = open();
    const reading = cache.get('t');
    clock.ms += 900;
    await store.end(0);
    expect(await reading).toEqual({ counter: 0, partitions: [] });
    clock.ms += 50;
    await cache.get('t');
    expect(store.reads).toBe(1);
    clock.ms += 100;
    void cache.get('t');
    expect(store.reads).toBe(2);
  });

  test('a tenant that was dropped and begins anew is seen', async () => {
    const { clock, store, cache, change } = open();
    change('a');
    const before = change('a', 'b');
    cache.put('t', before);
    store.current = { counter: 1, partitions: [] };
    clock.ms += 1_500;
    const reading = cache.get('t');
    await store.end(0);
    expect(await reading).toEqual(store.current);
  });
});

describe('with a store', () => {
  let store: Store | undefined;
  const dirs: string[] = [];
  afterEach(async () => {
    await store?.close();
    store = undefined;
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
  });
  async function open(): Promise<Store> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-placement-'));
    dirs.push(dir);
    store = await openLmdbStore({ dir });
    return store;
  }
  const emptyNodes = (count: number) =>
    new NodeLoads(() => names(count).map((node) => ({ node, rows: 0 })));
  const placerOf = (
    s: Store,
    maxPartitions: number,
    minShards = 1,
    loads = emptyNodes(2),
    replicas = 1,
    partitionRows = 0,
  ): Placer => {
    const options = { loads, minShards, replicas, maxPartitions, partitionRows };
    return new Placer(s, new PlacementCache(s), options);
  };
  const nodesOf = ({ replicas }: Partition): string[] => replicas.map(({ node }) => node);
  const rows = (...categories: string[]): Map<string, number> =>
    new Map(categories.map((category) => [category, 1]));
  const put = (id: string, category: string): ProductWrite => ({
    op: 'put',
    id,
    product: { id, title: id, category },
    feedVersion: undefined,
    contentHash: `${id} ${category}`,
    embedHash: id,
    model: 'm',
    vectors: { text: Float32Array.of(1, 0) },
  });

  test('nothing is placed while too few shards are known', async () => {
    const s = await open();
    await expect(placerOf(s, 10, 3).ensure('t', rows('a'))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect((await s.placement('t')).partitions).toEqual([]);
    await placerOf(s, 10, 2).ensure('t', rows('a'));
    expect((await s.placement('t')).partitions).toHaveLength(1);
  });

  test('several new categories are one change', async () => {
    const s = await open();
    await placerOf(s, 10).ensure('t', rows('a', 'b', 'c'));
    expect((await s.placement('t')).counter).toBe(1);
  });

  test('nodes that see a category first make one partition of it', async () => {
    const s = await open();
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => placerOf(s, 100).ensure('t', rows('a', `own${i}`, 'b'))),
    );
    const { partitions } = await s.placement('t');
    expect(partitions.flatMap(({ categories }) => categories).sort()).toEqual(
      ['a', 'b', ...Array.from({ length: 8 }, (_, i) => `own${i}`)].sort(),
    );
    expect(new Set(partitions.flatMap(nodesOf))).toEqual(new Set(['s1', 's2']));
  });

  test('a category is first placed on as many nodes as it is to have copies, all of which serve', async () => {
    const s = await open();
    const placer = placerOf(s, 100, 1, emptyNodes(5), 2);
    await placer.ensure('t', rows(...Array.from({ length: 40 }, (_, i) => `c${i}`)));
    const { partitions } = await s.placement('t');
    for (const partition of partitions) {
      expect(partition.replicas).toMatchObject([
        { state: 'serving', isFirst: true },
        { state: 'serving', isFirst: true },
      ]);
      expect(new Set(nodesOf(partition)).size).toBe(2);
    }
    const sets = new Set(partitions.map((each) => nodesOf(each).join()));
    expect(sets.size).toBe(5);
    // As far as there are so many.
    await placerOf(s, 100, 1, emptyNodes(2), 3).ensure('u', rows('a'));
    expect((await s.placement('u')).partitions.map(nodesOf)).toEqual([['s1', 's2']]);
  });

  test.each([1, 2, 3])(
    '1,000 shops of 3 categories, %i copies of each, spread over 8 nodes within a tenth',
    async (replicas) => {
      const s = await open();
      let nowMs = 0;
      const carried = new Map(names(8).map((node) => [node, 0]));
      let told = new Map(carried);
      const loads = new NodeLoads(
        () => [...told].map(([node, of]) => ({ node, rows: of })),
        () => nowMs,
      );
      const placer = placerOf(s, 1_000, 8, loads, replicas);
      const sizes = new Map([
        ['a', 120],
        ['b', 80],
        ['c', 50],
      ]);
      for (let shop = 0; shop < 1_000; shop++) {
        await placer.ensure(`shop${shop}`, sizes);
        for (const partition of (await s.placement(`shop${shop}`)).partitions) {
          const size = sizes.get(partition.categories[0] as string) ?? 0;
          for (const node of nodesOf(partition)) carried.set(node, (carried.get(node) ?? 0) + size);
        }
        // Nodes tell of what they carry later than it was placed.
        nowMs += 100;
        if (shop % 37 === 0) told = new Map(carried);
      }
      const of = [...carried.values()];
      expect(Math.max(...of) / Math.min(...of)).toBeLessThan(1.1);
    },
  );

  test('a node that is silent draws nothing on itself', () => {
    let silent = false;
    const loads = new NodeLoads(() => [
      { node: 's1', rows: 100 },
      { node: 's2', rows: silent ? undefined : 300 },
      { node: 's3', rows: undefined },
    ]);
    const rowsOf = () => loads.now().map(({ rows: of }) => of);
    expect(rowsOf()).toEqual([100, 300, 200]);
    silent = true;
    expect(rowsOf()).toEqual([100, 300, 200]);
  });

  test('past its bound of partitions a tenant gets no more, and is told which', async () => {
    const s = await open();
    const placer = placerOf(s, 2);
    expect((await placer.ensure('t', rows('a', 'b'))).refused.size).toBe(0);
    await s.write('t', [put('1', 'a'), put('2', 'b')]);
    const { refused } = await placer.ensure('t', rows('a', 'c'));
    expect([...refused.keys()]).toEqual(['c']);
    expect(refused.get('c')?.message).toContain('bound of 2 partitions (MAX_PARTITIONS)');
    expect((await placer.ensure('other', rows('c'))).refused.size).toBe(0);
  });

  test('1,000 categories, all emptied, give way to new ones, also after a restart', async () => {
    const s = await open();
    const ways = ['delete', 'move', 'purge'] as const;
    const categories = Array.from({ length: 1_000 }, (_, i) => `old${i}`);
    const placer = placerOf(s, 1_000);
    await placer.ensure('t', rows(...categories));
    await s.write(
      't',
      categories.map((category, i) => put(`p${i}`, category)),
    );
    expect((await placer.ensure('t', rows('late'))).refused.size).toBe(1);

    const wayOf = (i: number) => ways[i % ways.length];
    await s.write(
      't',
      categories.map((_, i): ProductWrite =>
        wayOf(i) === 'move'
          ? put(`p${i}`, 'old1')
          : { op: 'delete', id: `p${i}`, feedVersion: undefined },
      ),
    );
    await s.purgeTombstones(Date.now() + 1_000);
    const restarted = placerOf(s, 1_000);
    const fresh = Array.from({ length: 999 }, (_, i) => `new${i}`);
    expect((await restarted.ensure('t', rows(...fresh))).refused.size).toBe(0);
    const { partitions } = await s.placement('t');
    expect(partitions).toHaveLength(1_000);
    expect(partitions.filter(({ categories: [of] }) => of?.startsWith('old'))).toMatchObject([
      { categories: ['old1'] },
    ]);
    expect((await restarted.ensure('t', rows('one more', 'two more'))).refused.size).toBe(0);
  });

  test('a category that was halved gives way with both halves', async () => {
    const s = await open();
    const placer = placerOf(s, 3);
    await placer.ensure('t', rows('a', 'b'));
    const { partitions, counter } = await s.placement('t');
    const next = partitions.flatMap((each) =>
      each.categories.includes('a') ? halves(each, counter + 1) : [each],
    );
    expect(await s.replacePlacement('t', next, counter)).toBe(true);
    await s.write('t', [put('1', 'b')]);
    await placer.ensure('t', rows('c'), true);
    const left = (await s.placement('t')).partitions.map(({ categories }) => categories);
    expect(left).toEqual([['b'], ['c']]);
    const places = await placer.ensure('t', rows('a'));
    for (let id = 0; id < 20; id++) expect(places.of('a', `p${id}`)).toBeDefined();
  });

  test('with PARTITION_ROWS all categories are in one rest, bounded by their number', async () => {
    const s = await open();
    const placer = placerOf(s, 3, 1, emptyNodes(2), 1, 5_000);
    const first = await placer.ensure('t', rows('a', 'b'));
    expect(first.of('a', '1')).toEqual(first.of('b', '2'));
    await s.write('t', [put('1', 'a'), put('2', 'b')]);
    const { refused } = await placer.ensure('t', rows('c', 'd', 'a'));
    expect([...refused.keys()]).toEqual(['d']);
    expect(refused.get('d')?.message).toContain('bound of 3 partitions (MAX_PARTITIONS)');
    expect(await s.placement('t')).toMatchObject({
      counter: 1,
      partitions: [{ categories: 'rest', replicas: [{ isFirst: true }] }],
    });
    // What has emptied is the growth's to join: it is never just dropped.
    expect(await placer.giveBack('t')).toBe(0);
  });

  test('a place that was given back takes a write that named it with it', async () => {
    const s = await open();
    const placer = placerOf(s, 10);
    const places = await placer.ensure('t', rows('a'));
    const partition = places.of('a', '1');
    expect(partition).toBeDefined();
    expect(await placer.giveBack('t')).toBe(1);
    const write = { ...put('1', 'a'), partition: partition } as ProductWrite;
    expect((await s.write('t', [write])).statuses).toEqual(['conflict']);
    // What is in use stays.
    await placer.ensure('t', rows('a'), true);
    expect((await s.write('t', [write])).statuses).toEqual(['applied']);
    expect(await placer.giveBack('t')).toBe(0);
  });
});
