import { expect, test } from 'vitest';
import type { Filter } from '../../src/filter/filter.js';
import { Bitset } from '../../src/shard/bitset.js';
import { AskedFilter, MatchCache } from '../../src/shard/match-cache.js';

const below = (value: number): Filter => ({ kind: 'range', field: 'price', op: 'lt', value });

function setOf(...rows: number[]): Bitset {
  const set = new Bitset(100);
  for (const row of rows) set.add(row);
  return set;
}

test('a filter that was asked before is not evaluated again, and what a caller does with it stays its own', () => {
  const cache = new MatchCache();
  let evaluated = 0;
  const rows = (filter: Filter, ...found: number[]) =>
    cache.rows(new AskedFilter(filter), () => {
      evaluated += 1;
      return setOf(...found);
    });
  const first = rows(below(3), 1, 2);
  first.andNot(setOf(1));
  expect([...rows(below(3)).rows()]).toEqual([1, 2]);
  expect(evaluated).toBe(1);
  expect([...rows(below(4), 1, 2, 3).rows()]).toEqual([1, 2, 3]);
  expect(evaluated).toBe(2);
});

test('so many filters are kept, and none that is very long', () => {
  const cache = new MatchCache();
  let evaluated = 0;
  const ask = (filter: Filter): Bitset =>
    cache.rows(new AskedFilter(filter), () => {
      evaluated += 1;
      return setOf();
    });
  for (let i = 0; i < 33; i++) ask(below(i));
  ask(below(32));
  expect(evaluated).toBe(33);
  ask(below(0));
  expect(evaluated).toBe(34);
  const long: Filter = { kind: 'in', field: 'brand', values: ['x'.repeat(5_000)] };
  ask(long);
  ask(long);
  expect(evaluated).toBe(36);
});
