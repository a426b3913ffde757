import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { firstPartition } from '../../src/placement/partition.js';
import { beginMoves, liesOn, planMoves } from '../../src/placement/reassign.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Partition, Replica, Store } from '../../src/store/store.js';
import { put } from '../store/contract/writes.js';
import { place } from '../store/place.js';

let dir: string;
let store: Store;

/** The tenant `t` has two categories on each of two nodes, `u` an empty one. */
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-reassign-'));
  store = await openLmdbStore({ dir });
  const categories = ['a', 'b', 'c', 'd'];
  await place(
    store,
    't',
    categories.map((category, i) => firstPartition(category, [`s${1 + (i % 2)}`])),
  );
  await place(store, 'u', [firstPartition('a', ['s1'])]);
  await store.write(
    't',
    categories.map((category) => put(category, { category })),
  );
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

const placed = async (tenant = 't'): Promise<readonly Partition[]> =>
  (await store.placement(tenant)).partitions;
const nodesOf = ({ replicas }: Partition): string[] => replicas.map(({ node }) => node);
/** As it is first put there: nothing of these tenants has moved before. */
const building = (node: string): Replica => ({
  node,
  state: 'building',
  since: expect.any(Number) as number,
});

/** Begins what has to move, as a query node does at its start; returns the tenants of which any does. */
async function fit(sets: readonly string[][]): Promise<string[]> {
  const nodes = [...new Set(sets.flat())];
  const pool = { nodes: nodes.map((node) => ({ node })), sets };
  if (await liesOn(store, () => pool, sets[0]?.length ?? 1)) return [];
  return beginMoves(store, await planMoves(store, () => pool), new Set(nodes));
}

test('the same nodes as last time: nothing moves', async () => {
  const before = await store.placement('t');
  expect(await fit([['s1'], ['s2']])).toEqual([]);
  expect(await store.placement('t')).toEqual(before);
});

test('further nodes: what moves is built there and stays where it was, and once is enough', async () => {
  const before = await store.placement('t');
  const sets = [['s1'], ['s2'], ['s3']];
  expect(await fit(sets)).toContain('t');
  const { partitions, counter } = await store.placement('t');
  expect(counter).toBe(before.counter + 1);
  expect(partitions.flatMap(nodesOf)).toContain('s3');
  for (const [i, { replicas, epoch }] of partitions.entries()) {
    const [old] = before.partitions[i]?.replicas ?? [];
    // A write that is under way names a partition at its epoch: it may move below it.
    expect(epoch).toBe(1);
    const moved = [building('s3'), { ...old, state: 'leaving' }];
    expect(replicas).toEqual(replicas.length === 1 ? [old] : moved);
  }
  expect(await fit(sets)).toEqual([]);
});

test('other nodes: of those that are gone nothing is left', async () => {
  expect((await fit([['s9']])).sort()).toEqual(['t', 'u']);
  for (const { replicas } of [...(await placed()), ...(await placed('u'))]) {
    expect(replicas).toEqual([building('s9')]);
  }
});

test('another number of copies: what is there already is not built again', async () => {
  await fit([['s1', 's2']]);
  for (const { replicas } of await placed()) {
    expect(replicas.map(({ node }) => node).sort()).toEqual(['s1', 's2']);
    expect(replicas.map(({ state }) => state).sort()).toEqual(['building', 'serving']);
  }
  await fit([['s1'], ['s2']]);
  for (const { replicas } of await placed()) {
    // Whichever was still being built is given up where the other one stays.
    expect(replicas.filter(({ state }) => state !== 'building')).toHaveLength(1);
  }
});

test('what an operator has pinned stays, whatever has to move', async () => {
  const { partitions, counter } = await store.placement('t');
  const pinned: Partition = { ...(partitions[0] as Partition), isPinned: true };
  await store.replacePlacement('t', [pinned, ...partitions.slice(1)], counter);
  expect(await fit([['s9']])).toContain('t');
  const [first, ...others] = await placed();
  expect(first).toEqual(pinned);
  for (const { replicas } of others) expect(replicas).toEqual([building('s9')]);
});
