import { expect, test } from 'vitest';
import { KindTimes, MAX_KINDS } from '../../../src/shard-client/replicas/kind-times.js';

function timesOf(kind: string, durationsMs: readonly number[]): KindTimes {
  const times = new KindTimes();
  for (const durationMs of durationsMs) times.add(kind, durationMs);
  return times;
}

test('a kind of which little is known gets the patience of none', () => {
  const times = timesOf('search', Array<number>(31).fill(2));
  expect([times.hedgeAfterMs('search'), times.hangAfterMs('search')]).toEqual([50, 200]);
  expect(times.slowness('search', 2)).toBeUndefined();
});

test('even times are hedged at twice the usual, uneven ones at the 95th of a hundred', () => {
  expect(timesOf('search', Array<number>(32).fill(3)).hedgeAfterMs('search')).toBe(6);
  const uneven = Array.from({ length: 256 }, (_, i) => (i % 10 === 0 ? 40 : 3));
  expect(timesOf('search', uneven).hedgeAfterMs('search')).toBe(40);
});

test('a fast kind still leaves a node thirty milliseconds, a slow one twice its slowest', () => {
  expect(timesOf('words', Array<number>(32).fill(0.3)).hangAfterMs('words')).toBe(30);
  expect(timesOf('scan', Array<number>(32).fill(90)).hangAfterMs('scan')).toBe(180);
  expect(timesOf('scan', Array<number>(32).fill(90)).slowness('scan', 270)).toBe(3);
});

test('the oldest kind is forgotten where there are too many', () => {
  const times = timesOf('first', Array<number>(32).fill(3));
  for (let i = 1; i < MAX_KINDS; i++) times.add(`kind ${i}`, 1);
  expect(times.hedgeAfterMs('first')).toBe(6);
  times.add('one more', 1);
  expect(times.hedgeAfterMs('first')).toBe(50);
});
