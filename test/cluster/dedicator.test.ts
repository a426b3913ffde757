import { afterEach, beforeEach, expect, test } from 'vitest';
import { placedFrom } from '../../src/cluster/placed-pages.js';
import { NodePools } from '../../src/placement/node-pools.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { Placer } from '../../src/placement/placer.js';
import { nodesOf } from '../../src/placement/reassign.js';
import type { Wish } from '../../src/placement/dedicate.js';
import type { Store } from '../../src/store/store.js';
import { put } from '../store/contract/writes.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';
import { place, serving } from '../store/place.js';
import { openDesk, partition, placed, statusOf, ToldFleet } from './desk-fixture.js';

let fixture: Awaited<ReturnType<typeof makeLmdbStore>>;
let store: Store;
let fleet: ToldFleet;
beforeEach(async () => {
  fixture = await makeLmdbStore();
  ({ store } = fixture);
  fleet = new ToldFleet('s1', 's2', 's3');
  await place(store, 'big', [partition('a', 's1'), partition('b', 's2'), partition('c', 's3')]);
  await place(store, 'u', [partition('a', 's1'), partition('b', 's2')]);
  await place(store, 'v', [partition('a', 's2'), partition('b', 's3')]);
  await rows('big', 30);
  await rows('u', 20);
  await rows('v', 5);
  await told();
});
afterEach(async () => fixture.close());

async function rows(tenant: string, count: number): Promise<void> {
  const { partitions } = await store.placement(tenant);
  for (const { categories } of partitions) {
    const category = String(categories[0]);
    const writes = Array.from({ length: count }, (_, i) => put(`${category}${i}`, { category }));
    await store.write(tenant, writes);
  }
}

/** Each node says what is there. */
async function told(): Promise<void> {
  for (const node of fleet.status.keys()) {
    const tenants = new Set<string>();
    let documents = 0;
    for await (const { tenant, rows: more } of placedFrom(store, { node })) {
      tenants.add(tenant);
      documents += more;
    }
    fleet.status.set(node, statusOf({ tenants: tenants.size, documents }));
  }
}

/** What was begun is over everywhere. */
async function settle(): Promise<void> {
  for (const tenant of await store.tenants()) {
    const { partitions, counter } = await store.placement(tenant);
    const next = partitions.map((each) => ({
      ...each,
      replicas: serving(...nodesOf(each.replicas)),
    }));
    await store.replacePlacement(tenant, next, counter);
  }
  await told();
}

type Desk = ReturnType<typeof openDesk>;

const open = (wishes: readonly Wish[] = [], replicas = 1): Desk => {
  const desk = openDesk(store, fleet, replicas);
  desk.wishes.push(...wishes);
  return desk;
};

const BIG: Wish = { tenant: 'big', count: 1, named: [] };

/** Steps, each by a process that knows nothing of those before, until nothing is under way. */
async function untilOver(wishes: readonly Wish[], replicas = 1): Promise<void> {
  for (let i = 0; i < 10; i++) {
    const isUnderWay = await open(wishes, replicas).dedicator.step();
    if (!isUnderWay) return;
    await settle();
  }
  throw new Error('it does not end');
}

/** Each of these has so many nodes, all of it is there, and nothing else. */
async function expectOwn(wishes: readonly Wish[], count: number): Promise<void> {
  const tenants = await store.tenants();
  for (const { tenant } of wishes) {
    const { nodes } = await open(wishes, count).dedicated.of(tenant);
    expect(nodes).toHaveLength(count);
    for (const each of tenants) {
      const lie = Object.values(await placed(store, each)).flatMap((on) => on.split(', '));
      const isHere = (node: string): boolean => nodes.includes(node);
      if (each === tenant) expect(lie.every(isHere)).toBe(true);
      else expect(lie.some(isHere)).toBe(false);
    }
  }
}

test('without a plan that has shards nothing is stored or moved', async () => {
  const before = await store.placement('big');
  expect(await open().dedicator.step()).toBe(false);
  expect(await store.placement('big')).toEqual(before);
  expect(await store.records.list('dedicated nodes', undefined, 1)).toEqual([]);
});

