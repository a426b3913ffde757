import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OmniError } from '../../src/core/errors.js';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import { vectorBytes } from '../../src/query/leaf-query.js';
import { groupOf } from '../../src/store/partition-map.js';
import type { Partition, Position, Replica } from '../../src/store/store.js';
import { partitionOf, replicate, serving } from '../store/place.js';
import { askNode, HOSTING, MODEL, put, remove, ShardFixture } from './shard-fixture.js';

const VECTOR = [1, 0, 0, 0, 0, 0, 0, 0];
const BUILDING: Replica = { node: 's1', state: 'building' };

/** It is told of nothing by the clock, and by nobody: what it knows it has looked up. */
const UNTOLD = { ...HOSTING, pollMs: 1e6 };

let shard: ShardFixture;
beforeEach(async () => {
  shard = await ShardFixture.open({ hosting: UNTOLD });
  await shard.place('Mice');
  await shard.place('Pans', 's2');
  await shard.write([put('m', 'Mice', VECTOR), put('p', 'Pans', VECTOR)]);
});
afterEach(() => shard.close());

const placed = (category: string): Promise<Partition> => partitionOf(shard.store, 'shop', category);

/** Gives it these; one that stays is known since when it came. */
async function replicas(category: string, ...next: Replica[]): Promise<void> {
  const partition = await placed(category);
  const { counter } = await shard.store.placement('shop');
  const known = new Map(partition.replicas.map((replica) => [replica.node, replica]));
  const told = next.map((replica): Replica => {
    const { since = counter + 1 } = known.get(replica.node) ?? {};
    return { ...replica, since };
  });
  expect(await replicate(shard.store, 'shop', partition, told)).toBe(true);
}

/** Whether the node has all that is written, and these categories completely. */
async function isComplete(categories: readonly string[], budgetMs = 60_000): Promise<boolean> {
  const named = await Promise.all(categories.map(placed));
  const mark = await shard.store.head('shop');
  const partitions = encodePartitions(named);
  return shard.node.awaitApplied({ type: 'await', tenant: 'shop', mark, partitions, budgetMs });
}

/** What the group that has the category finds, as a query node asks that knows the placement. */
async function foundIn(category: string): Promise<{ ids: string[]; refused: string[] }> {
  const { counter } = await shard.store.placement('shop');
  const { hits, refused } = await askNode(shard.node, {
    ...{ type: 'search', tenant: 'shop', counter, model: MODEL, budgetMs: 10_000 },
    ...{ group: groupOf(await placed(category)).key, partitions: null },
    query: {
      ...{ vector: vectorBytes(Float32Array.from(VECTOR)), exact: true },
      views: [{ k: 10_000 }],
    },
  });
  return { ids: [...hits.ids].sort(), refused: refused.map(({ reason }) => reason) };
}

describe('a replica that is built', () => {
  const MANY = 600;
  beforeEach(async () => {
    await shard.write(Array.from({ length: MANY }, (_, i) => put(`p${i}`, 'Pans', VECTOR)));
  });

  test('keeps nothing back that is complete: the node follows the feed, and answers, meanwhile', async () => {
    const pages = vi.spyOn(shard.store, 'readFeed');
    const fromStart = () => pages.mock.calls.filter(([, after]) => after === undefined).length;
    await replicas('Pans', ...serving('s2'), BUILDING);
    let rounds = 0;
    for (; !(await isComplete(['Pans'], 0)) && rounds < 1_000; rounds++) {
      await shard.store.write('shop', [put('m', 'Mice', VECTOR, { rounds })]);
      expect(await isComplete([])).toBe(true);
      expect(await foundIn('Mice')).toEqual({ ids: ['m'], refused: [] });
    }
    expect(rounds).toBeGreaterThan(1);
    expect(fromStart()).toBe(1);
    expect(await isComplete(['Mice', 'Pans'])).toBe(true);
    expect(shard.node.status()).toMatchObject({ documents: MANY + 2, ready: true });
  });

  test('is not complete for pages that could not be read: they are read again', async () => {
    const read = shard.store.readFeed.bind(shard.store);
    let second: Position | undefined;
    let failures = 0;
    vi.spyOn(shard.store, 'readFeed').mockImplementation(async (...asked) => {
      const [, after] = asked;
      const isSecond =
        second !== undefined && after !== undefined && isDeepStrictEqual(after, second);
      if (isSecond && failures === 0) {
        failures += 1;
        throw new OmniError('unavailable', 'the store is away');
      }
      const page = await read(...asked);
      if (after === undefined) second = page.position;
      return page;
    });
    await replicas('Pans', ...serving('s2'), BUILDING);
    expect(await isComplete(['Pans'])).toBe(true);
    expect(failures).toBe(1);
    expect(shard.node.status().documents).toBe(MANY + 2);
  });

  test('is complete after a restart without being looked for again', async () => {
    await replicas('Pans', ...serving('s2'), BUILDING);
    expect(await isComplete(['Pans'])).toBe(true);
    const { id } = await placed('Pans');
    await shard.untilSaved(
      (manifest) => manifest?.partitions.some((key) => key.startsWith(`${id}@`)) ?? false,
    );
    await shard.restart();
    const pages = vi.spyOn(shard.store, 'readFeed');
    expect(await isComplete(['Pans'])).toBe(true);
    expect(pages.mock.calls.filter(([, after]) => after === undefined)).toEqual([]);
  });

  test('that goes before it is complete leaves nothing that is found', async () => {
    await replicas('Pans', ...serving('s2'), BUILDING);
    await isComplete(['Pans'], 1);
    await replicas('Pans', ...serving('s2'));
    expect(await isComplete(['Mice'])).toBe(true);
    expect((await foundIn('Mice')).ids).toEqual(['m']);
    await vi.waitFor(() => expect(shard.node.status().documents).toBe(1), { timeout: 20_000 });
    // It comes again, when some of it was deleted meanwhile.
    await shard.store.write('shop', [remove('p'), remove('p0')]);
    await replicas('Pans', ...serving('s2', 's1'));
    expect(await isComplete(['Pans'])).toBe(true);
    expect((await foundIn('Pans')).ids).toHaveLength(MANY - 1);
  });
});

