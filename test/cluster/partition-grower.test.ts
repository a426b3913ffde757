import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PartitionGrower } from '../../src/cluster/partition-grower.js';
import type { PartitionChoice } from '../../src/cluster/choose-partitions.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { restPartition } from '../../src/placement/partition.js';
import {
  isSettled,
  withoutLeaving,
  withServing,
  withUnasked,
} from '../../src/placement/replica-steps.js';
import type { Partition, Store } from '../../src/store/store.js';
import { put } from '../store/contract/writes.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';
import { place, replicate, serving } from '../store/place.js';
import { openDesk, ToldFleet } from './desk-fixture.js';

const T = 't';
const BOUNDS = { partitionRows: 40, rangeRows: 100, maxPartitions: 20 };

let fixture: Awaited<ReturnType<typeof makeLmdbStore>>;
let store: Store;
let fleet: ToldFleet;
/** Nodes that do not say that they have seen anything. */
let deaf: Set<string>;
beforeEach(async () => {
  fixture = await makeLmdbStore();
  ({ store } = fixture);
  fleet = new ToldFleet('s1', 's2');
  deaf = new Set();
  await place(store, T, [restPartition(['s1'])]);
});
afterEach(async () => fixture.close());

const write = async (category: string, from: number, to: number): Promise<void> => {
  const ids = Array.from({ length: to - from }, (_, i) => `${category}${from + i}`);
  await store.write(
    T,
    ids.map((id) => put(id, { category })),
  );
};

const loads = (): NodeLoads =>
  new NodeLoads(() => [
    { node: 's1', rows: 300 },
    { node: 's2', rows: 0 },
  ]);

function grower(): PartitionGrower {
  const { nodes, mover } = openDesk(store, fleet);
  return new PartitionGrower({
    ...{ store, nodes, mover, bounds: BOUNDS, replicas: 1, loads: loads() },
    awaited: { awaitApplied: async (node) => !deaf.has(node) },
  });
}

const grow = (): Promise<boolean> => grower().grow(T, new AbortController().signal);

/** As the background work does once all is built. */
async function settle(): Promise<void> {
  const { partitions, counter } = await store.placement(T);
  const built = ['s1', 's2'].reduce(
    (all, node) => withServing(all, node, partitions),
    [...partitions],
  );
  await store.replacePlacement(T, withoutLeaving(withUnasked(built)), counter);
}

/** `Mice 1/2 on s1`, where `s2+` is being built and `s1-` leaves. */
async function shown(): Promise<string[]> {
  const marks = { building: '+', serving: '', leaving: '-' };
  const { partitions } = await store.placement(T);
  return partitions.map(({ categories, from, to, replicas }: Partition) => {
    const part = to - from === 2 ** 32 ? '' : ` 1/${2 ** 32 / (to - from)}`;
    const on = replicas.map(({ node, state }) => `${node}${marks[state]}`).join(' ');
    return `${String(categories)}${part} on ${on}`;
  });
}

test('what is under way is asked to be ended, and looked at again: who began it may be dead', async () => {
  const { nodes, mover, settled } = openDesk(store, fleet);
  const awaited = { awaitApplied: async () => true };
  const rest = { store, nodes, mover, awaited, bounds: BOUNDS, replicas: 1, loads: loads() };
  const look = () => new PartitionGrower(rest).grow(T, new AbortController().signal);
  expect([await look(), settled]).toEqual([false, []]);
  const [partition] = (await store.placement(T)).partitions as [Partition];
  await replicate(store, T, partition, [...serving('s1'), { node: 's2', state: 'building' }]);
  expect([await look(), settled]).toEqual([true, [T]]);
  await settle();
  expect([await look(), settled]).toEqual([false, [T]]);
});

