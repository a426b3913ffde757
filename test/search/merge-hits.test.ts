import fc from 'fast-check';
import { expect, test } from 'vitest';
import { categoriesOf } from '../../src/filter/analyse.js';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { mergeHits } from '../../src/search/merge-hits.js';
import { residualFilter } from '../../src/filter/analyse.js';
import { product, wireFilter } from '../filter/arbitraries.js';

test('invariant 5: of two versions of a product the newer counts, whatever its score', () => {
  const old = [
    { id: 'a', version: 1, score: 0.9 },
    { id: 'b', version: 1, score: 0.5 },
  ];
  const moved = [{ id: 'a', version: 2, score: 0.1 }];
  for (const lists of [
    [old, moved],
    [moved, old],
  ]) {
    expect(mergeHits(lists, 10)).toEqual([old[1], moved[0]]);
    expect(mergeHits(lists, 1)).toEqual([old[1]]);
  }
});

test('in the partitions that a filter asks for, what is left of it decides the same', () => {
  fc.assert(
    fc.property(wireFilter, product, (wire, one) => {
      const filter = parseFilter(wire);
      const categories = categoriesOf(filter);
      fc.pre(categories === undefined || categories.includes(one.category));
      const residual = residualFilter(filter);
      const decided = residual === undefined || new DocumentFilter(residual).matches(one);
      expect(decided).toBe(new DocumentFilter(filter).matches(one));
    }),
  );
});
