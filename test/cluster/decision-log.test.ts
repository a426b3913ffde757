import { afterEach, beforeEach, expect, test } from 'vitest';
import { DecisionLog } from '../../src/cluster/decision-log.js';
import { toldChange } from '../../src/cluster/told-changes.js';
import type { Store } from '../../src/store/store.js';
import { put } from '../store/contract/writes.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';
import { place } from '../store/place.js';
import { openDesk, partition, statusOf, ToldFleet } from './desk-fixture.js';

const T = 'shop';

let fixture: Awaited<ReturnType<typeof makeLmdbStore>>;
let store: Store;
let fleet: ToldFleet;
beforeEach(async () => {
  fixture = await makeLmdbStore();
  ({ store } = fixture);
  fleet = new ToldFleet('s1', 's2', 's3');
  await place(store, T, [partition('Mice', 's1'), partition('Toys', 's1')]);
  for (const category of ['Mice', 'Toys']) {
    await store.write(
      T,
      Array.from({ length: 10 }, (_, i) => put(`${category}${i}`, { category })),
    );
  }
});
afterEach(async () => fixture.close());

const told = async (decisions: DecisionLog): Promise<(string | null)[][]> =>
  (await decisions.latest()).map(({ by, what, why }) => [by, what, why]);

test('what operators order is told, the newest first, and what changes nothing is not', async () => {
  const { desk, decisions } = openDesk(store, fleet);
  expect(await decisions.latest()).toEqual([]);
  await desk.move({ tenant: T, category: 'Mice' }, ['s2']);
  await desk.move({ tenant: T, category: 'Mice' }, ['s2']);
  await desk.move({ tenant: T, category: 'Mice' }, ['s3'], { isDryRun: true });
  await desk.split({ tenant: T, category: 'Toys' });
  await desk.drain('s1');
  expect(await told(decisions)).toEqual([
    [null, expect.stringMatching(/^drain s1 of shop: \d partitions?, s1(, s2)? → s/), null],
    [null, 'split of shop: 1 partition → 2, s1', null],
    [null, 'move of shop: 1 partition, s1 → s2', null],
  ]);
});

test('what is done about a node that is too full, or gone, is told with its reason', async () => {
  const { taker, decisions, nodes, emptier } = openDesk(store, fleet);
  const full = { documents: 20, bytes: 950, capacityBytes: 1_000 };
  fleet.status.set('s1', statusOf({ ...full, load: 0.1 }));
  for (const name of ['s2', 's3']) {
    fleet.status.set(name, statusOf({ documents: 0, bytes: 0, capacityBytes: 1_000, load: 0.1 }));
  }
  expect(await taker.look()).toMatchObject({ state: 'begun' });
  const [[by, what, why] = []] = await told(decisions);
  expect([by, why]).toEqual(['auto', 's1 has 95 % of its memory full']);
  expect(what).toMatch(/^move of shop: 1 partition, s1 → s[23]$/);
  const before = (await decisions.latest()).length;
  fleet.silent.set('s1', 3_600_000);
  expect((await nodes.all()).find(({ node }) => node === 's1')?.isGone).toBe(true);
  await emptier.emptyAway();
  const after = await told(decisions);
  expect(after.length).toBe(before + 1);
  expect(after[0]).toEqual(['auto', expect.stringMatching(/^move of shop: /), 's1 is gone']);
});

test('a hundred are kept, each of a bounded length, whoever tells them at once', async () => {
  let ms = 0;
  const logs = [1, 2, 3].map(() => new DecisionLog(store.records, () => (ms += 1_000)));
  const note = (log: DecisionLog, i: number) =>
    log.note({ by: 'auto', what: `${i} ${'x'.repeat(1_000)}`, why: null });
  await Promise.all(logs.map((log, i) => note(log, i)));
  expect(await logs[0]!.latest()).toHaveLength(3);
  for (let i = 0; i < 110; i++) await note(logs[i % 3]!, i);
  const latest = await logs[0]!.latest();
  expect(latest).toHaveLength(100);
  expect(latest[0]?.what).toMatch(/^109 x+$/);
  expect(latest[0]?.what).toHaveLength(300);
});

test('a list that cannot be written stops no decision', async () => {
  const { records } = store;
  const failing = Object.assign(Object.create(records) as typeof records, {
    put: () => Promise.reject(new Error('the disk is full')),
  });
  await new DecisionLog(failing).note({ by: null, what: 'x', why: null });
});

test('many nodes are counted', () => {
  const nodes = ['s1', 's2', 's3', 's4', 's5'];
  const before = [partition('Mice', ...nodes)];
  expect(toldChange('move', 'shop', before, [partition('Mice', 's9')])).toBe(
    'move of shop: 1 partition, s1, s2, s3 and 2 more → s9',
  );
});
