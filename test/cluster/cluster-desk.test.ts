import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { placeKey } from '../../src/cluster/placed-pages.js';
import { ASSUMED_ROWS_PER_S } from '../../src/cluster/plan.js';
import { HASH_END } from '../../src/core/ids.js';
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
});
afterEach(async () => fixture.close());

const rowsOf = async (tenant: string, category: string, rows: number): Promise<void> => {
  const writes = Array.from({ length: rows }, (_, i) => put(`${category}${i}`, { category }));
  await store.write(tenant, writes);
};

describe('what is shown', () => {
  test('nodes, and the partitions of all tenants with rows, in pages that lack and repeat nothing', async () => {
    for (const tenant of ['a', 'b', 'c']) {
      const own = ['x', 'y', 'z'].map((category) => partition(category, 's1'));
      await place(store, tenant, own);
    }
    await rowsOf('b', 'y', 7);
    const { desk } = openDesk(store, fleet);
    const all = await desk.show({ limit: 1_000 });
    expect(all.nodes.map(({ node }) => node)).toEqual(['s1', 's2', 's3']);
    expect(all.partitions).toHaveLength(9);
    const b = all.partitions.filter(({ tenant }) => tenant === 'b');
    expect(b.map(({ rows }) => rows)).toEqual([0, 7, 0]);
    for (const limit of [1, 2, 4]) {
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const { partitions } = await desk.show({ after, limit });
        expect(partitions.length).toBeLessThanOrEqual(limit);
        seen.push(...partitions.map(placeKey));
        const last = partitions.at(-1);
        if (last === undefined) break;
        after = placeKey(last);
      }
      expect(seen).toEqual(all.partitions.map(placeKey));
    }
  });

  test('of one tenant, of one node, whatever state its replicas are in', async () => {
    await place(store, 'a', [partition('x', 's1'), partition('y', 's2')]);
    const leaving = [...serving('s2'), { node: 's3', state: 'leaving' } as const];
    await place(store, 'b', [{ ...partition('x'), replicas: leaving }]);
    const { desk, emptier } = openDesk(store, fleet);
    const of = async (query: object) =>
      (await desk.show({ ...query, limit: 10 })).partitions.map(placeKey);
    expect(await of({ tenant: 'a' })).toEqual(['a/p-x', 'a/p-y']);
    expect(await of({ node: 's2' })).toEqual(['a/p-y', 'b/p-x']);
    expect(await of({ node: 's3' })).toEqual(['b/p-x']);
    expect(await of({ tenant: 'nobody' })).toEqual([]);
    expect(await emptier.left('s3')).toEqual({ partitions: 1, rows: 0 });
  });

  test('a node says its zone and size; one that fell silent is as it last said', async () => {
    fleet.status.set('s1', statusOf({ zone: 'north', bytes: 5, capacityBytes: 9 }));
    fleet.hosts.set('s2', '10.0.0.2');
    const { nodes } = openDesk(store, fleet);
    const [s1, s2, s3] = await nodes.all();
    expect(s1).toMatchObject({ zone: 'north', domain: 'zone north', bytes: 5, capacityBytes: 9 });
    expect(s2).toMatchObject({ zone: undefined, domain: 'host 10.0.0.2', isAlive: true });
    expect(s3).toMatchObject({ domain: 'node s3' });
    fleet.silent.set('s1', 10_000);
    expect((await nodes.all())[0]).toMatchObject({ isAlive: false, isGone: false, zone: 'north' });
    fleet.silent.set('s1', 70_000);
    expect((await nodes.all())[0]).toMatchObject({ isAlive: false, isGone: true });
    expect((await nodes.placeable()).map(({ node }) => node)).toEqual(['s2', 's3']);
  });

  test('zones are remembered, so that sets of nodes are the same before they are told', async () => {
    fleet.status.set('s1', statusOf({ zone: 'north' }));
    const first = openDesk(store, fleet);
    await first.nodes.noteZones();
    const dark = new ToldFleet('s1', 's2', 's3');
    for (const name of ['s1', 's2', 's3']) dark.silent.set(name, 4_000);
    const second = openDesk(store, dark);
    await second.zones.load();
    expect((await second.nodes.all())[0]).toMatchObject({ domain: 'zone north', isAlive: false });
    fleet.status.set('s1', statusOf());
    await first.nodes.noteZones();
    const third = openDesk(store, dark);
    await third.zones.load();
    expect((await third.nodes.all())[0]).toMatchObject({ domain: 'node s1' });
  });
});

