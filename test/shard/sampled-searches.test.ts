import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { PartitionSet } from '../../src/shard/leaf/partition-set.js';
import { CostModel } from '../../src/shard/leaf/cost-model.js';
import { RecallWatcher } from '../../src/shard/recall/recall-watcher.js';
import { SampledSearches } from '../../src/shard/recall/sampled-searches.js';
import { HASH_END } from '../../src/core/ids.js';
import { newIndex } from './indexed.js';

const watcher = new RecallWatcher(
  { sampleShare: 0.0001, target: 0.98, random: () => 0.5 },
  { isBusy: () => false, isCalm: () => true },
  new CostModel(),
  pino({ level: 'silent' }),
);
afterEach(() => watcher.close());

const partitions = new PartitionSet(() => [{ from: 0, to: HASH_END }]);

function answered(i: number, best = 0.9, categories?: readonly string[]) {
  const vector = new Float32Array([Math.sin(i), Math.cos(i)]);
  return { vector, best, categories, filter: undefined, partitions, k: 10 };
}

test('a search that others were asked for, too, counts once it is told how far the hits reach', () => {
  const samples = new SampledSearches(watcher);
  const index = newIndex(2);
  const first = samples.answered(index, answered(1), false) as number;
  const far = samples.answered(index, answered(2, 0.3), false) as number;
  expect(index.recentQueries.vectors.all).toHaveLength(0);
  samples.told(first, 0.7);
  // Nothing of this shard is among the best of all.
  samples.told(far, 0.7);
  samples.told(first, 0.7);
  samples.told(4_711, 0.7);
  expect(index.recentQueries.vectors.all.map(({ reach }) => reach)).toEqual([0.7]);
});

test('one that no other shard was asked for counts at once', () => {
  const samples = new SampledSearches(watcher);
  const index = newIndex(2);
  expect(samples.answered(index, answered(1), true)).toBeUndefined();
  expect(samples.answered(index, answered(2, 0.9, ['c']), true)).toBeUndefined();
  expect(samples.answered(index, answered(3, 0.9, ['c', 'd']), true)).toBeUndefined();
  const { all, of } = index.recentQueries.vectors;
  expect(all).toHaveLength(1);
  expect([...of].map(([category, list]) => [category, list.length])).toEqual([['c', 1]]);
});

test('those that nobody tells anything of are let go, and once enough is known few are asked for', () => {
  const samples = new SampledSearches(watcher);
  const index = newIndex(2);
  const numbers = Array.from({ length: 100 }, (_, i) =>
    samples.answered(index, answered(i), false),
  );
  for (const number of numbers) samples.told(number as number, 0);
  // Of the last 64 as many as are remembered.
  expect(index.recentQueries.vectors.all).toHaveLength(48);
  const later = Array.from({ length: 160 }, (_, i) => samples.answered(index, answered(i), false));
  expect(later.filter((number) => number !== undefined)).toHaveLength(10);
});
