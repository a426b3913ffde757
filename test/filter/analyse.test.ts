import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { categoriesOf, fieldsOf } from '../../src/filter/analyse.js';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { product, wireFilter } from './arbitraries.js';

describe('fieldsOf', () => {
  it('names each field once', () => {
    const filter = parseFilter({ price: { gt: 1, lt: 2 }, or: [{ a: 1 }, { not: { price: 3 } }] });
    expect(fieldsOf(filter)).toEqual(['price', 'a']);
    expect(fieldsOf(parseFilter({}))).toEqual([]);
  });
});

describe('categoriesOf', () => {
  it('holds the category of every product that matches', () => {
    fc.assert(
      fc.property(wireFilter, product, (wire, document) => {
        const filter = parseFilter(wire);
        fc.pre(new DocumentFilter(filter).matches(document));
        const categories = categoriesOf(filter);
        expect(categories === undefined || categories.includes(document.category)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [{}, undefined],
    [{ price: 1 }, undefined],
    [{ category: 'A' }, ['A']],
    [{ category: ['A', 'B'], price: { lt: 5 } }, ['A', 'B']],
    [{ category: { in: ['A', 'B'], ne: 'B' } }, ['A']],
    [{ category: ['A', 'B'], or: [{ category: ['B', 'C'] }] }, ['B']],
    [{ or: [{ category: 'A' }, { category: 'B', price: 1 }] }, ['A', 'B']],
    [{ or: [{ category: 'A' }, { price: 1 }] }, undefined],
    [{ or: [] }, []],
    [{ brand: [] }, []],
    [{ category: { ne: 'A' } }, undefined],
    [{ category: { gt: 'A' } }, undefined],
    [{ category: { in: ['A', 'B'], gt: 'A' } }, ['B']],
    [{ not: { category: 'A' } }, undefined],
    [{ not: { category: { not_in: ['A', 'B'] } } }, ['A', 'B']],
    [{ not: { or: [{ category: { ne: 'A' } }, { price: 1 }] } }, ['A']],
    [{ not: {} }, []],
    [{ category: 'A', categories: 'B' }, ['A']],
  ])('%j: %j', (wire, expected) => {
    expect(categoriesOf(parseFilter(wire))).toEqual(expected);
  });
});
