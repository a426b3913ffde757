import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JobWork } from '../../src/jobs/job.js';
import { settleReplicas, type SettleDeps } from '../../src/jobs/settle-replicas.js';
import { firstPartition } from '../../src/placement/partition.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Partition, Replica, Store } from '../../src/store/store.js';
import { partitionOf, place, replicate, serving } from '../store/place.js';

const T = 'shop';
const building = (node: string): Replica => ({ node, state: 'building' });
const leaving = (node: string): Replica => ({ node, state: 'leaving' });

type AwaitApplied = SettleDeps['nodes']['awaitApplied'];

let dir: string;
let store: Store;
let placements: PlacementCache;
/** Each placement that there was, as replicas by category. */
let history: Record<string, Replica[]>[];
/** What nodes were asked for: their name, and categories. */
let asked: [string, string[]][];
/** Nodes that have what they are asked for. */
let complete: Set<string>;
/** Nodes without a sign of life. */
let silent: Set<string>;
/** Before a node answers. */
let meanwhile: () => Promise<void>;
let againMs: number | undefined;
let stop: AbortController;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-settle-'));
  store = await openLmdbStore({ dir });
  placements = new PlacementCache(store);
  history = [];
  asked = [];
  silent = new Set();
  complete = new Set(['s1', 's2', 's3']);
  meanwhile = async () => undefined;
  againMs = undefined;
  stop = new AbortController();
  await place(store, T, [firstPartition('Mice', ['s1']), firstPartition('Pans', ['s1'])]);
  const replace = store.replacePlacement.bind(store);
  vi.spyOn(store, 'replacePlacement').mockImplementation(async (tenant, partitions, counter) => {
    const done = await replace(tenant, partitions, counter);
    if (done) history.push(byCategory(partitions));
    return done;
  });
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

const byCategory = (partitions: readonly Partition[]): Record<string, Replica[]> =>
  Object.fromEntries(
    partitions.map(({ categories, replicas }) => [String(categories[0]), [...replicas]]),
  );

async function replicas(category: string, ...next: Replica[]): Promise<void> {
  await replicate(store, T, await partitionOf(store, T, category), next);
}

const now = async (): Promise<Record<string, Replica[]>> =>
  byCategory((await store.placement(T)).partitions);

const awaitApplied: AwaitApplied = async (node, { tenant, mark, partitions = [] }) => {
  const known = (await store.placement(T)).partitions;
  const of = known.filter(({ id }) => partitions.some((each) => each.id === id));
  asked.push([node, of.map(({ categories }) => String(categories[0]))]);
  expect([tenant, mark]).toEqual([T, await store.head(T)]);
  await meanwhile();
  return complete.has(node);
};

const silentMs = (node: string): number => (silent.has(node) ? 60_000 : 0);

async function run(): Promise<void> {
  const work: JobWork = {
    ...{ key: T, checkpoint: null, signal: stop.signal },
    comeBack: (dueMs) => (againMs = dueMs),
    save: async () => undefined,
    count: () => undefined,
  };
  await settleReplicas({ store, placements, nodes: { awaitApplied, silentMs } }).run(work);
}

describe('replicas that are under way', () => {
  test('serve when they are complete, and then those go in whose place they came', async () => {
    await replicas('Mice', building('s2'), leaving('s1'));
    history = [];
    await run();
    expect(asked).toEqual([['s2', ['Mice']]]);
    expect(history.map(({ Mice }) => Mice)).toEqual([
      [...serving('s2'), leaving('s1')],
      [...serving('s2'), { ...leaving('s1'), isUnasked: true }],
      serving('s2'),
    ]);
    expect(againMs).toBeUndefined();
    // This node plans with it at once.
    expect(byCategory((await placements.get(T)).partitions)).toEqual(await now());
  });

  test('of several partitions on a node are asked for together, and nothing else is touched', async () => {
    const { Pans } = await now();
    await replicas('Mice', building('s2'), building('s3'), leaving('s1'));
    await replicas('Pans', ...(Pans ?? []), building('s2'));
    await run();
    expect(asked).toEqual([
      ['s2', ['Mice', 'Pans']],
      ['s3', ['Mice']],
    ]);
    expect(await now()).toEqual({
      Mice: serving('s2', 's3'),
      Pans: [...(Pans ?? []), ...serving('s2')],
    });
  });

  test('that are not complete yet keep those in whose place they come, and are looked at again', async () => {
    await replicas('Mice', building('s2'), building('s3'), leaving('s1'));
    complete.delete('s2');
    await run();
    expect((await now())['Mice']).toEqual([building('s2'), ...serving('s3'), leaving('s1')]);
    expect(againMs).toBeGreaterThan(0);
    complete.add('s2');
    againMs = undefined;
    asked = [];
    await run();
    expect(asked.map(([node]) => node)).toEqual(['s2']);
    expect((await now())['Mice']).toEqual(serving('s2', 's3'));
    expect(againMs).toBeUndefined();
  });

  test('that an earlier run left half done are brought to their end', async () => {
    await replicas('Mice', ...serving('s2'), leaving('s1'));
    await run();
    expect(asked).toEqual([]);
    expect((await now())['Mice']).toEqual(serving('s2'));
  });

  test('undo nothing that others change meanwhile', async () => {
    await replicas('Mice', building('s2'), leaving('s1'));
    let changes = 0;
    meanwhile = async () => {
      changes += 1;
      await place(store, T, [firstPartition(`new${changes}`, ['s9'])]);
    };
    await run();
    const after = await now();
    expect(after['Mice']).toEqual(serving('s2'));
    expect(after['new1']).toMatchObject([{ node: 's9', state: 'serving' }]);
  });

  test('are left as they are by a run that is ended', async () => {
    await replicas('Mice', building('s2'), leaving('s1'));
    const before = await now();
    meanwhile = async () => stop.abort(new Error('the node stops'));
    await expect(run()).rejects.toThrow('the node stops');
    expect(await now()).toEqual(before);
  });

  test('of a node without a sign of life have their turn once it is back', async () => {
    await replicas('Mice', ...serving('s1'), { ...building('s2'), lateSince: 3 });
    silent.add('s2');
    history = [];
    await run();
    expect([asked, history, againMs]).toEqual([[], [], expect.any(Number)]);
    silent.clear();
    await run();
    expect((await now())['Mice']).toEqual(serving('s1', 's2'));
  });

  test('are none where all serve: then nobody is asked, and nothing is written', async () => {
    history = [];
    await run();
    expect([asked, history, againMs]).toEqual([[], [], undefined]);
  });
});
