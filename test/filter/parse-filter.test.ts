import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OmniError } from '../../src/core/errors.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { wireFilter, type WireFilter } from './arbitraries.js';

function errorOf(json: unknown): OmniError {
  try {
    parseFilter(json);
  } catch (error) {
    if (error instanceof OmniError) return error;
  }
  throw new Error(`accepted: ${JSON.stringify(json)}`);
}

function nested(depth: number): WireFilter {
  let filter: WireFilter = { price: 1 };
  for (let i = 0; i < depth; i++) filter = i % 2 === 0 ? { not: filter } : { or: [filter] };
  return filter;
}

describe('parseFilter', () => {
  it('makes the tree of the contract example', () => {
    const filter = { category: ['Mice', 'Keyboards'], price: { lte: 50 }, in_stock: true };
    expect(parseFilter(filter)).toEqual({
      kind: 'and',
      of: [
        { kind: 'in', field: 'category', values: ['Mice', 'Keyboards'] },
        { kind: 'range', field: 'price', op: 'lte', value: 50 },
        { kind: 'in', field: 'in_stock', values: [true] },
      ],
    });
  });

  it('deduplicates values and knows one zero', () => {
    const leaf = parseFilter({ size: [1, 1, 0, -0, '1'] });
    expect(leaf).toEqual({ kind: 'in', field: 'size', values: [1, 0, '1'] });
  });

  it.each([
    [null, 'filter'],
    [[], 'filter'],
    ['x', 'filter'],
    [undefined, 'filter'],
    [{ price: {} }, 'filter.price'],
    [{ price: [[1]] }, 'filter.price[0]'],
    [{ price: { lte: null } }, 'filter.price.lte'],
    [{ price: { lte: true } }, 'filter.price.lte'],
    [{ price: { lte: [1] } }, 'filter.price.lte'],
    [{ price: { gt: Number.POSITIVE_INFINITY } }, 'filter.price.gt'],
    [{ price: Number.NaN }, 'filter.price'],
    [{ price: { eq: [1] } }, 'filter.price.eq'],
    [{ price: { in: 1 } }, 'filter.price.in'],
    [{ price: { not_in: [{}] } }, 'filter.price.not_in[0]'],
    [{ price: { $gt: 1 } }, 'filter.price.$gt'],
    [{ price: { constructor: 1 } }, 'filter.price.constructor'],
    [{ price: { or: [] } }, 'filter.price.or'],
    [{ 'attributes.Screen size': { LT: 1 } }, 'filter.attributes.Screen size.LT'],
    [{ or: {} }, 'filter.or'],
    [{ or: 'x' }, 'filter.or'],
    [{ or: [{}, 1] }, 'filter.or[1]'],
    [{ price: { exists: 1 } }, 'filter.price.exists'],
    [{ price: { exists: null } }, 'filter.price.exists'],
    [{ or: [{}, { brand: {} }] }, 'filter.or[1].brand'],
    [{ not: { not: { a: { gt: null } } } }, 'filter.not.not.a.gt'],
    [{ not: [] }, 'filter.not'],
    [{ not: null }, 'filter.not'],
  ])('%j is refused, naming %s', (json, field) => {
    const error = errorOf(json);
    expect(error.code).toBe('invalid_field');
    expect(error.field).toBe(field);
    expect(error.message.startsWith(`${field} `)).toBe(true);
  });

  it.each([
    [{ price: '5' }, 'filter.price', 'a number, got a string'],
    [{ price: { lte: '5' } }, 'filter.price.lte', 'a number, got a string'],
    [{ price: { not_in: [1, true] } }, 'filter.price.not_in[1]', 'a number, got a boolean'],
    [{ in_stock: 1 }, 'filter.in_stock', 'a boolean, got a number'],
    [{ in_stock: { gte: 1 } }, 'filter.in_stock.gte', 'a boolean, got a number'],
    [{ title: 5 }, 'filter.title', 'a string, got a number'],
    [{ brand: { ne: 5 } }, 'filter.brand.ne', 'a string, got a number'],
    [{ not: { category: ['a', 5] } }, 'filter.not.category[1]', 'a string, got a number'],
  ])('%j is refused: products have another type in that field', (json, field, expected) => {
    const error = errorOf(json);
    expect([error.code, error.field]).toEqual(['invalid_field', field]);
    expect(error.message).toBe(`${field} must be ${expected}`);
  });

  it.each([
    [{ a: { exists: true } }, { kind: 'exists', field: 'a', exists: true }],
    [{ a: null }, { kind: 'exists', field: 'a', exists: false }],
    [{ price: { eq: null } }, { kind: 'exists', field: 'price', exists: false }],
    [{ a: { ne: null } }, { kind: 'not', of: { kind: 'exists', field: 'a', exists: false } }],
    [{ a: [null] }, { kind: 'exists', field: 'a', exists: false }],
    [
      { a: ['x', null] },
      {
        kind: 'or',
        of: [
          { kind: 'in', field: 'a', values: ['x'] },
          { kind: 'exists', field: 'a', exists: false },
        ],
      },
    ],
  ])('%j asks whether there is a value', (json, filter) => {
    expect(parseFilter(json)).toEqual(filter);
  });

  it('composes texts, so that it does not matter how they were typed', () => {
    const leaf = parseFilter({ brand: 'Cafe\u0301', size: { gt: 'e\u0301' } });
    expect(leaf).toEqual({
      kind: 'and',
      of: [
        { kind: 'in', field: 'brand', values: ['Café'] },
        { kind: 'range', field: 'size', op: 'gt', value: 'é' },
      ],
    });
  });

  it('takes keys of the prototype as fields', () => {
    const json: unknown = JSON.parse('{"__proto__": "x"}');
    expect(parseFilter(json)).toEqual({ kind: 'in', field: '__proto__', values: ['x'] });
    expect(errorOf(JSON.parse('{"price": {"__proto__": 1}}')).field).toBe('filter.price.__proto__');
  });

  it('names the place that the caller gave', () => {
    expect(() => parseFilter({ a: {} }, 'searches[3].filter')).toThrow(
      /^searches\[3\]\.filter\.a /,
    );
  });

  it('allows 8 levels, not 9', () => {
    expect(parseFilter(nested(8))).toBeDefined();
    expect(errorOf(nested(9)).message).toBe('filter must be nested at most 8 levels deep');
    expect(errorOf(nested(5_000)).field).toBe('filter');
  });

  it('allows 100 clauses, not 101, however they are written', () => {
    const fields = (count: number): WireFilter =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, i]));
    const parts = (count: number, part: unknown): WireFilter => ({
      or: Array.from({ length: count }, () => part),
    });
    for (const ok of [fields(100), parts(100, { a: 1 }), parts(50, { a: { gt: 1, lt: 2 } })]) {
      expect(parseFilter(ok)).toBeDefined();
    }
    const emptyOr = parts(101, { or: [] });
    for (const bad of [fields(101), parts(101, { a: 1 }), parts(101, {}), emptyOr]) {
      expect(errorOf(bad).message).toBe('filter must hold at most 100 clauses');
    }
  });

  it('allows 1,000 values, not 1,001', () => {
    const values = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
    expect(parseFilter({ a: values(999), b: 1 })).toBeDefined();
    expect(errorOf({ a: values(1_000), b: 1 }).message).toBe(
      'filter must hold at most 1000 values',
    );
  });

  it('takes every filter of the contract, and refuses or takes any other JSON without a crash', () => {
    fc.assert(fc.property(wireFilter, (wire) => void parseFilter(wire)));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (json) => {
        try {
          parseFilter(json);
        } catch (error) {
          expect(error).toBeInstanceOf(OmniError);
        }
      }),
    );
  });
});
