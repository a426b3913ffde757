import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Budget } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import { normalise } from '../../src/core/vector.js';
import { vectorBytes } from '../../src/query/leaf-query.js';
import { idsOf } from '../search/leaf-answers.js';
import type { LeafSearch } from '../../src/shard-client/leaf-calls.js';
import type { ShardFleet } from '../../src/shard-client/shard-fleet.js';
import { serveShard, type ServedShard } from './served-shard.js';
import { MODEL, put, ShardFixture } from './shard-fixture.js';

const S1 = { nodes: ['s1'] };
const VECTOR = [1, 0, 0, 0, 0, 0, 0, 0];

let shard: ShardFixture;
let served: ServedShard;
let fleet: ShardFleet;
beforeEach(async () => {
  shard = await ShardFixture.open();
  await shard.place('Mice');
  await shard.write([put('m', 'Mice', VECTOR)]);
  served = await serveShard(shard, 2);
  ({ fleet } = served);
});
afterEach(async () => {
  await served.close();
  await shard.close();
});

async function leaf(partition?: string): Promise<LeafSearch> {
  const { counter, partitions } = await shard.store.placement('shop');
  return {
    tenant: 'shop',
    group: 's1/',
    partitions: partitions.map(({ id, epoch }) => ({ id: partition ?? id, epoch })),
    counter,
    model: MODEL,
    query: {
      ...{ vector: vectorBytes(normalise(VECTOR) as Float32Array), exact: false },
      views: [{ k: 5 }],
    },
  };
}

test('a search that runs is stopped when its caller gives up', async () => {
  const known = await leaf();
  const budgets: Budget[] = [];
  const run = shard.node.search.bind(shard.node);
  vi.spyOn(shard.node, 'search').mockImplementationOnce(async (request, budget) => {
    budgets.push(budget);
    while (!budget.isSpent()) await new Promise(setImmediate);
    return run(request, budget);
  });
  // Of the caller's time; the search itself would have had more.
  const caller = fleet.search(S1, known, Deadline.after(60_000));
  await vi.waitFor(() => expect(budgets).toHaveLength(1));
  expect(budgets[0]?.isSpent()).toBe(false);
  fleet.close();
  await expect(caller).rejects.toThrow();
  await vi.waitFor(() => expect(budgets[0]?.isSpent()).toBe(true));
});

test('a search whose caller gave up while it waited is not started, and makes room', async () => {
  const known = await leaf();
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const run = shard.node.search.bind(shard.node);
  const search = vi.spyOn(shard.node, 'search');
  search.mockImplementationOnce(async (...asked) => gate.then(() => run(...asked)));
  const long = Deadline.after(20_000);
  const first = fleet.search(S1, known, long);
  await vi.waitFor(() => expect(search).toHaveBeenCalledTimes(1));
  const late = [1, 2].map(() => fleet.search(S1, known, Deadline.after(30)));
  const codes = (await Promise.allSettled(late)).map(
    (one) => one.status === 'rejected' && (one.reason as { code: string }).code,
  );
  expect(codes).toEqual(['deadline_exceeded', 'deadline_exceeded']);
  const patient = [1, 2].map(() => fleet.search(S1, known, long));
  await expect(fleet.search(S1, known, long)).rejects.toMatchObject({ code: 'overloaded' });
  release();
  expect((await Promise.all(patient)).map(({ answer }) => idsOf(answer))).toEqual([['m'], ['m']]);
  expect(idsOf((await first).answer)).toEqual(['m']);
  expect(search).toHaveBeenCalledTimes(3);
});

test('a search that has to ask the store holds up no other, and is refused by its deadline', async () => {
  const known = await leaf();
  const unheard = await leaf('unheard-of');
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const counter = vi.spyOn(shard.store, 'placement');
  const placement = shard.store.placement.bind(shard.store);
  counter.mockImplementation(async (tenant) => gate.then(() => placement(tenant)));
  const asking = [1, 2].map(() => fleet.search(S1, unheard, Deadline.after(1_500)));
  await vi.waitFor(() => expect(counter).toHaveBeenCalled());
  const { answer } = await fleet.search(S1, known, Deadline.after(1_000));
  expect(idsOf(answer)).toEqual(['m']);
  // As many as the queue holds may ask at once.
  const third = fleet.search(S1, unheard, Deadline.after(1_000));
  await expect(third).rejects.toMatchObject({ code: 'overloaded' });
  counter.mockRestore();
  release();
  for (const one of asking)
    expect((await one).answer).toMatchObject({ refused: [{ partition: 'unheard-of' }] });
});

test('a search never waits behind a bulk load', async () => {
  const products = Array.from({ length: 6_000 }, (_, i) => put(`p${i}`, 'Mice', VECTOR));
  const known = await leaf();
  const pages = vi.spyOn(shard.store, 'readFeed');
  const { mark } = await shard.store.write('shop', products);
  shard.node.nudge('shop');
  await vi.waitFor(() => expect(pages.mock.calls.length).toBeGreaterThan(2), { timeout: 30_000 });
  for (let i = 0; i < 3; i++) {
    const before = pages.mock.calls.length;
    await fleet.search(S1, known, Deadline.after(20_000));
    // A page a turn; question and answer take a few turns of the client and the shard.
    expect(pages.mock.calls.length - before).toBeLessThanOrEqual(10);
  }
  expect(pages.mock.calls.length).toBeLessThan(6_000 / 128);
  await shard.settle(mark);
});

test('invariant 8: waits for a write are bounded', async () => {
  const mark = Buffer.from((await shard.store.write('shop', [])).mark);
  mark.writeUInt8(9, mark.length - 2);
  const wait = { type: 'await' as const, tenant: 'shop', mark, budgetMs: 60_000 };
  const waits = Array.from({ length: 4_200 }, () => shard.node.awaitApplied(wait));
  await expect(Promise.race(waits)).rejects.toMatchObject({ code: 'overloaded' });
  await shard.restart();
  const ends = await Promise.allSettled(waits);
  expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(4_200 - 4_096);
});
