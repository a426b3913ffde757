import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterFields } from '../../src/core/product-fields.js';
import type { JsonValue, Product } from '../../src/core/product.js';
import { leafMatches, matchesProduct } from '../../src/filter/evaluate.js';
import type { Filter, Scalar } from '../../src/filter/filter.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { product, wireFilter } from './arbitraries.js';
import { oracle } from './oracle.js';

const mouse: Product = {
  id: 'm1',
  title: 'Wireless mouse',
  category: 'Mice',
  price: 19.9,
  in_stock: false,
  brand: null,
  categories: ['Mice', 'Gifts'],
  attributes: { 'Cable length (m)': 0, 'a.b': 'dotted', Colours: ['red', 'blue'] },
  'attributes.Hidden': 'top-level',
};

function matches(filter: unknown): boolean {
  return matchesProduct(parseFilter(filter), mouse);
}

describe('matchesProduct', () => {
  it('agrees with a naive reading of the contract', () => {
    fc.assert(
      fc.property(wireFilter, product, (wire, document) => {
        expect(matchesProduct(parseFilter(wire), document)).toBe(oracle(wire, document));
      }),
      { numRuns: 3_000 },
    );
  });

  it('agrees with leaves evaluated over the fields that columns hold', () => {
    fc.assert(
      fc.property(wireFilter, product, (wire, document) => {
        const filter = parseFilter(wire);
        expect(overColumns(filter, document)).toBe(matchesProduct(filter, document));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    [{}, true],
    [{ category: 'Mice' }, true],
    [{ category: [] }, false],
    [{ category: { not_in: [] } }, true],
    [{ price: { gt: 10, lte: 19.9 } }, true],
    [{ price: { gt: 10, lt: 19.9 } }, false],
    [{ price: '19.9' }, false],
    [{ price: { lt: 'a' } }, false],
    [{ in_stock: false }, true],
    [{ in_stock: 0 }, false],
    [{ categories: 'Gifts' }, true],
    [{ categories: { ne: 'Gifts' } }, false],
    [{ brand: { ne: 'Acme' } }, true],
    [{ brand: { lt: 'z' } }, false],
    [{ missing: { not_in: ['x'] } }, true],
    [{ not: { missing: { gt: 0 } } }, true],
    [{ 'attributes.Cable length (m)': -0 }, true],
    [{ 'attributes.a.b': 'dotted' }, true],
    [{ 'attributes.Colours': ['green', 'blue'] }, true],
    [{ 'attributes.Hidden': 'top-level' }, false],
    [{ attributes: { ne: 'x' } }, true],
    [{ constructor: { ne: 'x' } }, true],
    [{ or: [] }, false],
    [{ or: [{ category: 'Mice' }, { price: 1 }], in_stock: true }, false],
  ])('%j: %s', (filter, expected) => {
    expect(matches(filter)).toBe(expected);
  });

  it('orders strings by code point, not by UTF-16 unit', () => {
    const leaf = parseFilter({ title: { gt: '\uffee' } }) as Extract<Filter, { kind: 'range' }>;
    expect(leafMatches(leaf, '😀')).toBe(true);
  });
});

/** As a shard does it: each leaf over the field's scalars, the tree over the leaves' verdicts. */
function overColumns(filter: Filter, document: Product): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.of.every((part) => overColumns(part, document));
    case 'or':
      return filter.of.some((part) => overColumns(part, document));
    case 'not':
      return !overColumns(filter.of, document);
    case 'in':
    case 'range': {
      // A top-level key that looks like an attribute is no field: see `fieldValue`.
      const names = Object.entries(document).filter(([name]) => name !== 'attributes.Colour');
      const columns = filterFields(Object.fromEntries(names) as Product);
      const held = columns.find(([name]) => name === filter.field)?.[1] ?? [];
      return [held].flat().some((one) => isScalar(one) && leafMatches(filter, one));
    }
  }
}

function isScalar(value: JsonValue): value is Scalar {
  return value !== null && typeof value !== 'object';
}
