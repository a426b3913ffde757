import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HASH_END, hashId } from '../../src/core/ids.js';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import type { PartitionSet } from '../../src/shard/leaf/partition-set.js';
import { countWords, type Counted } from '../../src/shard/leaf/words/count-words.js';
import { viewsWithin } from '../../src/shard/leaf/words/within.js';
import { PartitionMap } from '../../src/store/partition-map.js';
import type { Partition } from '../../src/store/store.js';
import { move, partitionOf, replicate, serving } from '../store/place.js';
import { EVERYTHING, partitionSet, unlimited } from './leaf-fixture.js';
import { DIMENSIONS, put, remove, ShardFixture } from './shard-fixture.js';
import { BLOCKS, indexOf, made, type Made } from './words-fixture.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-within-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
let n = 0;

const ASKED = {
  words: ['red', 'cable', 'x200', 'nothing'],
  near: ['kabek', 'gren'],
  prefix: 'ca',
  pairs: [
    ['usb', 'cable'],
    ['red', 'red'],
  ] as const,
};

/** Counts in one order, with how many rows there are. */
async function countsOf(
  index: TenantIndex,
  partitions: PartitionSet,
): Promise<Counted & { live: number }> {
  const searcher = index.searcher();
  try {
    const views = await viewsWithin(searcher.views, partitions, unlimited());
    const counted = await countWords(views, ASKED, unlimited());
    const live = views.reduce((sum, { rows, deadCount }) => sum + rows - deadCount, 0);
    const near = counted.near.map(sorted);
    return { ...counted, near, prefixed: sorted(counted.prefixed), live };
  } finally {
    searcher.release();
  }
}

function sorted<T extends { word: string }>(words: readonly T[]): T[] {
  return [...words].sort((a, b) => (a.word < b.word ? -1 : 1));
}

/** Each category whole, or cut where it says. */
const partitions = fc
  .record({
    Mice: fc.nat({ max: HASH_END }),
    Cables: fc.constantFrom(0, HASH_END / 2),
    Pads: fc.constant(0),
  })
  .map((cuts) =>
    Object.entries(cuts).flatMap(([category, cut]) =>
      [
        [0, cut],
        [cut, HASH_END],
      ]
        .filter(([from = 0, to = 0]) => from < to)
        .map(([from = 0, to = 0]): Partition => ({
          ...{ id: `${category}-${from}`, categories: [category], from, to, epoch: 1 },
          replicas: serving('s1'),
        })),
    ),
  );
const shape = fc.record({ blocks: fc.integer({ min: 1, max: BLOCKS }), merged: fc.boolean() });

test('words counted within some of a node’s partitions are those of a node that has only these, with deletes', async () => {
  const property = fc.asyncProperty(
    made,
    shape,
    partitions.chain((all) => fc.tuple(fc.constant(all), fc.subarray(all))),
    fc.nat(),
    async (products, how, [all, some], victim) => {
      const map = new PartitionMap({ partitions: all });
      const isWithin = ({ product }: Made): boolean => {
        const of = map.of(product.category, hashId(product.id));
        return of !== undefined && some.includes(of);
      };
      const whole = await indexOf(folder, `w${n}`, products, how);
      const part = await indexOf(folder, `p${n++}`, products.filter(isWithin), how);
      const set = partitionSet(some);
      try {
        const expected = await countsOf(part, EVERYTHING);
        // Twice: what was worked out of a segment is kept.
        expect(await countsOf(whole, set)).toEqual(expected);
        expect(await countsOf(whole, set)).toEqual(expected);
        const { id } = (products[victim % products.length] as Made).product;
        for (const index of [whole, part]) index.drop(id, Infinity);
        expect(await countsOf(whole, set)).toEqual(await countsOf(part, EVERYTHING));
      } finally {
        for (const index of [whole, part]) {
          for (const segment of index.segments) await segment.close();
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

describe('a node counts what it is asked for', () => {
  const VECTOR = [1, ...Array<number>(DIMENSIONS - 1).fill(0)];
  const titled = (id: string, category: string) =>
    put(id, category, VECTOR, { title: 'red mouse' });
  let shard: ShardFixture;
  beforeEach(async () => {
    shard = await ShardFixture.open();
    await shard.place('Mice', 's1', 's2');
    await shard.place('Pads', 's2', 's1');
    await shard.place('Pans');
    await shard.write([
      ...['m1', 'm2', 'm3', 'gone'].map((id) => titled(id, 'Mice')),
      ...['a1', 'a2'].map((id) => titled(id, 'Pads')),
      titled('p1', 'Pans'),
    ]);
    await shard.write([remove('gone')]);
  });
  afterEach(() => shard.close());

  async function counted(asked: Parameters<ShardFixture['count']>[0]): Promise<[number, number]> {
    const { df, live, ready } = await shard.count({ words: ['red'], ...asked });
    expect(ready).toBe(true);
    return [df[0] ?? -1, live];
  }

  test('by the group of nodes that holds the same', async () => {
    expect(await counted({ group: 's1,s2/', partitions: null })).toEqual([5, 5]);
    expect(await counted({ group: 's1/', partitions: null })).toEqual([1, 1]);
    // Of nodes that are not those that hold anything: another placement than this one.
    expect(await counted({ group: 's1,s3/', partitions: null })).toEqual([0, 0]);
    await expect(shard.count({ counter: 1, group: 's1/', partitions: null })).rejects.toThrow(
      'moved',
    );
  });

  test('by name', async () => {
    const mice = await partitionOf(shard.store, 'shop', 'Mice');
    expect(await counted({ partitions: encodePartitions([mice]) })).toEqual([3, 3]);
    expect(await counted({})).toEqual([6, 6]);
    const moved = encodePartitions([{ ...mice, epoch: 7 }]);
    const { df, live, ready } = await shard.count({ words: ['red'], partitions: moved });
    expect([df, live, ready]).toEqual([[0], 0, false]);
  });

  test('and no row that is there besides: of a partition that is being built, or has gone', async () => {
    const pans = await partitionOf(shard.store, 'shop', 'Pans');
    const built = [...serving('s2'), { node: 's1', state: 'building' } as const];
    await replicate(shard.store, 'shop', pans, built);
    await shard.settle();
    expect(await counted({ group: 's1,s2/', partitions: null })).toEqual([5, 5]);
    await move(shard.store, 'shop', pans, 's2');
    expect(await counted({})).toEqual([5, 5]);
  });
});
