import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OmniError } from '../../../src/core/errors.js';
import type { Filter } from '../../../src/filter/filter.js';
import { valuesOf } from '../../../src/http/compat/comparisons.js';
import { parseFilterBy } from '../../../src/http/compat/typesense/filter-by.js';

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

describe('filter_by', () => {
  test.each<[string, Filter]>([
    ['', and()],
    ['brand:=[`Acme`]', eq('brand', 'Acme')],
    ['brand:=[`Acme`,`Foo`]', eq('brand', 'Acme', 'Foo')],
    ['brand:=`Acme`', eq('brand', 'Acme')],
    ['brand:=Acme & Sons', eq('brand', 'Acme & Sons')],
    ['brand: [Acme, Foo]', eq('brand', 'Acme', 'Foo')],
    ['brand:!=[`Acme`]', not(eq('brand', 'Acme'))],
    ['brand:!=Acme', not(eq('brand', 'Acme'))],
    ['brand:![`Acme`]', not(eq('brand', 'Acme'))],
    ['brand:=[`-Acme`]', not(eq('brand', 'Acme'))],
    ['brand:=[`\\-Acme`]', eq('brand', '-Acme')],
    ['color:=[`blue`] && color:=[`red`]', and(eq('color', 'blue'), eq('color', 'red'))],
    ['price:=[10..50]', and(range('price', 'gte', 10), range('price', 'lte', 50))],
    ['price:>=10 && price:<50.5', and(range('price', 'gte', 10), range('price', 'lt', 50.5))],
    ['price:[<10, >100]', or(range('price', 'lt', 10), range('price', 'gt', 100))],
    [
      'price:[1..2,7]',
      or(and(range('price', 'gte', 1), range('price', 'lte', 2)), eq('price', '7', 7)),
    ],
    ['in_stock:=[true]', eq('in_stock', 'true', true)],
    ['rating:=-5', eq('rating', '-5', -5)],
    ['categories.lvl1:=[`Shoes > Boots`]', eq('categories.lvl1', 'Shoes > Boots')],
    ['attributes.Screen size:=[`15"`]', eq('attributes.Screen size', '15"')],
    ['a:=1 && b:=2 || c:=3', or(and(eq('a', '1', 1), eq('b', '2', 2)), eq('c', '3', 3))],
    ['a:=1 && (b:=2 || c:=3)', and(eq('a', '1', 1), or(eq('b', '2', 2), eq('c', '3', 3)))],
    ['(a:=x(y) || b:=`z)`)', or(eq('a', 'x(y)'), eq('b', 'z)'))],
    ['brand:=[`E`tick`]', eq('brand', 'E`tick')],
    ['brand:=[`5`, 6``]', eq('brand', '5`, 6`')],
    ['brand:=[`a && b:=[c`] && d:=1', and(eq('brand', 'a && b:=[c'), eq('d', '1', 1))],
    ['brand:=[`a`] b`]', eq('brand', 'a`] b')],
    ['brand:=`a`,b`', eq('brand', 'a`,b')],
  ])('%s', (text, filter) => {
    expect(parseFilterBy(text)).toEqual(filter);
  });

  test.each([
    ['brand', 'expected a field, a colon and a value'],
    ['brand:=[`Acme`', 'expected a closing backtick'],
    ['brand:=[Acme', 'expected a comma or ]'],
    ['brand:=', 'expected a value'],
    ['brand:=a &&', 'expected a field'],
    ['(brand:=a', 'expected &&, || or )'],
    ['brand:=a) && b:=c', 'expected &&, || or the end'],
    ['price:>cheap', 'must compare with a number, got "cheap"'],
    ['$orders(id:=1)', 'must not join collections'],
    ['place:(48.9, 2.3, 5 km)', 'must not ask for places (geo)'],
    ['brand:=Ac*', 'must not ask for beginnings (*)'],
    ['a:=' + 'x'.repeat(65_536), 'must have at most 65536 characters'],
    ['('.repeat(20) + 'a:=1', 'must be nested at most 8 levels deep'],
    [Array(101).fill('a:=1').join(' && '), 'must hold at most 100 clauses'],
    [`a:=[${Array(1_001).fill('1').join(',')}]`, 'must hold at most 1000 values'],
  ])('refuses %s', (text, message) => {
    expect(() => parseFilterBy(text)).toThrow(message);
  });

  test('any value comes back as it was, and cancels no other clause', () => {
    const value = fc
      .oneof(
        fc.string(),
        fc.string({ unit: 'grapheme' }),
        fc.string({
          unit: fc.constantFrom(
            '`',
            ']',
            '[',
            ',',
            '&',
            '|',
            ' ',
            'a',
            '(',
            ')',
            ':',
            '=',
            '-',
            '\\',
            '"',
          ),
        }),
      )
      // The clients' own texts are these very ones: nobody could tell them apart.
      .filter((text) => !/`\s*([,\])]|&&|\|\||$)/.test(text) && !text.startsWith('\\-'));
    const written = (text: string): string => '`' + text.replace(/^-/, '\\-') + '`';
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (values) => {
        const text = `a:=1 && brand:=[${values.map(written).join(',')}] && b:!=[true]`;
        const wanted = [...new Set(values.flatMap(valuesOf))];
        const filter = and(eq('a', '1', 1), eq('brand', ...wanted), not(eq('b', 'true', true)));
        expect(parseFilterBy(text)).toEqual(filter);
      }),
      { numRuns: 2_000 },
    );
  });

  test('any text is parsed or refused as what it is', () => {
    const token = fc.constantFrom(
      'a',
      ':',
      ':=',
      '`',
      '[',
      ']',
      '(',
      ')',
      '&&',
      '||',
      ' ',
      ',',
      '..',
      '1',
      '!',
      '<',
      '-',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        try {
          parseFilterBy(tokens.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(OmniError);
          expect(error).toMatchObject({ code: 'invalid_field', field: 'filter_by' });
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
