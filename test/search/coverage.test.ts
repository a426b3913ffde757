import { expect, test } from 'vitest';
import { firstPartition } from '../../src/placement/partition.js';
import { coverageOf } from '../../src/search/coverage.js';
import type { MissingPart } from '../../src/search/search-types.js';

const PARTITIONS = [
  firstPartition('Mice', ['s1', 's2']),
  firstPartition('Lamps', ['s1', 's2']),
  firstPartition('Pans', ['s3', 's4']),
];
const COUNTS = [
  { category: 'Mice', products: 10 },
  { category: 'Lamps', products: 5 },
  { category: 'Pans', products: 15 },
];

const of = (...missing: MissingPart[]) => coverageOf(PARTITIONS, COUNTS, missing);

test('a category that a shard did not answer for is not covered, whichever of its replicas is named', () => {
  for (const shard of ['s1', 's2']) {
    const part: MissingPart = { part: 'shard', category: 'Mice', shard, reason: 'timeout' };
    expect(of(part)).toEqual({ documents: 20, of: 30, percent: 66.6 });
  }
});

test('a shard without a category is missing with all that it has', () => {
  const part: MissingPart = { part: 'shard', shard: 's4', reason: 'not_ready' };
  expect(of(part)).toEqual({ documents: 15, of: 30, percent: 50 });
});

test('what the store could not say was searched nevertheless', () => {
  expect(of({ part: 'store', reason: 'unavailable' })).toEqual({
    documents: 30,
    of: 30,
    percent: 100,
  });
});

test('of an empty catalogue all is covered, or nothing', () => {
  const lost: MissingPart = { part: 'shard', shard: 's1', reason: 'timeout' };
  expect(coverageOf([], [], [])).toEqual({ documents: 0, of: 0, percent: 100 });
  expect(coverageOf([], [], [lost])).toEqual({ documents: 0, of: 0, percent: 0 });
});
