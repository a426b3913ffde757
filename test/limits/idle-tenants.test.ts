import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fill, ManyTenants } from '../shard/many-tenants.js';
import { HOSTING, put, remove } from '../shard/shard-fixture.js';

const TENANTS = 500;
const SECONDS = 60;
const VECTOR = [1, 0, 0, 0, 0, 0, 0, 0];

let many: ManyTenants;
beforeEach(async () => {
  const hosting = { ...HOSTING, pollMs: 500, idleMs: 60_000, openTenants: 1_000 };
  // The clock is ours from here on; what waits for the disk or a turn goes on by itself.
  vi.useFakeTimers({
    toFake: ['setTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  });
  many = await ManyTenants.open({ hosting }, (store) => fill(store, TENANTS, 2));
});
afterEach(async () => {
  vi.useRealTimers();
  await many.close();
});

test('500 idle tenants cost two store calls a second, open or asleep', async () => {
  for (let t = 0; t < 20; t++) await many.search(`t${t}`);
  expect(many.node.openTenants).toBe(20);
  // What these have still to read, and what has become due by it.
  await vi.advanceTimersByTimeAsync(5_000);
  many.calls.length = 0;
  await vi.advanceTimersByTimeAsync(SECONDS * 1_000);
  expect(many.calls.length).toBeLessThanOrEqual(2 * SECONDS + 1);
  expect(new Set(many.calls.map(({ name }) => name))).toEqual(new Set(['changedTenants']));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(many.node.openTenants).toBe(0);
});

test('a write to one of 500 sleeping tenants costs some calls, a delete of nothing none', async () => {
  await vi.advanceTimersByTimeAsync(1_000);
  many.calls.length = 0;
  await many.store.write('t7', [put('new', 'Mice', VECTOR)]);
  await vi.advanceTimersByTimeAsync(1_000);
  const asked = many.calls.filter(({ name }) => name !== 'changedTenants');
  expect(asked.length).toBeLessThanOrEqual(4);
  expect(new Set(asked.map(({ tenant }) => tenant))).toEqual(new Set(['t7']));
  many.calls.length = 0;
  await many.store.write('unheard-of', [remove('p')]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(many.calls.filter(({ name }) => name !== 'changedTenants')).toEqual([]);
});
