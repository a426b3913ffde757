import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { leastLoaded, loadsOf, rebalance } from '../../src/placement/balance.js';
import { firstPartition } from '../../src/placement/partition.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { Placer } from '../../src/placement/placer.js';
import { planTargets } from '../../src/placement/plan.js';
import { reassignToShards } from '../../src/placement/reassign.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Store } from '../../src/store/store.js';

const partitions = ['Mice', 'Shoes', 'Pans'].map((category, i) =>
  firstPartition(category, i === 1 ? 's2' : 's1'),
);

test('a search asks exactly the shards that can hold a match', () => {
  const placement = { counter: 1, partitions };
  const shardsOf = (categories?: string[]): string[] =>
    planTargets(placement, categories).map(({ shard }) => shard);
  expect(shardsOf()).toEqual(['s1', 's2']);
  expect(shardsOf(['Shoes'])).toEqual(['s2']);
  expect(shardsOf(['Unheard of'])).toEqual([]);
});

test('rebalancing puts the largest first and leaves no shard idle', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      (sizes, shardCount) => {
        const shards = Array.from({ length: shardCount }, (_, i) => `s${i + 1}`);
        const before = sizes.map((_, i) => firstPartition(`c${i}`, 'gone'));
        const products = new Map(sizes.map((size, i) => [`c${i}`, size]));
        const moved = rebalance(shards, before, products);
        expect(moved).toHaveLength(sizes.length);
        expect(moved.every(({ epoch }) => epoch === 2)).toBe(true);
        const loads = loadsOf(shards, moved, products);
        expect(loads.filter((load) => load.partitions > 0)).toHaveLength(
          Math.min(shardCount, sizes.length),
        );
        // Graham's bound: no shard carries more than the mean plus the largest partition.
        const total = sizes.reduce((a, b) => a + b, 0);
        const bound = total / shardCount + Math.max(...sizes);
        expect(Math.max(...loads.map((load) => load.products))).toBeLessThanOrEqual(bound);
        expect(rebalance(shards, moved, products)).toEqual([]);
        expect(shards).toContain(leastLoaded(loads).shard);
      },
    ),
  );
});

describe('with a store', () => {
  let store: Store | undefined;
  const dirs: string[] = [];
  afterEach(async () => {
    await store?.close();
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
  });
  async function open(): Promise<Store> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-placement-'));
    dirs.push(dir);
    store = await openLmdbStore({ dir });
    return store;
  }
  const placerOf = (s: Store, maxPartitions: number, minShards = 1): Placer =>
    new Placer(s, new PlacementCache(s), { shards: () => ['s1', 's2'], minShards, maxPartitions });
  const rows = (...categories: string[]): Map<string, number> =>
    new Map(categories.map((category) => [category, 1]));

  test('nothing is placed while too few shards are known', async () => {
    const s = await open();
    await expect(placerOf(s, 10, 3).ensure('t', rows('a'))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect((await s.placement('t')).partitions).toEqual([]);
    await placerOf(s, 10, 2).ensure('t', rows('a'));
    expect((await s.placement('t')).partitions).toHaveLength(1);
  });

  test('two nodes that see a category first make one partition of it', async () => {
    const s = await open();
    await Promise.all([
      placerOf(s, 10).ensure('t', rows('a', 'b', 'c')),
      placerOf(s, 10).ensure('t', rows('c', 'b', 'd')),
    ]);
    const placement = await s.placement('t');
    expect(placement.partitions.map(({ category }) => category).sort()).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    expect(new Set(placement.partitions.map(({ shard }) => shard))).toEqual(new Set(['s1', 's2']));
  });

  test('other shards than last time: all is placed anew, each move raises an epoch', async () => {
    const s = await open();
    await placerOf(s, 10).ensure('t', rows('a', 'b', 'c', 'd'));
    await placerOf(s, 10).ensure('u', rows('a'));
    const before = (await s.placement('t')).counter;
    expect(await reassignToShards(s, ['s1', 's2'])).toBe(0);
    expect((await s.placement('t')).counter).toBe(before);

    expect(await reassignToShards(s, ['s1', 's2', 's3'])).toBeGreaterThan(0);
    const { partitions: spread } = await s.placement('t');
    expect(new Set(spread.map(({ shard }) => shard)).size).toBe(3);
    expect(await reassignToShards(s, ['s1', 's2', 's3'])).toBe(0);

    await reassignToShards(s, ['s9']);
    for (const tenant of ['t', 'u']) {
      for (const { shard, epoch } of (await s.placement(tenant)).partitions) {
        expect([shard, epoch > 1]).toEqual(['s9', true]);
      }
    }
  });

  test('past its bound of partitions a tenant gets no more', async () => {
    const s = await open();
    const placer = placerOf(s, 2);
    expect(await placer.ensure('t', rows('a', 'b'))).toEqual(new Set());
    expect(await placer.ensure('t', rows('a', 'c'))).toEqual(new Set(['c']));
    expect(await placer.ensure('other', rows('c'))).toEqual(new Set());
  });
});
