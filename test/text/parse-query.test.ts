import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { foldCase, plural, singular } from '../../src/text/fold.js';
import { parseQuery } from '../../src/text/parse-query.js';
import { anyText, impactsOf } from './harness.js';

function parsed(text: string) {
  return parseQuery(text, DEFAULT_TEXT_SETTINGS);
}

function wordsOf(text: string): string[] {
  return parsed(text).words.map(({ word }) => word);
}

describe('parseQuery', () => {
  it('drops stop words where another word is left', () => {
    expect(wordsOf('a mouse for the laptop')).toEqual(['mouse', 'laptop']);
    expect(wordsOf('for the')).toEqual(['for', 'the']);
  });

  it('keeps the last word as it is while it is typed', () => {
    expect(parseQuery('mouse for', DEFAULT_TEXT_SETTINGS, true).words.at(-1)?.word).toBe('for');
    expect(parsed('mouse pad').lastIsOpen).toBe(true);
    expect(parsed('mouse pad ').lastIsOpen).toBe(false);
    expect(parsed('ram 32 gb').lastIsOpen).toBe(false);
  });

  it('reads phrases and exclusions', () => {
    const { words, phrases, excluded } = parsed('27" monitor "usb c" -hp -"touch screen"');
    expect(words.map(({ word }) => word)).toEqual(['27inch', 'monitor', 'usb', 'c']);
    expect(phrases).toEqual([['usb', 'c']]);
    expect(excluded).toEqual(['hp', 'touchscreen', 'screen']);
  });

  it('takes a quote that is never closed for none, however many there are', () => {
    expect(parsed('"usb "c hub')).toMatchObject({ phrases: [], exactKey: 'usbchub' });
    expect(parsed('"usb "c" hub "x').phrases).toEqual([['usb', 'c']]);
    expect(parsed('"a '.repeat(700)).phrases).toEqual([]);
  });

  it('squashes the whole query for exact matches', () => {
    expect(parsed(' DCS-8325 LH ').exactKey).toBe('dcs8325lh');
  });

  it.each([
    ['32gb', '32 GB'],
    ['24 inch', '24"'],
    ['3.5mm', '3,5 mm'],
    ['1500 va', '1,500VA'],
    ['1 tb', '1000 GB'],
    ['1920x1080', '1920 × 1080'],
    ['size 42', 'Size: 42'],
  ])('meets %s with a title of %s', (query, title) => {
    const words = impactsOf({ title });
    const [only, ...others] = parsed(query).words;
    expect(others).toEqual([]);
    const met = only?.variants.find((variant) => variant.words.every((word) => words.has(word)));
    expect(met?.weight).toBeGreaterThanOrEqual(0.9);
  });

  it('says for each word of any text where it stands in it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { words, exactKey } = parsed(text);
        for (const { start, end, text: typed, word, variants } of words) {
          expect(text.slice(start, end)).toBe(typed);
          expect(variants[0]).toEqual({ words: [word], weight: 1 });
        }
        expect(new Set(words.map(({ word }) => word)).size).toBe(words.length);
        if (words.length > 0) expect(exactKey).not.toBe('');
      }),
    );
  });
});

describe('folding', () => {
  it('changes nothing that is folded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const once = foldCase(text);
        expect(foldCase(once)).toBe(once);
        expect(singular(singular(once))).toBe(singular(once));
      }),
    );
  });

  it.each([
    ['batteries', 'battery'],
    ['movies', 'movie'],
    ['watches', 'watch'],
    ['glasses', 'glass'],
    ['lenses', 'lens'],
    ['virus', 'virus'],
    ['mice', 'mouse'],
    ['dv71s', 'dv71s'],
  ])('makes %s %s', (many, word) => {
    expect(singular(many)).toBe(word);
  });

  it('makes plurals by the same rules, or none', () => {
    const words = ['laptop', 'battery', 'key', 'watch', 'box', 'movie', 'lens', 'virus', 'dv71'];
    expect(words.map(plural)).toEqual(
      'laptops batteries keys watches boxes movies lens virus dv71'.split(' '),
    );
  });
});