describe('a plan', () => {
  test('fills a new node, says what that costs, and changes nothing before it is applied', async () => {
    const categories = ['a', 'b', 'c', 'd', 'e', 'f'];
    await place(
      store,
      't',
      categories.map((category, i) => partition(category, i % 2 === 0 ? 's1' : 's2')),
    );
    for (const category of categories) await rowsOf('t', category, 50);
    const { desk, settled } = openDesk(store, fleet);
    const before = await placed(store);
    const plan = await desk.plan();
    expect(plan.moves.map(({ to }) => to)).toEqual([['s3'], ['s3']]);
    // 10,000 bytes of 100 rows.
    expect(plan).toMatchObject({ rows: 100, bytes: 10_000 });
    expect(plan.seconds).toBe(Math.ceil(100 / ASSUMED_ROWS_PER_S));
    expect(await placed(store)).toEqual(before);
    expect(settled).toEqual([]);
    await desk.apply();
    // Before and after.
    expect(settled).toEqual(['t', 't']);
    const moving = Object.values(await placed(store)).filter((text) => text.includes('s3'));
    expect(moving).toEqual(['s3 building, s1 leaving', 's3 building, s2 leaving']);
    expect((await desk.plan()).moves).toEqual([]);
  });

  test('keeps copies in different zones, and off nodes that are drained or gone', async () => {
    fleet = new ToldFleet('s1', 's2', 's3', 's4', 's5');
    for (const [node, zone] of Object.entries({ s1: 'a', s2: 'a', s3: 'b', s4: 'b', s5: 'c' })) {
      fleet.status.set(node, statusOf({ zone }));
    }
    await place(store, 't', [partition('x', 's1', 's2'), partition('y', 's3', 's4')]);
    const { desk, drained } = openDesk(store, fleet, 2);
    await drained.drain('s5');
    const sets = (await desk.plan()).moves.map(({ to }) => to.join());
    expect(sets.sort()).toEqual(['s1,s3', 's2,s4']);
  });
});

describe('moving by hand', () => {
  beforeEach(async () => {
    const half = HASH_END / 2;
    await place(store, 't', [
      partition('x', 's1'),
      { ...partition('y', 's1'), id: 'y1', to: half },
      { ...partition('y', 's2'), id: 'y2', from: half },
      { ...partition('rest', 's2'), categories: 'rest' },
    ]);
  });

  test('a partition, or all of a category, builds there and leaves afterwards', async () => {
    const { desk, settled } = openDesk(store, fleet);
    const moved = await desk.move({ tenant: 't', partition: 'p-x' }, ['s2', 's3']);
    expect(moved.partitions.map(placeKey)).toEqual(['t/p-x']);
    expect(await placed(store)).toMatchObject({ x: 's2 building, s3 building, s1 leaving' });
    await desk.move({ tenant: 't', category: 'y' }, ['s2']);
    expect(await placed(store)).toMatchObject({ y1: 's2 building, s1 leaving', y2: 's2' });
    const { counter } = await store.placement('t');
    settled.length = 0;
    await desk.move({ tenant: 't', category: 'y' }, ['s2']);
    expect([(await store.placement('t')).counter, settled]).toEqual([counter, []]);
  });

  test.each([
    [{ tenant: 't', partition: 'p-x' }, ['s9'], 'invalid_field', 'to[0]'],
    [{ tenant: 't', partition: 'p-x' }, ['s1', 's2', 's1'], 'invalid_field', 'to[2]'],
    [{ tenant: 't', partition: 'p-x' }, [], 'invalid_field', 'to'],
    [{ tenant: 't', partition: 'p-x' }, ['s3'], 'invalid_field', 'to[0]'],
    [{ tenant: 't', partition: 'nope' }, ['s2'], 'invalid_field', 'partition'],
    [{ tenant: 't', category: 'nope' }, ['s2'], 'invalid_field', 'category'],
    [{ tenant: 't' }, ['s2'], 'invalid_field', 'partition'],
    [{ tenant: 't', partition: 'p-x', category: 'x' }, ['s2'], 'invalid_field', 'partition'],
    [{ tenant: 'nobody', category: 'x' }, ['s2'], 'not_found', 'tenant'],
  ])('%j to %j is refused, and changes nothing', async (choice, to, code, field) => {
    const { desk, drained } = openDesk(store, fleet);
    await drained.drain('s3');
    await expect(desk.move(choice, to)).rejects.toMatchObject({ code, field });
    expect(await store.placement('t')).toMatchObject({ counter: 1 });
    expect(await store.tenants()).toEqual(['t']);
  });

  test('what is pinned stays whatever is planned', async () => {
    const { desk } = openDesk(store, fleet);
    await desk.pin({ tenant: 't', category: 'x' }, true);
    const { partitions } = await store.placement('t');
    expect(partitions[0]).toMatchObject({ isPinned: true, epoch: 1 });
    fleet.status.delete('s1');
    const planned = (await desk.plan()).moves.map(({ partition: { id } }) => id);
    expect(planned).toEqual(['y1']);
    await desk.pin({ tenant: 't', category: 'x' }, false);
    expect((await store.placement('t')).partitions[0]).not.toHaveProperty('isPinned');
  });
});
