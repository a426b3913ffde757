import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/http/limits.js';
import { SearchGate } from '../../src/http/search-gate.js';

const gateOf = (searchConcurrency: number, searchQueue: number): SearchGate =>
  new SearchGate({ ...DEFAULT_LIMITS, searchConcurrency, searchQueue });
const caller = (tenant: string, timeoutMs = 60_000, signal = new AbortController().signal) => ({
  ...{ tenant, timeoutMs, signal },
});

/** Work that lasts until it is let go. */
function held(gate: SearchGate, tenant: string, places = 1) {
  let release = (): void => undefined;
  const until = new Promise<void>((resolve) => (release = resolve));
  return { done: gate.run(caller(tenant), places, () => until), release };
}

test('a tenant has three quarters of the places, so that another finds one at once', async () => {
  const gate = gateOf(8, 16);
  const flood = Array.from({ length: 12 }, () => held(gate, 'flood'));
  expect(gate.counts).toEqual({ taken: 6, waiting: 6 });
  expect(await gate.run(caller('other'), 1, async () => 'served')).toBe('served');
  for (const { release } of flood) release();
  await Promise.all(flood.map(({ done }) => done));
  expect(gate.counts).toEqual({ taken: 0, waiting: 0 });
});

test('a batch takes as many places as it has searches, and waits for them', async () => {
  const gate = gateOf(8, 16);
  const [first, second] = [held(gate, 'a', 100), held(gate, 'a', 3)];
  expect(gate.counts).toEqual({ taken: 6, waiting: 1 });
  first.release();
  await first.done;
  expect(gate.counts).toEqual({ taken: 3, waiting: 0 });
  second.release();
  await second.done;
});

test('invariant 8: past the bound of those that wait the answer is overloaded at once, for one tenant at half of it', async () => {
  const gate = gateOf(4, 4);
  const running = Array.from({ length: 3 }, () => held(gate, 'a'));
  const waiting = Array.from({ length: 2 }, () => held(gate, 'a'));
  const more = gate.run(caller('a'), 1, async () => undefined);
  await expect(more).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 1_000 });
  for (const { release } of [...running, ...waiting]) release();
  await Promise.all([...running, ...waiting].map(({ done }) => done));
});

test('who waits longer than its own time, or goes away, is not searched for', async () => {
  const gate = gateOf(1, 8);
  const running = held(gate, 'a');
  let searched = 0;
  const search = async (): Promise<void> => void (searched += 1);
  const late = gate.run(caller('a', 5), 1, search);
  const gone = new AbortController();
  const left = gate.run(caller('b', 60_000, gone.signal), 1, search);
  gone.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  await expect(late).rejects.toMatchObject({ code: 'deadline_exceeded' });
  running.release();
  await running.done;
  expect([searched, gate.counts.waiting]).toEqual([0, 0]);
});

test('a search that waited has so much less time', async () => {
  const gate = gateOf(1, 8);
  const running = held(gate, 'a');
  const left = gate.run(caller('a', 1_000), 1, async (timeoutMs) => timeoutMs);
  setTimeout(running.release, 20);
  expect(await left).toBeLessThanOrEqual(985);
});
