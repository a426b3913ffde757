import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue, Product } from '../../src/core/product.js';
import { productText } from '../../src/embedding/product-text.js';

const product = (fields: Record<string, JsonValue>): Product => ({
  id: '1',
  title: 'Mouse',
  category: 'Mice',
  ...fields,
});
const described = (description: JsonValue): string =>
  productText(product({ description })).slice('Mouse Mice'.length).trimStart();

describe('the text of a product', () => {
  it('is title, brand, category and description', () => {
    const text = productText(product({ brand: 'Acme', description: 'It clicks.', price: 3 }));
    expect(text).toBe('Mouse Acme Mice It clicks.');
  });

  it.each([null, 5, true, ['a'], { a: 'b' }, '', '   '])(
    'leaves out a brand that is %j',
    (brand) => {
      expect(productText(product({ brand }))).toBe('Mouse Mice');
    },
  );

  it.each([
    ['<p>Two</p><p>parts</p>', 'Two parts'],
    ['a <b>bold</b> word', 'a bold word'],
    ['<ul><li>one</li><li>two</li></ul>', 'one two'],
    ['<h1>Head</h1>line<br>break', 'Head line break'],
    ['<a href="http://x.example">link</a> <img src="a.png" alt="picture">', 'link'],
    ['<style>p { color: red }</style><script>alert(1)</script>text', 'text'],
    ['Tom &amp; Jerry &lt;3 &#8364;5', 'Tom & Jerry <3 €5'],
    ['R&D, 3 < 4 and AT&T', 'R&D, 3 < 4 and AT&T'],
    ['<table><tr><td>Weight</td><td>90 g</td></tr></table>', 'Weight 90 g'],
    ['white \n\t space\u00a0', 'white space'],
  ])('has plain words: %s', (html, plain) => {
    expect(described(html)).toBe(plain);
  });

  it('takes 200 characters of the description, of what is left of the markup', () => {
    expect(described('x'.repeat(1_000_000))).toBe('x'.repeat(200));
    expect(described(`<div class="${'c'.repeat(1_000)}">${'y'.repeat(300)}</div>`)).toBe(
      'y'.repeat(200),
    );
  });

  it('never cuts a character in half', () => {
    expect(described(`x${'🎧'.repeat(200)}`)).toBe(`x${'🎧'.repeat(99)}`);
  });

  it.each([
    ['a megabyte of open tags', '<div>'.repeat(200_000)],
    ['a megabyte of attributes', `<a ${'b '.repeat(500_000)}`],
    ['a megabyte of entities', '&amp;'.repeat(200_000)],
    ['a megabyte of angle brackets', '<'.repeat(1_000_000)],
  ])('copes with %s', (_name, html) => {
    expect(described(html).length).toBeLessThanOrEqual(200);
  });

  it('is one line of bounded length, whatever the fields', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 2_000 }),
        fc.string({ unit: fc.constantFrom('<', 'p', '>', '&', ' ', '/', '"', 'é') }),
        (title, description) => {
          const text = productText(product({ title, description }));
          expect(text).toBe(text.trim().replace(/\s+/g, ' '));
          expect(text.length).toBeLessThanOrEqual(500 + 200 + 10);
        },
      ),
    );
  });
});
