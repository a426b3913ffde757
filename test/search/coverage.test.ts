import { describe, expect, test } from 'vitest';
import { firstPartition, restPartition } from '../../src/placement/partition.js';
import { coverageOf, namedParts } from '../../src/search/coverage.js';
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

describe('the rest of a tenant', () => {
  const partitions = [restPartition(['s1', 's2']), firstPartition('Pans', ['s3'])];
  const lost: MissingPart = { part: 'shard', shard: 's1', reason: 'timeout' };
  const mice: MissingPart = { ...lost, category: 'Mice' };
  const lamps: MissingPart = { ...lost, category: 'Lamps' };

  test('is missing by the names of its categories, as far as they were asked for', () => {
    const named = (asked?: string[]) => namedParts([lost], { partitions }, COUNTS, asked);
    expect(named()).toEqual([mice, lamps]);
    expect(named(['Lamps', 'Pans'])).toEqual([lamps]);
    // Nobody knows what it was to have.
    expect(named(['Unknown'])).toEqual([lost]);
  });

  test('is not covered, with or without names, and other partitions are', () => {
    for (const missing of [[lost], [mice], [mice, lamps]]) {
      expect(coverageOf(partitions, COUNTS, missing)).toEqual({
        documents: 15,
        of: 30,
        percent: 50,
      });
    }
  });
});
