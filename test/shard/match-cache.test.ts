import { expect, test } from 'vitest';
import { Bitset } from '../../src/shard/index/bitset.js';
import { MatchCache } from '../../src/shard/leaf/match-cache.js';

function setOf(...rows: number[]): Bitset {
  const set = new Bitset(100);
  for (const row of rows) set.add(row);
  return set;
}

test('what was found for a filter is kept, and what a caller does with it stays its own', () => {
  const cache = new MatchCache();
  expect(cache.get('a')).toBeUndefined();
  const found = setOf(1, 2);
  cache.set('a', found);
  found.andNot(setOf(1));
  cache.get('a')?.andNot(setOf(2));
  expect([...(cache.get('a') as Bitset).rows()]).toEqual([1, 2]);
  expect(cache.get('b')).toBeUndefined();
});

test('so many filters are kept, and none that is very long', () => {
  const cache = new MatchCache();
  for (let i = 0; i < 33; i++) cache.set(`filter ${i}`, setOf(i));
  expect(cache.get('filter 0')).toBeUndefined();
  expect(cache.get('filter 32')).toBeDefined();
  const long = 'x'.repeat(5_000);
  cache.set(long, setOf(1));
  expect(cache.get(long)).toBeUndefined();
});
