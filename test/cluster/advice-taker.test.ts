import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import { FOLLOW_ADVICE, followAdvice } from '../../src/jobs/follow-advice.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { restPartition } from '../../src/placement/partition.js';
import { withoutLeaving, withServing, withUnasked } from '../../src/placement/replica-steps.js';
import type { Store } from '../../src/store/store.js';
import { put } from '../store/contract/writes.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';
import { place } from '../store/place.js';
import { openDesk, partition, placed, statusOf, ToldFleet } from './desk-fixture.js';

const T = 't';
const COOL_DOWN_MS = 300_000;
const TICK_MS = 2_000;
const NAMES = ['s1', 's2', 's3'];

let fixture: Awaited<ReturnType<typeof makeLmdbStore>>;
let store: Store;
let fleet: ToldFleet;
let clock: { ms: number };
beforeEach(async () => {
  fixture = await makeLmdbStore();
  ({ store } = fixture);
  fleet = new ToldFleet(...NAMES);
  clock = { ms: 0 };
});
afterEach(async () => fixture.close());

/** Rows of a category, which has a partition of its own. */
async function write(rows: Record<string, number>): Promise<void> {
  for (const [category, count] of Object.entries(rows)) {
    const writes = Array.from({ length: count }, (_, i) => put(`${category}${i}`, { category }));
    await store.write(T, writes);
  }
}

/** Nodes say what lies on them, ten bytes a row: what leaves is there still, what is built is not whole. */
async function tell(capacity = 1_000): Promise<void> {
  const { desk } = openDesk(store, fleet);
  const { partitions } = await desk.show({ limit: 100 });
  for (const name of NAMES) {
    const documents = partitions
      .filter(({ partition: { replicas } }) =>
        replicas.some(({ node, state }) => node === name && state !== 'building'),
      )
      .reduce((sum, { rows }) => sum + rows, 0);
    const load = 0.1;
    const said = { documents, bytes: 10 * documents, capacityBytes: capacity, load };
    fleet.status.set(name, statusOf(said));
  }
}

/** As the background work ends moves. */
async function settle(): Promise<void> {
  const { partitions, counter } = await store.placement(T);
  const built = NAMES.reduce((all, name) => withServing(all, name, partitions), [...partitions]);
  await store.replacePlacement(T, withoutLeaving(withUnasked(built)), counter);
  await tell();
}

/** The runner of one query node; all of them share the clock. */
function runner(): JobRunner {
  const { taker } = openDesk(store, fleet);
  const logger = createLogger('silent', 'test');
  const kind = followAdvice({ taker, coolDownMs: COOL_DOWN_MS, logger });
  const kinds = new Map([[FOLLOW_ADVICE, kind]]);
  return new JobRunner({ records: store.records, kinds, logger, now: () => clock.ms });
}

async function pass(runners: readonly JobRunner[], ms: number): Promise<void> {
  for (const end = clock.ms + ms; clock.ms < end; clock.ms += TICK_MS) {
    await Promise.all(runners.map((each) => each.tick()));
    await Promise.all(runners.map((each) => each.settled()));
  }
}

const moving = async (): Promise<string[]> =>
  Object.entries(await placed(store)).flatMap(([id, text]) => (text.includes(' ') ? [id] : []));

describe('with AUTO', () => {
  test('one step at a time, and a cool-down from its end on, whoever takes it', async () => {
    await place(
      store,
      T,
      ['a', 'b', 'c', 'd'].map((category) => partition(category, 's1')),
    );
    await write({ a: 40, b: 30, c: 20, d: 6 });
    await tell();
    const runners = [runner(), runner()];
    await pass(runners, 30_000);
    // 96 % of 1,000 bytes: 20 rows are not enough, 30 are, d and c stay.
    expect(await placed(store)).toMatchObject({ b: 's2 building, s1 leaving', a: 's1', c: 's1' });
    const { counter } = await store.placement(T);
    // However long it takes.
    await pass(runners, 2 * COOL_DOWN_MS);
    expect((await store.placement(T)).counter).toBe(counter);
    await settle();
    expect(await placed(store)).toMatchObject({ b: 's2' });
    // Fuller than ever: it is to wait all the same.
    await write({ a: 70 });
    await tell();
    await pass(runners, COOL_DOWN_MS - 2 * TICK_MS);
    expect(await moving()).toEqual([]);
    await pass(runners, 30_000);
    expect(await moving()).toHaveLength(1);
  });

  test('below the mark nothing is begun, and no placement is read', async () => {
    await place(store, T, [partition('a', 's1'), partition('b', 's1')]);
    await write({ a: 40, b: 39 });
    await tell();
    await pass([runner()], 60_000);
    expect(await placed(store)).toEqual({ a: 's1', b: 's1' });
    expect(await store.records.list('placement step', undefined, 10)).toEqual([]);
  });

  test('who dies in a step leaves it to others, who wait for its end and the cool-down', async () => {
    await place(store, T, [partition('a', 's1'), partition('b', 's1')]);
    await write({ a: 50, b: 40 });
    await tell();
    const { taker } = openDesk(store, fleet);
    expect(await taker.look()).toMatchObject({ state: 'begun', step: { kind: 'move' } });
    const other = openDesk(store, fleet).taker;
    expect(await other.look()).toEqual({ state: 'under way' });
    await settle();
    expect(await other.look()).toEqual({ state: 'ended' });
    expect(await other.look()).toEqual({ state: 'nothing' });
  });

  test('a node that nothing can relieve at once is not looked at all the time', async () => {
    await place(store, T, [{ ...partition('a', 's1'), isPinned: true }]);
    await write({ a: 90 });
    await tell();
    const { taker } = openDesk(store, fleet);
    expect(await taker.look()).toEqual({ state: 'stuck' });
  });

  test('what was pinned meanwhile stays', async () => {
    await place(store, T, [partition('a', 's1'), partition('b', 's1')]);
    await write({ a: 50, b: 40 });
    await tell();
    const { desk, taker, advisor } = openDesk(store, fleet);
    const seen = await advisor.next();
    await desk.pin({ tenant: T, category: 'b' }, true);
    const late = openDesk(store, fleet, 1, { advisor: { next: async () => seen } });
    await late.taker.look();
    expect(await moving()).toEqual([]);
    await taker.look();
    // The other one is as good.
    expect(await taker.look()).toMatchObject({ step: { move: { partition: { id: 'p-a' } } } });
  });

  test('what fits nowhere is split, a part of it moves, and growth does not join it again', async () => {
    await place(store, T, [restPartition(['s1'])]);
    await write({ a: 90 });
    await tell();
    const { taker, audit } = openDesk(store, fleet);
    expect(await taker.look()).toMatchObject({ step: { kind: 'split' } });
    const { partitions } = await store.placement(T);
    expect(partitions.map(({ isApart, isPinned }) => [isApart, isPinned])).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
    expect(await taker.look()).toEqual({ state: 'ended' });
    expect(await taker.look()).toMatchObject({ state: 'begun', step: { kind: 'move' } });
    await settle();
    expect(await taker.look()).toEqual({ state: 'ended' });
    expect(await taker.look()).toEqual({ state: 'nothing' });
    const noted = (await audit.list(T, undefined, 10)).map(({ by, kind, target }) => [
      by,
      kind,
      target,
    ]);
    expect(noted).toEqual([
      ['auto', 'placement', 'split'],
      ['auto', 'placement', 'move'],
    ]);
  });
});
