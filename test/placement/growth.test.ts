import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HASH_END } from '../../src/core/ids.js';
import { partitionRows } from '../../src/placement/balance.js';
import { nextStep, type GrowthBounds } from '../../src/placement/growth.js';
import { firstPartition, restPartition } from '../../src/placement/partition.js';
import { canBeHalved, canBeOne, cutOut, halves, joined } from '../../src/placement/reshape.js';
import { isCovered, PartitionMap, strandedCategory } from '../../src/store/partition-map.js';
import type { CategoryCount, Partition } from '../../src/store/store.js';

const BOUNDS: GrowthBounds = { partitionRows: 100, rangeRows: 1_000, maxPartitions: 50 };
const countsOf = (rows: Record<string, number>): CategoryCount[] =>
  Object.entries(rows).map(([category, products]) => ({ category, products }));
const rest = (): Partition => restPartition(['s1']);

/** Takes the steps that are due, each at once; all partitions are on one node. */
function grown(
  partitions: readonly Partition[],
  counts: readonly CategoryCount[],
  bounds = BOUNDS,
): Partition[] {
  const categories = counts.map(({ category }) => category);
  let now = [...partitions];
  for (let counter = 2; counter < 300; counter++) {
    const step = nextStep(now, counts, bounds);
    if (step === undefined) return now;
    const before = now;
    if (step.kind === 'cut') now = cutOut(now, step.categories, counter);
    else if (step.kind === 'halve') {
      const { partition } = step;
      now = now.flatMap((each) => (each === partition ? halves(each, counter) : [each]));
    } else {
      const one = joined(step.stayer, step.mover, counter);
      now = now.flatMap((each) => (each === step.mover ? [] : [each === step.stayer ? one : each]));
    }
    expect(strandedCategory(before, now, [...categories, 'unknown'])).toBeUndefined();
    expect(before.every((each) => isCovered(each, now))).toBe(true);
  }
  throw new Error('it does not come to an end');
}

const names = (partitions: readonly Partition[]): string[] =>
  partitions.map(({ categories, from, to }) => {
    const name = categories === 'rest' ? 'rest' : categories.join('+');
    return to - from === HASH_END ? name : `${name} ${(to - from) / HASH_END}`;
  });

