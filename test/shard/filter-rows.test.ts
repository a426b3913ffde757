import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import { fieldsOf } from '../../src/filter/analyse.js';
import type { Filter } from '../../src/filter/filter.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import type { Product } from '../../src/core/product.js';
import { filterRows } from '../../src/shard/leaf/filter-rows.js';
import { unlimited } from './leaf-fixture.js';
import { WriteBuffer } from '../../src/shard/index/write-buffer.js';
import { fieldName, product, wireFilter } from '../filter/arbitraries.js';
import { append } from './indexed.js';

/** The rows by the columns, and those by the evaluator on the documents. */
async function bothWays(
  filter: Filter,
  products: readonly Product[],
): Promise<{ rows: number[]; truth: number[] }> {
  const tail = new WriteBuffer(2);
  products.forEach((one, row) => append(tail, one, row + 1, Float32Array.of(1, 0)));
  const columns = tail.loadedColumns(fieldsOf(filter));
  const columnOf = (field: string) => columns?.get(field);
  const found = await filterRows(filter, products.length, columnOf, unlimited());
  const rows = [...found.rows.rows()];
  const truth = products.flatMap((one, row) =>
    new DocumentFilter(filter).matches(one) ? [row] : [],
  );
  return { rows, truth };
}

test('columns give the rows that the evaluator gives on the documents', () => {
  return fc.assert(
    fc.asyncProperty(fc.array(product, { maxLength: 12 }), wireFilter, async (products, wire) => {
      const { rows, truth } = await bothWays(parseFilter(wire), products);
      expect(rows).toEqual(truth);
    }),
    { numRuns: 1_000, seed: 7 },
  );
});

test('columns know which rows have a value of a field', () => {
  return fc.assert(
    fc.asyncProperty(
      fc.array(product, { maxLength: 12 }),
      fieldName,
      fc.boolean(),
      fc.boolean(),
      async (products, field, exists, isNegated) => {
        const leaf: Filter = { kind: 'exists', field, exists };
        const filter: Filter = isNegated ? { kind: 'not', of: leaf } : leaf;
        const { rows, truth } = await bothWays(filter, products);
        expect(rows).toEqual(truth);
      },
    ),
    { numRuns: 500 },
  );
});

/** Longer than what columns keep of a text, sharing beginnings of every length. */
const longText = fc
  .tuple(fc.constantFrom('a', 'b', '\u{1f600}'), fc.integer({ min: 60, max: 68 }), fc.string())
  .map(([letter, length, end]) => letter.repeat(length) + end);

test('long texts: equality is exact, and a range never loses a row', () => {
  const value = fc.oneof(longText, fc.array(longText, { maxLength: 2 }), fc.constant('a'));
  const op = fc.constantFrom('gt' as const, 'gte' as const, 'lt' as const, 'lte' as const);
  return fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 8 }),
      longText,
      op,
      fc.boolean(),
      async (texts, bound, rangeOp, negated) => {
        const products = texts.map((text): Product => ({
          id: 'p',
          title: 't',
          category: 'c',
          text,
        }));
        const equal: Filter = { kind: 'in', field: 'text', values: [bound] };
        const range: Filter = { kind: 'range', field: 'text', op: rangeOp, value: bound };
        const same = await bothWays(equal, [
          ...products,
          { id: 'p', title: 't', category: 'c', text: bound },
        ]);
        expect(same.rows).toEqual(same.truth);
        const asked: Filter = negated ? { kind: 'not', of: range } : range;
        const { rows, truth } = await bothWays(asked, products);
        expect(rows).toEqual(expect.arrayContaining(truth));
      },
    ),
  );
});
