import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { OmniError, type ErrorCode } from '../../src/core/errors.js';
import { firstPartition } from '../../src/placement/partition.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { planTargets } from '../../src/placement/plan.js';
import { fanOut, type FanOutResult } from '../../src/search/fan-out.js';
import type { LeafAnswer, LeafSearch, ShardFleet } from '../../src/shard-client/shard-fleet.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Partition, Store } from '../../src/store/store.js';

let dir: string;
let store: Store;
let placements: PlacementCache;
let asked: { shard: string; categories: string[] }[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-fanout-'));
  store = await openLmdbStore({ dir });
  placements = new PlacementCache(store);
  asked = [];
  await store.createPartitions('t', [firstPartition('Mice', 's1'), firstPartition('Pans', 's2')]);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

type Answer = (leaf: LeafSearch) => Partial<LeafAnswer> | ErrorCode;

/** Shards that answer as they are told, after looking at the placement as real ones do. */
function fleetOf(answers: Record<string, Answer> = {}): ShardFleet {
  const search = async (shard: string, leaf: LeafSearch): Promise<LeafAnswer> => {
    const { counter, partitions } = await store.placement('t');
    const byId = new Map(partitions.map((partition) => [partition.id, partition]));
    asked.push({
      shard,
      categories: leaf.partitions.map(({ id }) => byId.get(id)?.category ?? id),
    });
    const told = answers[shard]?.(leaf) ?? {};
    if (typeof told === 'string') throw new OmniError(told, 'as told');
    const here = leaf.partitions.filter(({ id, epoch }) => {
      const held = byId.get(id);
      return held?.shard === shard && held.epoch === epoch;
    });
    const refused = leaf.partitions
      .filter((partition) => !here.includes(partition))
      .map(({ id }) => ({ partition: id, reason: 'wrong_shard' as const }));
    const hits = here.map(({ id }) => ({
      id: byId.get(id)?.category ?? '',
      version: 1,
      score: 0.5,
    }));
    const answer = { hits, more: false, refused, counter, tookMs: 1 };
    return { ...answer, ...told };
  };
  return { search } as unknown as ShardFleet;
}

async function run(fleet: ShardFleet, moveFirst?: () => Promise<void>): Promise<FanOutResult> {
  const targets = planTargets(await placements.get('t'), undefined);
  await moveFirst?.();
  const query = {
    tenant: 't',
    vector: Float32Array.of(1),
    model: 'm',
    filter: undefined,
    exact: true,
    k: 3,
  };
  return fanOut(fleet, placements, targets, query, Deadline.after(1_000));
}

async function move(category: string, shard: string): Promise<void> {
  const { partitions } = await store.placement('t');
  const old = partitions.find((partition) => partition.category === category) as Partition;
  await store.updatePartition('t', { ...old, shard, epoch: old.epoch + 1 }, old.epoch);
}

const found = ({ answers }: FanOutResult): string[] =>
  answers
    .flatMap(({ answer }) => answer.hits)
    .map(({ id }) => id)
    .sort();

test('invariant 6: a partition that moved meanwhile is asked for again, where it is now', async () => {
  const result = await run(fleetOf(), () => move('Mice', 's2'));
  expect(found(result)).toEqual(['Mice', 'Pans']);
  expect(result.missing).toEqual([]);
  expect(asked).toHaveLength(3);
  expect(asked.at(-1)).toEqual({ shard: 's2', categories: ['Mice'] });
});

test('what was searched already is not asked again when another part of its category moved', async () => {
  const [whole] = (await store.placement('t')).partitions.filter((p) => p.category === 'Mice');
  const half = { ...(whole as Partition), id: 'mice-2', from: 2 ** 31, shard: 's2' };
  await store.createPartitions('t', [half]);
  let moves = 0;
  const fleet = fleetOf({
    s1: (leaf) =>
      moves++ === 0
        ? { refused: leaf.partitions.map(({ id }) => ({ partition: id, reason: 'wrong_shard' })) }
        : 'deadline_exceeded',
  });
  const result = await run(fleet);
  expect(asked.filter(({ shard }) => shard === 's2')).toHaveLength(1);
  expect(result.searched.has('mice-2')).toBe(true);
  expect(result.missing).toEqual([
    { part: 'shard', category: 'Mice', shard: 's1', reason: 'timeout' },
  ]);
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
  const pans = (await store.placement('t')).partitions.find((p) => p.category === 'Pans');
  const fleet = fleetOf({
    s1: () => ({ refused: [{ partition: pans?.id ?? '', reason: 'not_ready' as const }] }),
  });
  const result = await run(fleet);
  expect(result.missing).toEqual([
    { part: 'shard', category: 'Pans', shard: 's1', reason: 'not_ready' },
  ]);
  expect(result.searched.size).toBe(1);
});

test('invariant 6: a partition that is never where it is said to be is missing in the end', async () => {
  const fleet = fleetOf({
    s1: (leaf) => ({
      hits: [],
      refused: leaf.partitions.map(({ id }) => ({ partition: id, reason: 'wrong_shard' as const })),
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

test('where a filter leads astray, the shards that did not notice are asked again, thoroughly', async () => {
  const wide = { hits: [{ id: 'far', version: 1, score: 0.3 }] };
  const fleet = fleetOf({
    s1: () => ({ astray: true }),
    s2: ({ thorough }) => (thorough === true ? wide : {}),
  });
  const result = await run(fleet);
  expect(asked.map(({ shard }) => shard).sort()).toEqual(['s1', 's2', 's2']);
  expect(found(result)).toEqual(['Mice', 'far']);
});

test('a shard that does not answer again has answered', async () => {
  const fleet = fleetOf({
    s1: () => ({ astray: true }),
    s2: ({ thorough }) => (thorough === true ? 'deadline_exceeded' : {}),
  });
  const result = await run(fleet);
  expect(found(result)).toEqual(['Mice', 'Pans']);
  expect(result.missing).toEqual([]);
  expect(result.unsure).toBe(true);
});

test('a shard that scanned is not asked again: it missed nothing', async () => {
  const fleet = fleetOf({ s1: () => ({ astray: true }), s2: () => ({ scanned: true }) });
  const result = await run(fleet);
  expect(asked).toHaveLength(2);
  expect(result.unsure).toBe(false);
});

test('a newer counter on a reply makes the node read the placement again', async () => {
  await run(fleetOf(), async () => {
    await store.createPartitions('t', [firstPartition('Toys', 's1')]);
  });
  expect((await placements.get('t')).partitions).toHaveLength(3);
});