describe('growth of partitions', () => {
  test('a small tenant is its rest, and stays so', () => {
    expect(nextStep([rest()], countsOf({ Mice: 60, Pans: 40 }), BOUNDS)).toBeUndefined();
  });

  test('past the bound the largest categories are cut out, until the rest has half of it', () => {
    const counts = countsOf({ Mice: 60, Pans: 45, Lamps: 20, Pens: 10 });
    expect(nextStep([rest()], counts, BOUNDS)).toEqual({
      kind: 'cut',
      categories: ['Mice', 'Pans'],
    });
    expect(names(grown([rest()], counts))).toEqual(['rest', 'Mice', 'Pans']);
  });

  test('categories too small to be worth a partition stay in the rest', () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`c${i}`, 1]));
    expect(nextStep([rest()], countsOf(many), BOUNDS)).toBeUndefined();
  });

  test('a large category is halved again and again, a large rest as well', () => {
    const grownTo = names(grown([rest()], countsOf({ Mice: 3_500 })));
    expect(grownTo).toEqual(['rest', 'Mice 0.25', 'Mice 0.25', 'Mice 0.25', 'Mice 0.25']);
    const tiny = Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`c${i}`, 1]));
    expect(names(grown([rest()], countsOf(tiny)))).toEqual(['rest 0.5', 'rest 0.5']);
  });

  test('with PARTITION_ROWS=0 nothing is cut out, and nothing comes back', () => {
    const own = [firstPartition('Mice', ['s1']), firstPartition('Pans', ['s1'])];
    const bounds = { ...BOUNDS, partitionRows: 0 };
    expect(nextStep(own, countsOf({ Mice: 1, Pans: 2 }), bounds)).toBeUndefined();
    expect(nextStep([rest()], countsOf({ Mice: 500 }), bounds)).toBeUndefined();
  });

  test('what has become small comes back: ranges to one, categories to the rest', () => {
    const counts = countsOf({ Mice: 3_500, Pans: 90, Lamps: 30 });
    const large = grown([rest()], counts);
    expect(names(large)).toHaveLength(6);
    expect(names(grown(large, countsOf({ Mice: 20, Pans: 20 })))).toEqual(['rest']);
  });

  test('a range of a category is no part of the rest while there are others of it', () => {
    const bounds = { partitionRows: 5_000, rangeRows: 1_000, maxPartitions: 100 };
    const tiny = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`c${i}`, 193]));
    const before = grown([rest()], countsOf({ ...tiny, Mice: 3_000 }), bounds);
    expect(names(before).filter((name) => name.startsWith('Mice'))).toHaveLength(4);
    expect(names(before)).toContain('rest 0.125');
    const after = grown(before, countsOf({ Mice: 10 }), bounds);
    expect(names(after)).toEqual(['rest']);
    expect(canBeOne(rest(), firstPartition('Mice', ['s1']), [rest()])).toBe(false);
  });

  test('what is pinned stays as it is', () => {
    const pinned = (partition: Partition): Partition => ({ ...partition, isPinned: true });
    expect(nextStep([pinned(rest())], countsOf({ Mice: 500 }), BOUNDS)).toBeUndefined();
    const small = [rest(), pinned(firstPartition('Mice', ['s1']))];
    expect(nextStep(small, countsOf({ Mice: 1 }), BOUNDS)).toBeUndefined();
  });

  test('what was halved to fit where it lies is not joined by growth, nor are its halves', () => {
    const [a, b] = halves({ ...firstPartition('Mice', ['s1']), isApart: true }, 2);
    expect([a.isApart, b.isApart]).toEqual([true, true]);
    expect(nextStep([rest(), a, b], countsOf({ Mice: 10 }), BOUNDS)).toBeUndefined();
    // By hand it is, and then it is as any other.
    expect(joined(a, b, 3)).not.toHaveProperty('isApart');
    const large = countsOf({ Mice: 5_000 });
    expect(nextStep([rest(), a, b], large, BOUNDS)).toMatchObject({ kind: 'halve' });
  });

  test('no tenant gets more partitions than its bound', () => {
    const bounds = { ...BOUNDS, maxPartitions: 3 };
    const counts = countsOf({ Mice: 9_000, Pans: 8_000, Lamps: 7_000 });
    expect(grown([rest()], counts, bounds)).toHaveLength(3);
  });

  const tenants = fc
    .array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 12 })
    .map((sizes) => countsOf(Object.fromEntries(sizes.map((size, i) => [`c${i}`, size]))));

  test('whatever a tenant becomes: it ends, every product has one partition, within the bounds', () => {
    fc.assert(
      fc.property(tenants, tenants, (before, after) => {
        let partitions = grown([rest()], before);
        partitions = grown(partitions, after);
        expect(new Set(partitions.map(({ id }) => id)).size).toBe(partitions.length);
        const map = new PartitionMap({ partitions });
        for (const category of [...after.map((one) => one.category), 'unknown']) {
          for (const hash of [0, 1, HASH_END / 2, HASH_END / 3, HASH_END - 1]) {
            const holding = map
              .holding(category)
              .filter(({ from, to }) => Math.floor(hash) >= from && Math.floor(hash) < to);
            expect(holding).toHaveLength(1);
          }
        }
        const rows = partitionRows(partitions, after);
        partitions.forEach((partition, i) => {
          if (canBeHalved(partition)) expect(rows[i]).toBeLessThanOrEqual(BOUNDS.rangeRows);
        });
      }),
      { numRuns: 200 },
    );
  });
});
