import fc from 'fast-check';
import { expect, test } from 'vitest';
import { categoriesOf } from '../../src/filter/analyse.js';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { compareBytes } from '../../src/core/ids.js';
import { mergeHits, type FoundHit } from '../../src/search/merge-hits.js';
import { residualFilter } from '../../src/filter/analyse.js';
import { product, wireFilter } from '../filter/arbitraries.js';

/** A hit that is ordered by its score. */
function hit(id: string, version: number, score: number): FoundHit {
  return { id, version, score, keys: [score] };
}

test('invariant 5: of two versions of a product the newer counts, whatever its score', () => {
  const old = [hit('a', 1, 0.9), hit('b', 1, 0.5)];
  const moved = [hit('a', 2, 0.1)];
  for (const lists of [
    [old, moved],
    [moved, old],
  ]) {
    expect(mergeHits(lists, 10)).toEqual([old[1], moved[0]]);
    expect(mergeHits(lists, 1)).toEqual([old[1]]);
  }
});

test('however hits are cut into lists, they come by their keys, missing ones last, ties by id', () => {
  const key = fc.option(fc.integer({ min: 0, max: 3 }), { nil: null });
  const keyed = fc.uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), key, key), {
    selector: ([id]) => id,
  });
  fc.assert(
    fc.property(keyed, fc.integer({ min: 1, max: 4 }), fc.nat(20), (all, shards, k) => {
      const sort = [
        { field: 'x', order: 'desc' as const },
        { field: 'y', order: 'asc' as const },
      ];
      const rank = (value: number | null, sign: number): number =>
        value === null ? Infinity : sign * value;
      const hits = all.map(([id, x, y]): FoundHit => ({ id, version: 1, score: 0, keys: [x, y] }));
      const order = (a: FoundHit, b: FoundHit): number => {
        const [ax, ay, bx, by] = [...a.keys, ...b.keys] as (number | null)[];
        const first = rank(ax ?? null, -1) - rank(bx ?? null, -1) || 0;
        const second = rank(ay ?? null, 1) - rank(by ?? null, 1) || 0;
        return first || second || compareBytes(a.id, b.id);
      };
      const lists = Array.from({ length: shards }, (_, shard) =>
        hits.filter((_, i) => i % shards === shard).sort(order),
      );
      expect(mergeHits(lists, k, sort)).toEqual(hits.toSorted(order).slice(0, k));
    }),
  );
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
