import { expect, test } from 'vitest';
import type { RepeatQuery } from '../../src/shard/exact-repeat.js';
import { RememberedQueries } from '../../src/shard/remembered-queries.js';

const query = (value: number): RepeatQuery => ({
  vector: Float32Array.of(value, 1),
  filter: undefined,
  partitions: [],
  k: 10,
  floor: -Infinity,
});
const values = (queries: RememberedQueries): (number | undefined)[] =>
  queries.all.map(({ vector }) => vector[0]);

test('all at first, then one between two ticks in place of the oldest', () => {
  const queries = new RememberedQueries(3);
  expect([1, 2, 3].map((value) => queries.offer(query(value)))).toEqual([true, true, true]);
  expect(queries.wantsOne).toBe(false);
  expect(queries.offer(query(4))).toBe(false);
  queries.tick();
  expect(queries.wantsOne).toBe(true);
  // Taken, but in no free place.
  expect(queries.offer(query(5))).toBe(false);
  expect(queries.offer(query(6))).toBe(false);
  expect(values(queries)).toEqual([5, 2, 3]);
});

test('the same search again and again is one', () => {
  const queries = new RememberedQueries(3);
  expect(queries.offer(query(1))).toBe(true);
  expect(queries.offer(query(1))).toBe(false);
  expect(values(queries)).toEqual([1]);
});
