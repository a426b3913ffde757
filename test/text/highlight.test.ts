import fc from 'fast-check';
import { decodeHTMLStrict } from 'entities/lib/decode.js';
import { describe, expect, it } from 'vitest';
import { analyzerOf } from '../../src/text/analyzer.js';
import { highlight } from '../../src/text/highlight.js';
import { anyText } from './harness.js';

describe('highlight', () => {
  it.each([
    [
      'Batteries & <b>cables</b>',
      ['battery'],
      '<mark>Batteries</mark> &amp; &lt;b&gt;cables&lt;/b&gt;',
    ],
    ['Laptop 32 GB RAM', ['32gb'], 'Laptop <mark>32 GB</mark> RAM'],
    ['Monitor 27" black', ['27inch', 'black'], 'Monitor <mark>27&quot;</mark> <mark>black</mark>'],
    ['D-Link DCS-8325LH', ['dcs8325lh'], 'D-Link <mark>DCS-8325LH</mark>'],
    ['Café Größe', ['cafe', 'grosse'], '<mark>Café</mark> <mark>Größe</mark>'],
  ])('marks the words of %s', (text, words, expected) => {
    expect(highlight(text, new Set(words), 'en')).toBe(expected);
  });

  it('cuts a long text around its first match, at words', () => {
    const text = `${'lorem '.repeat(50)}red mouse ${'ipsum '.repeat(50)}`;
    const snippet = highlight(text, new Set(['mouse']), 'en', 60);
    expect(snippet).toMatch(/^…lorem .*<mark>mouse<\/mark> ipsum.* ipsum…$/);
    expect(snippet.length).toBeLessThan(60 + 2 + '<mark></mark>'.length + 1);
  });

  it('gives the text back without marks and escapes, whatever is in it', () => {
    fc.assert(
      fc.property(anyText, fc.nat(), (text, nth) => {
        const { scan } = analyzerOf('en');
        scan.read(text);
        const words = new Set(scan.count === 0 ? [] : [scan.at(nth % scan.count).text]);
        const html = highlight(text, words, 'en');
        expect(decodeHTMLStrict(html.replaceAll(/<\/?mark>/g, ''))).toBe(text);
        expect(html.replaceAll(/<mark>|<\/mark>/g, '')).not.toMatch(/[<>"']/);
        expect(html.includes('<mark>')).toBe(words.size > 0);
      }),
      { numRuns: 500 },
    );
  });

  it('cuts any text to a part of it', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 20 }), (text, characters) => {
        const cut = highlight(text, new Set(['32']), 'en', characters).replaceAll(/<\/?mark>/g, '');
        expect(text).toContain(decodeHTMLStrict(cut).replace(/^…/, '').replace(/…$/, ''));
      }),
    );
  });
});