test('all others leave the node from which the least has to move, then the tenant comes, and goes back', async () => {
  const desk = open([BIG]);
  expect(await desk.dedicator.step()).toBe(true);
  expect(await desk.dedicated.of('big')).toEqual({ nodes: ['s3'], missing: 0 });
  expect(await placed(store, 'v')).toEqual({
    a: 's2',
    b: expect.stringMatching(/s3 leaving$/) as string,
  });
  expect(await placed(store, 'big')).toEqual({ a: 's1', b: 's2', c: 's3' });
  // It still waits, whoever looks.
  await told();
  expect(await open([BIG]).dedicator.step()).toBe(true);
  expect(await placed(store, 'big')).toEqual({ a: 's1', b: 's2', c: 's3' });
  await settle();
  expect(await open([BIG]).dedicator.step()).toBe(true);
  expect(await placed(store, 'big')).toEqual({
    ...{ a: 's3 building, s1 leaving', b: 's3 building, s2 leaving', c: 's3' },
  });
  await settle();
  await untilOver([BIG]);
  expect(await placed(store, 'u')).toEqual({ a: 's1', b: 's2' });

  await untilOver([]);
  await settle();
  expect(await open().dedicated.of('big')).toEqual({ nodes: [], missing: 0 });
  expect(new Set(Object.values(await placed(store, 'big'))).size).toBeGreaterThan(1);
  const { value } = (await store.records.get('dedicated nodes', 'all')) ?? {};
  expect(value).toEqual({ owners: {}, missing: {}, freed: [] });
  const before = await store.placement('big');
  await untilOver([]);
  expect(await store.placement('big')).toEqual(before);
});

test('a tenant that has given its nodes back is spread though who took them died in between', async () => {
  await untilOver([BIG]);
  const dying = open();
  await dying.dedicator.assign();
  expect(await placed(store, 'big')).toEqual({ a: 's3', b: 's3', c: 's3' });
  await untilOver([]);
  await settle();
  expect(new Set(Object.values(await placed(store, 'big'))).size).toBeGreaterThan(1);
});

test('nothing else is placed on the node, by hand or by itself, and the tenant nowhere else', async () => {
  await untilOver([BIG]);
  const { desk, nodes } = open([BIG]);
  const choice = { tenant: 'u', category: 'a' };
  await expect(desk.move(choice, ['s3'])).rejects.toMatchObject({
    ...{ code: 'invalid_field', field: 'to[0]' },
    message: expect.stringContaining('of another tenant alone') as string,
  });
  expect(await desk.plan()).toMatchObject({ moves: [] });
  const placer = new Placer(store, new PlacementCache(store), {
    ...{ minShards: 1, maxPartitions: 100, replicas: 1, partitionRows: 0 },
    loads: new NodeLoads(() => [...fleet.status.keys()].map((node) => ({ node, rows: 0 }))),
    nodes: async (tenant) => new NodePools(await nodes.placeable(), 1).of(tenant).nodes,
  });
  const more = new Map(['d', 'e', 'f', 'g'].map((category) => [category, 1]));
  await placer.ensure('new', more);
  await placer.ensure('big', more);
  expect(new Set(Object.values(await placed(store, 'new')))).toEqual(new Set(['s1', 's2']));
  expect(new Set(Object.values(await placed(store, 'big')))).toEqual(new Set(['s3']));
});

test('what a process placed there that did not know goes away again', async () => {
  await untilOver([BIG]);
  await place(store, 'late', [partition('a', 's3')]);
  await told();
  await untilOver([BIG]);
  expect((await placed(store, 'late'))['a']).toMatch(/^s[12]$/);
});

test('what an operator pinned stays: of others there, and of its own elsewhere', async () => {
  await place(store, 'w', [{ ...partition('a', 's3'), isPinned: true }]);
  await place(store, 'x', [{ ...partition('a', 's2'), isPinned: true }]);
  await told();
  await untilOver([BIG]);
  expect((await open([BIG]).dedicated.of('big')).nodes).toEqual(['s1']);
  await open([BIG]).desk.pin({ tenant: 'big', category: 'a' }, true);
  await untilOver([]);
  await settle();
  expect((await placed(store, 'big'))['a']).toBe('s1');
});

test('two tenants that both lie on all nodes get their own, and do not wait for each other', async () => {
  await place(store, 'vast', [partition('a', 's1'), partition('b', 's2'), partition('c', 's3')]);
  await rows('vast', 10);
  await told();
  const both = [BIG, { tenant: 'vast', count: 1, named: [] }];
  await untilOver(both);
  await expectOwn(both, 1);
  await untilOver([]);
  await settle();
  expect(await open().dedicated.all()).toMatchObject({ owners: new Map(), freed: [] });
});

