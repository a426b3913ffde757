import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterFields } from '../../src/core/product-fields.js';
import type { JsonValue, Product } from '../../src/core/product.js';
import { DocumentFilter, leafMatches } from '../../src/filter/evaluate.js';
import type { Filter, Leaf, Scalar } from '../../src/filter/filter.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { fieldName, product, wireFilter } from './arbitraries.js';
import { candidates, oracle } from './oracle.js';

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
  'size.width': 7,
  size: { width: 8, box: [{ depth: 2 }, { depth: 3 }, null, 'loose'] },
  nothing: { at: { all: null } },
};

function matches(filter: unknown): boolean {
  return new DocumentFilter(parseFilter(filter)).matches(mouse);
}

describe('a filter over a document', () => {
  it('agrees with a naive reading of the contract', () => {
    fc.assert(
      fc.property(wireFilter, product, (wire, document) => {
        expect(new DocumentFilter(parseFilter(wire)).matches(document)).toBe(
          oracle(wire, document),
        );
      }),
      { numRuns: 3_000 },
    );
  });

  it('knows of each field whether it has a value, by the same reading', () => {
    fc.assert(
      fc.property(fieldName, product, (field, document) => {
        const exists = new DocumentFilter({ kind: 'exists', field, exists: true });
        const isMissing = new DocumentFilter({ kind: 'exists', field, exists: false });
        const expected = candidates(document, field).length > 0;
        expect(exists.matches(document)).toBe(expected);
        expect(isMissing.matches(document)).toBe(!expected);
        expect(scalarsOf(field, document).length > 0).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('agrees with leaves evaluated over the fields that columns hold', () => {
    fc.assert(
      fc.property(wireFilter, product, (wire, document) => {
        const filter = parseFilter(wire);
        expect(overColumns(filter, document)).toBe(new DocumentFilter(filter).matches(document));
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
    [{ in_stock: false }, true],
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
    [{ 'size.width': 7 }, true],
    [{ 'size.width': 8 }, true],
    [{ 'size.box': 'loose' }, true],
    [{ 'size.box.depth': { gte: 3 } }, true],
    [{ 'size.box.depth': [1, 4] }, false],
    [{ size: { ne: 8 } }, true],
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

describe('a filter of many clauses over a long list', () => {
  /** A list that counts how often one of its elements is looked at. */
  function counted(length: number): { tags: JsonValue[]; reads: () => number } {
    let reads = 0;
    const items = Array.from({ length }, (_, i) => `tag ${String(i).padStart(6, '0')}`);
    const tags = new Proxy(items, {
      get: (list, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1;
        return Reflect.get(list, key) as unknown;
      },
    });
    return { tags, reads: () => reads };
  }

  it('goes through the list once, whatever is asked of it', () => {
    const { tags, reads } = counted(100_000);
    const document = { id: 'p', title: 't', category: 'c', tags };
    const ranges = Array.from({ length: 90 }, (_, i) => ({ tags: { gt: `z${i}` } }));
    const absent = Array.from({ length: 900 }, (_, i) => `no tag ${i}`);
    const filter = parseFilter({ or: [...ranges, { tags: absent }, { tags: { lte: 'a' } }] });
    expect(new DocumentFilter(filter).matches(document)).toBe(false);
    expect(reads()).toBe(100_000);
    const one = parseFilter({ or: [...ranges, { tags: [...absent, 'tag 099999'] }] });
    expect(new DocumentFilter(one).matches(document)).toBe(true);
    const none = parseFilter({ not: { tags: { not_in: absent } } });
    expect(new DocumentFilter(none).matches(document)).toBe(false);
    expect(reads()).toBe(300_000);
  });

  it('goes through a long set once, not once a value', () => {
    const { tags, reads } = counted(1_000);
    const leaf: Leaf = { kind: 'in', field: 'tag', values: tags as Scalar[] };
    expect(leafMatches(leaf, 'tag 000999')).toBe(true);
    for (let i = 0; i < 100; i++) expect(leafMatches(leaf, `none ${i}`)).toBe(false);
    expect(reads()).toBe(1_000);
  });

  it('is asked of one document after the other', () => {
    const filter = new DocumentFilter(parseFilter({ tags: { gte: 5 }, price: [1, 2] }));
    const of = (tags: JsonValue, price: JsonValue): boolean =>
      filter.matches({ id: 'p', title: 't', category: 'c', tags, price });
    expect([of([1, 9], 2), of([1], 2), of(5, 1), of([9], 3), of([], 1), of([1, 9], 2)]).toEqual([
      true,
      false,
      true,
      false,
      false,
      true,
    ]);
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
    case 'range':
      return scalarsOf(filter.field, document).some((one) => leafMatches(filter, one));
    case 'exists':
      return scalarsOf(filter.field, document).length > 0 === filter.exists;
  }
}

function scalarsOf(field: string, document: Product): Scalar[] {
  const held = filterFields(document).find(([name]) => name === field)?.[1] ?? [];
  return [held].flat().filter(isScalar);
}

function isScalar(value: JsonValue): value is Scalar {
  return value !== null && typeof value !== 'object';
}
