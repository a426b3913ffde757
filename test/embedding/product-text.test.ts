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
    ['<p title="3 > 2">one</p>', 'one'],
    ['H<sub>2</sub>O <o:p>two</o:p>', 'H2O two'],
    ['5&nbsp;cm &hellip; &unknown; &#x41;', '5 cm … &unknown; A'],
  ])('has plain words: %s', (html, plain) => {
    expect(described(html)).toBe(plain);
  });

  it.each([
    ['what only looks like a tag', 'Cable <AWG 12 speaker wire copper'],
    ['an angle bracket before a word', 'sizes <M and >L, for <b men'],
    ['an unknown name in angle brackets', 'Adapter <USB-C> to <HDMI 2.1>'],
  ])('keeps the words of %s', (_name, text) => {
    expect(described(text)).toBe(text);
  });

  it.each([
    ['CDATA', '<![CDATA[<p>Great <b>chair</b></p>]]> of oak', 'Great chair of oak'],
    ['a long style', `<style>${'p { color: red }'.repeat(300)}</style>chair`, 'chair'],
    ['a long script', `<script>${'x < y; '.repeat(900)}</SCRIPT >chair`, 'chair'],
    ['a picture', `<img src="data:image/png;base64,${'iVBO+/'.repeat(900)}==">chair`, 'chair'],
    ['a bare picture', `data:image/png;base64,${'iVBO+/'.repeat(900)}== chair`, 'chair'],
    ['nested elements', `${'<div>'.repeat(1_000)}chair${'</div>'.repeat(1_000)} oak`, 'chair oak'],
    ['many children', '<span></span>'.repeat(5_000) + 'chair', 'chair'],
    ['long comments', `<!-- ${'note '.repeat(2_000)}-->chair<!--[if mso]>`, 'chair [if mso]>'],
    ['a comment left open', '<!-- chair of oak', 'chair of oak'],
    ['a quote left open', '<p title="5" wide" class="x>chair</p>', 'chair'],
    ['long white space', `${' \n'.repeat(9_000)}chair`, 'chair'],
    ['a document', '<?xml version="1.0"?><!DOCTYPE html><html><body>chair', 'chair'],
  ])('loses no word behind %s', (_name, html, plain) => {
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
    ['a megabyte of unfinished tags', '<a b="'.repeat(160_000)],
    ['a megabyte of unfinished tags in two kinds of quotes', `<a b="<a c='`.repeat(80_000)],
    ['a megabyte of open comments', '<!--'.repeat(250_000)],
    ['a megabyte of open scripts', '<script>'.repeat(120_000)],
    ['a megabyte of open declarations', '<!a'.repeat(330_000)],
    ['a megabyte of equals signs', `<a ${'= '.repeat(500_000)}`],
    ['a megabyte of white space and tags', '<b> </b>\n'.repeat(110_000)],
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
