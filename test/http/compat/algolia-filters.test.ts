import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OmniError } from '../../../src/core/errors.js';
import type { Filter } from '../../../src/filter/filter.js';
import { facetFilters, numericFilters } from '../../../src/http/compat/algolia/facet-filters.js';
import { parseFilters } from '../../../src/http/compat/algolia/filters.js';
import { valuesOf } from '../../../src/http/compat/comparisons.js';
import { FilterBounds } from '../../../src/http/compat/filter-bounds.js';

const eq = (field: string, ...values: (string | number | boolean)[]): Filter => ({
  kind: 'in',
  field,
  values,
});
const range = (field: string, op: 'gt' | 'gte' | 'lt' | 'lte', value: number): Filter => ({
  kind: 'range',
  field,
  op,
  value,
});
const and = (...of: Filter[]): Filter => ({ kind: 'and', of });
const or = (...of: Filter[]): Filter => ({ kind: 'or', of });
const not = (of: Filter): Filter => ({ kind: 'not', of });
const bounds = (): FilterBounds => new FilterBounds('filters');

describe('facetFilters', () => {
  test.each<[unknown, Filter]>([
    [[], and()],
    [[['brand:Acme']], eq('brand', 'Acme')],
    [['color:blue', 'color:red'], and(eq('color', 'blue'), eq('color', 'red'))],
    [[['brand:A', 'brand:B'], 'x:1'], and(or(eq('brand', 'A'), eq('brand', 'B')), eq('x', '1', 1))],
    [['brand:-Acme', 'brand:\\-Acme'], and(not(eq('brand', 'Acme')), eq('brand', '-Acme'))],
    [['c.lvl1:A > B: c'], eq('c.lvl1', 'A > B: c')],
    [[['in_stock:true']], eq('in_stock', 'true', true)],
    ['["a:b",["c:d"]]', and(eq('a', 'b'), eq('c', 'd'))],
    ['a:b', eq('a', 'b')],
  ])('%j', (asked, filter) => {
    expect(facetFilters(asked as never, bounds())).toEqual(filter);
  });

  test.each([[['brand']], [[':x']], [[1]], [{ brand: 'x' }]])('refuses %j', (asked) => {
    expect(() => facetFilters(asked as never, bounds())).toThrow('filters must be');
  });

  test('any value comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const written = value.replace(/^\\?-/, '\\$&');
        const plain = value.startsWith('\\-') ? value : undefined;
        const wanted = eq('brand', ...valuesOf(value));
        if (plain === undefined)
          expect(facetFilters([[`brand:${written}`]], bounds())).toEqual(wanted);
      }),
    );
  });
});

describe('numericFilters', () => {
  test.each<[unknown, Filter]>([
    [['price>=10', 'price<=50'], and(range('price', 'gte', 10), range('price', 'lte', 50))],
    [[['a<1', 'a > 2.5']], or(range('a', 'lt', 1), range('a', 'gt', 2.5))],
    [['a=1'], and(range('a', 'gte', 1), range('a', 'lte', 1))],
    [['a!=1'], not(and(range('a', 'gte', 1), range('a', 'lte', 1)))],
    [['a:1 TO 5'], and(range('a', 'gte', 1), range('a', 'lte', 5))],
  ])('%j', (asked, filter) => {
    expect(numericFilters(asked as never, bounds())).toEqual(filter);
  });

  test.each([[['price']], [['price>cheap']], [['price:1']]])('refuses %j', (asked) => {
    expect(() => numericFilters(asked as never, bounds())).toThrow('filters must be a field');
  });
});

describe('filters', () => {
  test.each<[string, Filter]>([
    [' ', and()],
    ['brand:Acme', eq('brand', 'Acme')],
    ['brand:"Acme AND Sons"', eq('brand', 'Acme AND Sons')],
    ["brand:'it\\'s'", eq('brand', "it's")],
    ['"my field":"a:b"', eq('my field', 'a:b')],
    ['brand:New Era', eq('brand', 'New Era')],
    ['url:http://x', eq('url', 'http://x')],
    ['a:b AND (c:d OR NOT e:f)', and(eq('a', 'b'), or(eq('c', 'd'), not(eq('e', 'f'))))],
    ['a:1 OR b:2 AND c:3', or(eq('a', '1', 1), and(eq('b', '2', 2), eq('c', '3', 3)))],
    ['price < 10 AND price>=2', and(range('price', 'lt', 10), range('price', 'gte', 2))],
    ['price:1 TO 5', and(range('price', 'gte', 1), range('price', 'lte', 5))],
  ])('%s', (text, filter) => {
    expect(parseFilters(text, bounds())).toEqual(filter);
  });

  test.each([
    'brand',
    'a:b AND',
    'a:b c:d)',
    '(a:b',
    'a:"b',
    'NOT',
    'OR a:b',
    'NOT '.repeat(20) + 'a:b',
  ])('refuses %s', (text) => {
    expect(() => parseFilters(text, bounds())).toThrow(/^filters /);
  });

  test('any text is parsed or refused as what it is', () => {
    const token = fc.constantFrom(
      'a',
      ':',
      '"',
      "'",
      '(',
      ')',
      'AND',
      'OR',
      'NOT',
      'TO',
      ' ',
      '<',
      '1',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        try {
          parseFilters(tokens.join(''), bounds());
        } catch (error) {
          expect(error).toBeInstanceOf(OmniError);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('a quoted value is never more than a value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        fc.pre(!value.endsWith('\\') && !value.includes('\\"'));
        const text = `a:b AND brand:"${value.replaceAll('"', '\\"')}" AND c:d`;
        const filter = and(eq('a', 'b'), eq('brand', ...valuesOf(value)), eq('c', 'd'));
        expect(parseFilters(text, bounds())).toEqual(filter);
      }),
    );
  });
});

test('a text that is too long is not read', () => {
  expect(() => parseFilters('a:b OR '.repeat(10_000), bounds())).toThrow(
    'filters must have at most 65536 characters',
  );
});
