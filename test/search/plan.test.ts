import { expect, test } from 'vitest';
import { firstPartition } from '../../src/placement/partition.js';
import { planSearch } from '../../src/search/plan.js';
import type { Replica } from '../../src/store/store.js';
import { serving } from '../store/place.js';

const partitions = ['Mice', 'Shoes', 'Pans'].map((category, i) =>
  firstPartition(category, i === 1 ? ['s2'] : ['s1']),
);

test('a search asks exactly the shards that can hold a match', () => {
  const placement = { counter: 1, partitions };
  const shardsOf = (categories?: string[]): string[] =>
    planSearch(placement, categories).targets.flatMap(({ nodes }) => nodes);
  expect(shardsOf()).toEqual(['s1', 's2']);
  expect(shardsOf(['Shoes'])).toEqual(['s2']);
  expect(shardsOf(['Unheard of'])).toEqual([]);
});

test('what is asked of everything is worked out once a placement', () => {
  const placement = { counter: 1, partitions };
  expect(planSearch(placement, undefined).targets).toBe(planSearch(placement, undefined).targets);
});

test('what lies on the same nodes is asked of one of them, those that leave being the last resort', () => {
  const on = (category: string, replicas: Replica[]) => ({
    ...firstPartition(category, []),
    replicas,
  });
  const leaving = { node: 's1', state: 'leaving' } as const;
  const building = { node: 's1', state: 'building' } as const;
  const placement = {
    counter: 1,
    partitions: [
      on('Mice', serving('s1', 's2')),
      on('Shoes', serving('s2', 's1')),
      on('Pans', [...serving('s2', 's3'), building]),
      on('Toys', [leaving, ...serving('s3')]),
      on('Hats', [building]),
    ],
  };
  const targets = planSearch(placement, undefined).targets.map(({ nodes, partitions: of }) => [
    nodes,
    of.flatMap(({ categories }) => categories),
  ]);
  expect(targets).toEqual([
    [
      ['s1', 's2'],
      ['Mice', 'Shoes'],
    ],
    [['s2', 's3'], ['Pans']],
    [['s3', 's1'], ['Toys']],
    [['s1'], ['Hats']],
  ]);
  expect(new Set(planSearch(placement, undefined).targets.map(({ group }) => group)).size).toBe(4);
});