describe('a replica that comes to serve', () => {
  beforeEach(async () => {
    await replicas('Pans', ...serving('s2'), BUILDING);
    expect(await isComplete(['Pans'])).toBe(true);
    // Nobody waits for one that is only built, and nobody tells it.
    await shard.store.write('shop', [put('p2', 'Pans', VECTOR), remove('p')]);
    await replicas('Pans', ...serving('s1', 's2'));
  });

  test('is searched with all that was written before it did', async () => {
    expect(await foundIn('Pans')).toEqual({ ids: ['p2'], refused: [] });
  });

  test('has its words counted with all that was written before it did', async () => {
    const { counter } = await shard.store.placement('shop');
    const asked = { counter, group: 's1,s2/', partitions: null, words: ['p', 'p2'] };
    expect(await shard.count(asked)).toMatchObject({ df: [0, 1], live: 1, ready: true });
  });

  test('is so as well where it is asked for by name', async () => {
    const { hits, refused } = await shard.search(VECTOR, { partitions: [await placed('Pans')] });
    expect([hits.ids, refused]).toEqual([['p2'], []]);
  });
});

test('what goes, and comes back while the node is away, is not taken to be complete as it was before', async () => {
  await shard.place('Toys');
  const toys = Array.from({ length: 60 }, (_, i) => put(`t${i}`, 'Toys', VECTOR));
  const mice = Array.from({ length: 60 }, (_, i) => put(`m${i}`, 'Mice', VECTOR));
  await shard.write([...toys, ...mice]);
  const rowsSaved = (rows: number) =>
    shard.untilSaved((manifest) => {
      return (manifest?.segments ?? []).reduce((sum, segment) => sum + segment.rows, 0) === rows;
    });
  await rowsSaved(121);
  await replicas('Toys', ...serving('s2'));
  expect(await isComplete(['Mice'])).toBe(true);
  // Its rows are dropped, and then are on disk no more.
  await rowsSaved(61);
  await shard.node.close();
  await replicas('Toys', ...serving('s2', 's1'));
  await shard.restart();
  expect(await isComplete(['Toys'])).toBe(true);
  expect((await foundIn('Toys')).ids).toHaveLength(60);
});

describe('a node that has not heard of the store for too long', () => {
  test('reads what was written before it answers, as long as it is so', async () => {
    await shard.close();
    shard = await ShardFixture.open({ hosting: { ...UNTOLD, fenceMs: 0 } });
    await shard.place('Mice');
    await shard.write([put('m', 'Mice', VECTOR)]);
    for (let round = 0; round < 5; round++) {
      await shard.store.write('shop', [put(`m${round}`, 'Mice', VECTOR)]);
      expect((await foundIn('Mice')).ids).toHaveLength(2 + round);
    }
  });

  test('refuses what it cannot read anew', async () => {
    await shard.close();
    shard = await ShardFixture.open({ hosting: { ...UNTOLD, fenceMs: 0 } });
    await shard.place('Mice');
    await shard.write([put('m', 'Mice', VECTOR)]);
    const feed = vi.spyOn(shard.store, 'readFeed');
    feed.mockImplementation(async () => Promise.reject(new Error('cannot be reached')));
    await shard.store.write('shop', [remove('m')]);
    const { hits, refused } = await shard.search(VECTOR);
    expect([hits.ids, refused.map(({ reason }) => reason)]).toEqual([[], ['not_ready']]);
    feed.mockRestore();
  });

  test('else answers with what it has, since writers wait for it', async () => {
    await shard.store.write('shop', [put('m2', 'Mice', VECTOR)]);
    expect((await foundIn('Mice')).ids).toEqual(['m']);
  });
});
