import { heldBy, move as movePartition, partitionOf, place, serving } from '../store/place.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { OmniError, type ErrorCode } from '../../src/core/errors.js';
import { firstPartition } from '../../src/placement/partition.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { halves } from '../../src/placement/reshape.js';
import { PlacementReshaped } from '../../src/search/failures.js';
import { fanOut, type FanOutResult } from '../../src/search/fan-out.js';
import { planSearch } from '../../src/search/plan.js';
import { idsOf } from './leaf-answers.js';
import type { AskedReplicas, LeafAnswer, LeafSearch } from '../../src/shard-client/leaf-calls.js';
import type { ShardFleet } from '../../src/shard-client/shard-fleet.js';
import type { SearchLeafReply } from '../../src/protocol/messages.js';
import type { PartitionRef } from '../../src/protocol/partition-list.js';
import { vectorBytes } from '../../src/query/leaf-query.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Store } from '../../src/store/store.js';

let dir: string;
let store: Store;
let placements: PlacementCache;
let asked: { shard: string; categories: string[]; byName: boolean }[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-fanout-'));
  store = await openLmdbStore({ dir });
  placements = new PlacementCache(store);
  asked = [];
  await place(store, 't', [firstPartition('Mice', ['s1']), firstPartition('Pans', ['s2'])]);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

type Answer = (leaf: LeafSearch, asked: readonly PartitionRef[]) => Told;
type Told = Partial<SearchLeafReply> | ErrorCode;

/** Shards that answer as they are told, after looking at the placement as real ones do. */
function fleetOf(answers: Record<string, Answer> = {}): ShardFleet {
  const answer = async (shard: string, leaf: LeafSearch): Promise<LeafAnswer> => {
    const { counter, partitions } = await store.placement('t');
    const byId = new Map(partitions.map((partition) => [partition.id, partition]));
    const own = heldBy(shard, partitions);
    const named = leaf.partitions ?? own;
    const categories = named.flatMap(({ id }) => byId.get(id)?.categories ?? id);
    asked.push({ shard, categories, byName: leaf.partitions !== null });
    const told = answers[shard]?.(leaf, named) ?? {};
    if (typeof told === 'string') throw new OmniError(told, 'as told');
    if (leaf.partitions === null && leaf.counter !== counter) return { type: 'moved', counter };
    const here = named.filter(({ id, epoch }) => {
      const held = byId.get(id);
      return held?.epoch === epoch && own.includes(held);
    });
    const refused = named
      .filter((partition) => !here.includes(partition))
      .map(({ id }) => ({ partition: id, reason: 'wrong_shard' as const }));
    const ids = here.flatMap(({ id }) => byId.get(id)?.categories ?? '');
    const hits = {
      ids,
      versions: ids.map(() => 1),
      scores: { vector: ids.map(() => 0.5) },
    };
    const found = { views: [{ hits, total: ids.length, more: false }], timedOut: false };
    return { type: 'hits', ...found, refused, counter, tookMs: 1, ...told };
  };
  const search = async ({ nodes: [node = ''] }: AskedReplicas, leaf: LeafSearch) => {
    return { node, answer: await answer(node, leaf) };
  };
  return { search } as unknown as ShardFleet;
}

async function run(fleet: ShardFleet, moveFirst?: () => Promise<void>): Promise<FanOutResult> {
  const plan = planSearch(await placements.get('t'), undefined);
  await moveFirst?.();
  const query = { vector: vectorBytes(Float32Array.of(1)), exact: true, views: [{ k: 3 }] };
  const asking = { tenant: 't', model: 'm', query };
  return fanOut(fleet, placements, plan, asking, {
    deadline: Deadline.after(1_000),
    signal: new AbortController().signal,
  });
}

async function move(category: string, shard: string): Promise<void> {
  await movePartition(store, 't', await partitionOf(store, 't', category), shard);
}

const found = ({ answers }: FanOutResult): string[] => answers.flatMap(idsOf).sort();

test('invariant 6: a partition that moved meanwhile is asked for again, where it is now', async () => {
  const result = await run(fleetOf(), () => move('Mice', 's2'));
  expect(found(result)).toEqual(['Mice', 'Pans']);
  expect(result.missing).toEqual([]);
  // Both know another placement by then: what they have is asked for by name.
  expect(
    asked
      .slice(2, 4)
      .map(({ categories }) => categories[0])
      .sort(),
  ).toEqual(['Mice', 'Pans']);
  expect(asked.slice(4)).toEqual([{ shard: 's2', categories: ['Mice'], byName: true }]);
});

test('what was searched already is not asked again when another part of its category moved', async () => {
  const whole = await partitionOf(store, 't', 'Mice');
  const half = { ...whole, id: 'mice-2', from: 2 ** 31, replicas: serving('s2') };
  await place(store, 't', [half]);
  let moves = 0;
  const fleet = fleetOf({
    s1: (_, named) =>
      moves++ === 0
        ? { refused: named.map(({ id }) => ({ partition: id, reason: 'wrong_shard' })) }
        : 'deadline_exceeded',
  });
  const result = await run(fleet);
  expect(asked.filter(({ shard }) => shard === 's2')).toHaveLength(1);
  expect(result.answered).toBe(true);
  expect(result.missing).toEqual([
    { part: 'shard', category: 'Mice', shard: 's1', reason: 'timeout' },
  ]);
});

/** Mice becomes two halves where it is. */
async function halveMice(): Promise<void> {
  const { partitions, counter } = await store.placement('t');
  const next = partitions.flatMap((each) =>
    each.categories.includes('Mice') ? halves(each, counter + 1) : [each],
  );
  expect(await store.replacePlacement('t', next, counter)).toBe(true);
}

test('invariant 6: a partition that was halved before it was asked for is asked for by its halves', async () => {
  const result = await run(fleetOf(), halveMice);
  expect(found(result)).toEqual(['Mice', 'Mice', 'Pans']);
  expect(result.missing).toEqual([]);
});

test('what was answered for a whole is not counted again with its halves: all begins anew', async () => {
  const fleet = fleetOf();
  const search = fleet.search.bind(fleet);
  fleet.search = async (replicas, ...rest) => {
    if (replicas.nodes[0] === 's2' && asked.length < 2) {
      await vi.waitFor(() => expect(asked).toMatchObject([{ shard: 's1' }]));
      await halveMice();
      await move('Pans', 's1');
    }
    return search(replicas, ...rest);
  };
  await expect(run(fleet)).rejects.toThrow(PlacementReshaped);
});

test.each([
  ['deadline_exceeded', 'timeout'],
  ['unavailable', 'unavailable'],
  ['overloaded', 'overloaded'],
  ['internal', 'unavailable'],
] as const)('invariant 6: a shard that fails with %s is missing: %s', async (code, reason) => {
  const result = await run(fleetOf({ s2: () => code }));
  expect(found(result)).toEqual(['Mice']);
  expect(result.missing).toEqual([{ part: 'shard', category: 'Pans', shard: 's2', reason }]);
});

test('invariant 6: a partition that is not ready is missing, the rest of its shard is not', async () => {
  await move('Pans', 's1');
  await placements.refresh('t');
  const pans = await partitionOf(store, 't', 'Pans');
  const fleet = fleetOf({
    s1: () => ({ refused: [{ partition: pans.id, reason: 'not_ready' as const }] }),
  });
  const result = await run(fleet);
  expect(result.missing).toEqual([
    { part: 'shard', category: 'Pans', shard: 's1', reason: 'not_ready' },
  ]);
  expect(result.answered).toBe(true);
});

test('invariant 6: a partition that is never where it is said to be is missing in the end', async () => {
  const fleet = fleetOf({
    s1: (_, named) => ({
      views: [],
      refused: named.map(({ id }) => ({ partition: id, reason: 'wrong_shard' as const })),
    }),
  });
  const result = await run(fleet);
  expect(found(result)).toEqual(['Pans']);
  expect(result.missing).toEqual([
    { part: 'shard', category: 'Mice', shard: 's1', reason: 'not_ready' },
  ]);
  expect(asked.filter(({ shard }) => shard === 's1')).toHaveLength(4);
});

test('invariant 6: when the placement cannot be read again, what moved is missing', async () => {
  const result = await run(fleetOf(), async () => {
    await move('Mice', 's2');
    placements.refresh = async () => Promise.reject(new OmniError('unavailable', 'no store'));
  });
  expect(found(result)).toEqual(['Pans']);
  expect(result.missing).toEqual([
    { part: 'shard', category: 'Mice', shard: 's1', reason: 'unavailable' },
  ]);
});

test('invariant 6: a shard whose time ended keeps its hits, and its categories are missing', async () => {
  const result = await run(fleetOf({ s2: () => ({ timedOut: true }) }));
  expect(found(result)).toEqual(['Mice', 'Pans']);
  expect(result.missing).toEqual([
    { part: 'shard', category: 'Pans', shard: 's2', reason: 'timeout' },
  ]);
});

test('a search of a thousand categories names none of them', async () => {
  const many = Array.from({ length: 1_000 }, (_, i) =>
    firstPartition(`c${i}`, [`s${1 + (i % 2)}`]),
  );
  await place(store, 't', many);
  const leaves: LeafSearch[] = [];
  const answer: Answer = (leaf) => {
    leaves.push(leaf);
    return {};
  };
  const result = await run(fleetOf({ s1: answer, s2: answer }));
  expect(found(result)).toHaveLength(1_002);
  expect(leaves.map(({ partitions, categories }) => ({ partitions, categories }))).toEqual([
    { partitions: null, categories: undefined },
    { partitions: null, categories: undefined },
  ]);
});

test('a newer counter on a reply makes the node read the placement again', async () => {
  await run(fleetOf(), async () => {
    await place(store, 't', [firstPartition('Toys', ['s1'])]);
  });
  expect((await placements.get('t')).partitions).toHaveLength(3);
});