describe('growth', () => {
  test('cuts large categories out of the rest, each to where there is most room; within the bounds it is over', async () => {
    await write('Mice', 0, 30);
    expect([await grow(), await shown()]).toEqual([false, ['rest on s1']]);
    await write('Pans', 0, 15);
    expect(await grow()).toBe(true);
    expect(await shown()).toEqual(['rest on s1', 'Mice on s2+ s1-']);
    await settle();
    expect([await grow(), await shown()]).toEqual([false, ['rest on s1', 'Mice on s2']]);
  });

  test('takes no step of what moves, and none before each node has seen the last one', async () => {
    await replicate(store, T, restPartition([]), serving('s1'));
    await write('Mice', 0, 130);
    await grow();
    const moving = ['rest on s1', 'Mice on s2+ s1-'];
    expect([await grow(), await shown()]).toEqual([true, moving]);
    await settle();
    deaf.add('s1');
    expect([await grow(), await shown()]).toEqual([true, ['rest on s1', 'Mice on s2']]);
    deaf.clear();
    await grow();
    expect(await shown()).toEqual(['rest on s1', 'Mice 1/2 on s2', 'Mice 1/2 on s2']);
  });

  test('brings back what has become small: first to one place, then to one partition', async () => {
    await write('Mice', 0, 60);
    await grow();
    await settle();
    await store.write(
      T,
      Array.from({ length: 55 }, (_, i) => ({
        ...{ op: 'delete' as const, id: `Mice${i}`, feedVersion: undefined },
      })),
    );
    await grow();
    expect(await shown()).toEqual(['rest on s1', 'Mice on s1+ s2-']);
    await settle();
    await grow();
    expect([await shown(), await grow()]).toEqual([['rest on s1'], false]);
  });

  test('never loses a write that named what was cut: it is told to look again', async () => {
    const { partitions } = await store.placement(T);
    const named = { id: (partitions[0] as Partition).id, epoch: 1 };
    await write('Mice', 0, 60);
    await grow();
    const { statuses } = await store.write(T, [
      { ...put('new', { category: 'Mice' }), partition: named },
    ]);
    expect(statuses).toEqual(['conflict']);
  });
});

describe('an operator', () => {
  const change = async (verb: 'split' | 'merge', choice: Partial<PartitionChoice>) =>
    (await openDesk(store, fleet).desk[verb]({ tenant: T, ...choice })).partitions;

  test('cuts a category out of the rest, halves it, and joins all again; growth leaves it alone', async () => {
    await write('Mice', 0, 10);
    expect(await change('split', { category: 'Mice' })).toMatchObject([{ rows: 10 }]);
    expect(await change('split', { category: 'Mice' })).toHaveLength(2);
    expect(await shown()).toEqual(['rest on s1', 'Mice 1/2 on s1', 'Mice 1/2 on s1']);
    expect(await grow()).toBe(false);
    expect(await change('merge', { category: 'Mice' })).toHaveLength(1);
    expect(await change('merge', { category: 'Mice' })).toMatchObject([
      { partition: { categories: 'rest', isPinned: true } },
    ]);
    expect(await shown()).toEqual(['rest on s1']);
  });

  test('merges what lies apart once it has come together', async () => {
    await write('Mice', 0, 60);
    await grow();
    await settle();
    const merge = () => change('merge', { category: 'Mice' });
    expect(await merge()).toHaveLength(2);
    expect(await merge()).toHaveLength(2);
    expect(await shown()).toEqual(['rest on s1', 'Mice on s1+ s2-']);
    await settle();
    expect(await merge()).toHaveLength(1);
    expect(isSettled((await store.placement(T)).partitions)).toBe(true);
  });

  test.each<[string, Partial<PartitionChoice>, object]>([
    ['split', { category: 'Unknown' }, { code: 'invalid_field', field: 'category' }],
    ['merge', { category: 'Mice' }, { code: 'invalid_field', field: 'category' }],
    ['merge', { partition: 'rest-0-100000000' }, { code: 'invalid_field', field: 'partition' }],
    ['split', { partition: 'x' }, { code: 'invalid_field', field: 'partition' }],
    ['split', {}, { code: 'invalid_field', field: 'partition' }],
  ])('%s of %o is refused', async (verb, choice, error) => {
    await write('Mice', 0, 5);
    await expect(change(verb as 'split' | 'merge', choice)).rejects.toMatchObject(error);
    expect(await shown()).toEqual(['rest on s1']);
  });

  test('halves a category no more often than the tenant may have partitions', async () => {
    await write('Mice', 0, 10);
    for (let i = 0; i < 5; i++) await change('split', { category: 'Mice' });
    await expect(change('split', { category: 'Mice' })).rejects.toMatchObject({
      ...{ code: 'invalid_field', field: 'partition' },
      message: expect.stringContaining('MAX_PARTITIONS') as unknown,
    });
    expect(await shown()).toHaveLength(17);
  });

  test('cuts nothing that moves', async () => {
    await write('Mice', 0, 60);
    await grow();
    await expect(change('split', { category: 'Mice' })).rejects.toMatchObject({ code: 'conflict' });
  });
});
