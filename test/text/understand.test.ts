import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { parseQuery } from '../../src/text/parse-query.js';
import { understand } from '../../src/text/understand.js';
import { anyText } from './harness.js';

/** The rest of a query, blanks folded, and what was understood. */
function understoodOf(text: string) {
  const { rest, understood } = understand(text, 'en');
  return {
    rest: rest.replaceAll(/\s+/g, ' ').trim(),
    meant: understood.map(({ filter, excluded }) => filter?.['price'] ?? excluded ?? 'cheap'),
  };
}

describe('understand', () => {
  it.each([
    ['headphones under 50', 'headphones', { lt: 50 }],
    ['mouse below $100', 'mouse', { lt: 100 }],
    ['tv less than 1,000 euros', 'tv', { lt: 1000 }],
    ['laptops under €1.299,99', 'laptops', { lt: 1299.99 }],
    ['toys between 20 and 40', 'toys', { gte: 20, lte: 40 }],
    ['gift from $40 to $20', 'gift', { gte: 20, lte: 40 }],
    ['phone up to 300', 'phone', { lte: 300 }],
    ['laptop above 1000', 'laptop', { gt: 1000 }],
    ['monitor at least 200 dollars', 'monitor', { gte: 200 }],
    ['printer <= 99.50', 'printer', { lte: 99.5 }],
    ['50 inch tv under 500', '50 inch tv', { lt: 500 }],
    ['laptop under 500 with ssd', 'laptop with ssd', { lt: 500 }],
  ])('takes the price out of %s', (text, rest, price) => {
    expect(understoodOf(text)).toEqual({ rest, meant: [price] });
  });

  it.each([
    ['laptop not hp', 'laptop', ['hp']],
    ['laptop not hp or dell 15 inch', 'laptop 15 inch', ['hp', 'dell']],
    ['wallet without leather', 'wallet', ['leather']],
    ['laptop without touch screen', 'laptop', ['touch', 'touchscreen']],
    ['shoes without laces black', 'shoes black', ['lace']],
    ['printer no fax', 'printer', ['fax']],
    ['cable not usb-c', 'cable', ['usbc']],
    ['ram not 8 gb', 'ram', ['8gb']],
  ])('takes what is not wanted out of %s', (text, rest, excluded) => {
    expect(understoodOf(text)).toEqual({ rest, meant: [excluded] });
  });

  it.each([
    'under 50',
    'cheap',
    'under desk mount',
    'over ear headphones',
    'size under 40',
    'tv under 50 inch',
    'cable under 5 m',
    'toys for kids under 5',
    'camera over 20 megapixels',
    'switch up to 24 ports',
    'iphone pro max 256',
    'chanel no 5',
    'no frost fridge',
    'sunglasses not for kids',
    '"under 50" book',
    'lego 4-99',
  ])('leaves %s as it is', (text) => {
    expect(understoodOf(text)).toEqual({ rest: text, meant: [] });
  });

  it('understands several things in the order in which they were typed', () => {
    const { understood } = understand('cheap monitor under 150 not samsung', 'en');
    expect(understood).toEqual([
      { text: 'cheap', start: 0, end: 5, isCheap: true },
      { text: 'under 150', start: 14, end: 23, filter: { price: { lt: 150 } } },
      { text: 'not samsung', start: 24, end: 35, excluded: ['samsung'] },
    ]);
  });

  it('takes letters of which folding leaves none for no words', () => {
    for (const text of ['mouse not \u037a', 'without \u037a or hp mouse', '\u037a', '-\u037a x']) {
      const { rest } = understand(text, 'en');
      expect(parseQuery(rest, DEFAULT_TEXT_SETTINGS).excluded).toEqual([]);
    }
    expect(understand('mouse not \u037a', 'en').understood).toEqual([]);
    expect(understand('mouse without \u037a or hp', 'en').understood).toMatchObject([
      { excluded: ['hp'] },
    ]);
  });

  it('keeps the length of any text, and says where it found what', () => {
    const words = fc.constantFrom(
      'under',
      '50',
      'not',
      'hp',
      'cheap',
      '$',
      'between',
      'and',
      'without',
      ' ',
      '"',
      '-',
    );
    const query = fc.array(fc.oneof(words, anyText)).map((parts) => parts.join(' '));
    fc.assert(
      fc.property(query, (text) => {
        const { rest, understood } = understand(text, 'en');
        expect(rest).toHaveLength(text.length);
        let last = 0;
        for (const { start, end, text: typed } of understood) {
          expect(text.slice(start, end)).toBe(typed);
          expect(start).toBeGreaterThanOrEqual(last);
          last = end;
        }
      }),
    );
  });
});
