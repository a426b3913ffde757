import { expect, test } from 'vitest';
import { firstPartition } from '../../src/placement/partition.js';
import { planSearch } from '../../src/search/plan.js';

const partitions = ['Mice', 'Shoes', 'Pans'].map((category, i) =>
  firstPartition(category, i === 1 ? 's2' : 's1'),
);

test('a search asks exactly the shards that can hold a match', () => {
  const placement = { counter: 1, partitions };
  const shardsOf = (categories?: string[]): string[] =>
    planSearch(placement, categories).targets.map(({ shard }) => shard);
  expect(shardsOf()).toEqual(['s1', 's2']);
  expect(shardsOf(['Shoes'])).toEqual(['s2']);
  expect(shardsOf(['Unheard of'])).toEqual([]);
});

test('what is asked of everything is worked out once a placement', () => {
  const placement = { counter: 1, partitions };
  expect(planSearch(placement, undefined).targets).toBe(planSearch(placement, undefined).targets);
});