test('with two copies of each, too, on nodes of which each has some of both', async () => {
  fleet = new ToldFleet('s1', 's2', 's3', 's4', 's5', 's6');
  const pairs = [1, 2, 3, 4, 5, 6].map((i) => [`s${i}`, `s${(i % 6) + 1}`]);
  const everywhere = pairs.map((on, i) => partition('abcdef'[i] ?? '', ...on));
  for (const tenant of ['one', 'other']) {
    await place(store, tenant, everywhere);
    await rows(tenant, 3);
  }
  await told();
  const both = ['one', 'other'].map((tenant): Wish => ({ tenant, count: 2, named: [] }));
  await untilOver(both, 2);
  await expectOwn(both, 2);
});

test('nobody waits for what was pinned to a node of its own later, be it of a tenant with nodes or not', async () => {
  const both = [BIG, { tenant: 'u', count: 1, named: [] }];
  await open(both).dedicator.assign();
  const [own = ''] = (await open(both).dedicated.of('big')).nodes;
  const pinned = { ...partition('a', own), isPinned: true as const };
  await place(store, 'w', [pinned, partition('b', own)]);
  const { partitions, counter } = await store.placement('u');
  const next = partitions.map((each) => (each.id === 'p-a' ? pinned : each));
  await store.replacePlacement('u', next, counter);
  await told();
  await untilOver(both);
  expect(new Set(Object.values(await placed(store, 'big')))).toEqual(new Set([own]));
  expect(await placed(store, 'w')).toEqual({ a: own, b: expect.stringMatching(/^s.$/) as string });
  expect((await placed(store, 'w'))['b']).not.toBe(own);
  const [other = ''] = (await open(both).dedicated.of('u')).nodes;
  expect(await placed(store, 'u')).toEqual({ a: own, b: other });
});

test('a node that is drained or gone is replaced by another; where there is none the tenant shares', async () => {
  fleet.status.set('s4', statusOf({ tenants: 0 }));
  await untilOver([BIG]);
  expect((await open([BIG]).dedicated.of('big')).nodes).toEqual(['s4']);
  await open([BIG]).desk.drain('s4');
  const { nodes: next } = await open([BIG]).dedicated.of('big');
  expect(next).toEqual(['s3']);
  await settle();
  await untilOver([BIG]);
  expect(new Set(Object.values(await placed(store, 'big')))).toEqual(new Set(['s3']));

  fleet.silent.set('s3', 100_000);
  await open([BIG]).away.check();
  const { nodes: last } = await open([BIG]).dedicated.of('big');
  expect(last).toHaveLength(1);
  await settle();
  await untilOver([BIG]);
  expect(new Set(Object.values(await placed(store, 'big')))).toEqual(new Set(last));

  const [dead = ''] = last;
  fleet.silent.set(dead, 100_000);
  await open([BIG]).away.check();
  expect(await open([BIG]).dedicated.of('big')).toEqual({ nodes: [], missing: 1 });
  await settle();
  const [left] = ['s1', 's2'].filter((node) => node !== dead);
  expect(new Set(Object.values(await placed(store, 'big')))).toEqual(new Set([left]));

  // As soon as there is a node again.
  fleet.silent.delete(dead);
  await untilOver([BIG]);
  expect((await open([BIG]).dedicated.of('big')).missing).toBe(0);
});

test('with two copies it has two nodes, of different domains, and each holds all', async () => {
  for (const [node, host] of [
    ['s1', 'a'],
    ['s2', 'a'],
    ['s3', 'b'],
    ['s4', 'b'],
  ] as const) {
    fleet.status.set(node, statusOf({ tenants: 0 }));
    fleet.hosts.set(node, host);
  }
  await told();
  await untilOver([BIG], 2);
  const { nodes } = await open([BIG], 2).dedicated.of('big');
  expect(new Set(nodes.map((node) => fleet.hosts.get(node))).size).toBe(2);
  for (const on of Object.values(await placed(store, 'big'))) {
    expect(on.split(', ').sort()).toEqual(nodes);
  }
  for (const tenant of ['u', 'v']) {
    for (const on of Object.values(await placed(store, tenant))) {
      expect(nodes.some((node) => on.includes(node))).toBe(false);
    }
  }
});
