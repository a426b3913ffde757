import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { productTerms } from '../../src/text/product-terms.js';
import { anyText, impactsOf, product, termsOf } from './harness.js';

function impact(tf: number): number {
  return Math.max(1, Math.round((255 * tf) / (tf + 1.2)));
}

describe('productTerms', () => {
  it('weighs a word by its fields, long descriptions less', () => {
    const description = `pad ${'lorem '.repeat(19)}`;
    const words = impactsOf({ title: 'Mouse pad', brand: 'Acme', category: 'Mice', description });
    expect(words.get('mouse')).toBe(impact(3 + 1));
    expect(words.get('acme')).toBe(impact(1));
    expect(words.get('pad')).toBe(impact(3 + 1 / (0.25 + (0.75 * 20) / 10)));
  });

  it('reads attributes as name and value, a true one as its name, and leaves out false and null', () => {
    const attributes = {
      colour: 'Red',
      ports: 24,
      touchscreen: true,
      backlight: false,
      tags: ['a1', 'b2'],
    };
    const words = impactsOf({ attributes: { ...attributes, gone: null } });
    expect([...words.keys()].sort()).toEqual(
      ['24', '24port', 'a1', 'b2', 'colour', 'p', 'port', 'red', 'tag', 'touchscreen'].sort(),
    );
    expect(words.get('red')).toBe(impact(0.5 / (0.25 + (0.75 * 8) / 49)));
  });

  it.each([
    ['32gb', ['32gb']],
    ['32 GB', ['32', 'gb', '32gb']],
    ['27"', ['27', '27inch']],
    ['27-inch', ['27', 'inch', '27inch']],
    ['3.5mm', ['3', '5mm', '3.5mm']],
    ['3,5 mm', ['3', '5', 'mm', '3.5mm']],
    ['1,500 VA', ['1', '500', 'va', '1500va']],
    ['size 42', ['size', '42', 'size42']],
    ['1920 × 1080', ['1920', '1080', '1920x1080']],
    ['24 in 1', ['24', 'in', '1']],
    ['version 1.2.3', ['version', '1', '2', '3']],
  ])('finds the quantities of %s', (description, expected) => {
    expect([...impactsOf({ description }).keys()].filter((word) => word !== 'p')).toEqual(expected);
  });

  it('joins the chunks of a title, and makes them keys beside id and identifiers', () => {
    const { words, keys } = termsOf({
      id: 'AB-1',
      title: 'D-Link DCS-8325LH/TN-2005 17 cam',
      mpn: 'MX 10/2',
    });
    expect(words).toEqual(expect.arrayContaining(['dcs', '8325lh', 'dcs8325lh', 'tn2005']));
    expect(keys).toEqual([
      '3ab1',
      '2mx102',
      '18325lh',
      '12005',
      '1dcs8325lhtn2005',
      '1dcs8325lh',
      '1tn2005',
    ]);
  });

  it('keeps title and brand apart in the sequence', () => {
    expect(termsOf({ title: "Men's Boots", brand: 'Dr. Martens' }).sequence).toEqual([
      'man',
      'boot',
      '',
      'dr',
      'marten',
    ]);
  });

  it('reads words of real markup only', () => {
    const words = impactsOf({
      title: 'Cable <AWG 12 wire',
      description: '<p>red<br>&amp; blue</p>',
    });
    expect([...words.keys()]).toEqual(expect.arrayContaining(['awg', 'wire', 'red', 'blue']));
    expect(words.has('br')).toBe(false);
  });

  it('stops where there is more than one product can mean', () => {
    const many = (word: string, count: number): string =>
      Array.from({ length: count }, (_, i) => `${word}${i}`).join(' ');
    const attributes = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, i) => [`n${i}`, many(`v${i}x`, 100)]),
    );
    const title = many('t', 50_000);
    const description = many('d', 50_000);
    const { words, keys } = termsOf({ title, description, attributes, brand: 'Acme' });
    expect(words).toEqual(expect.arrayContaining(['t0', 'acme', 'd0', 'n0', 'v0x0']));
    expect(words.length).toBeLessThan(8_000);
    expect(keys.length).toBeLessThan(4_000);
    const sku = Array.from({ length: 5_000 }, (_, i) => `s${i}`);
    expect(termsOf({ sku: ['x'.repeat(300), ...sku] }).keys).toHaveLength(101);
  });

  it('finds the words of a long text without blanks', () => {
    const words = impactsOf({ title: `${'𠮷野家'.repeat(700)}鼠标` });
    expect([...words.keys()].join('')).toContain('鼠标');
    expect([...words.keys()].some((word) => /\p{Cs}/u.test(word))).toBe(false);
  });

  it('folds plurals only where the language has them', () => {
    const settings = { ...DEFAULT_TEXT_SETTINGS, language: 'none' as const };
    expect(productTerms(product({ title: 'Batteries' }), settings).words).toContain('batteries');
    expect(termsOf({ title: 'Batteries' }).words).toContain('battery');
  });

  it('has types that depend on names alone', () => {
    const a = termsOf({ category: 'Mice', attributes: { colour: 'red', dpi: 800 } });
    const b = termsOf({ title: 'x', category: 'Mice', attributes: { dpi: 1, colour: 'blue' } });
    expect([...a.types]).toEqual([...b.types]);
    expect(a.types).toHaveLength(3);
    expect([...a.types]).toEqual([...a.types].sort((x, y) => x - y));
  });

  it('gives distinct words with an impact each, the same again, for any text', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (title, description, value) => {
        const fields = { title, description, attributes: { [value]: value } };
        const terms = termsOf(fields);
        expect(new Set(terms.words).size).toBe(terms.words.length);
        expect(terms.impacts).toHaveLength(terms.words.length);
        expect(terms.impacts.every((one) => one >= 1)).toBe(true);
        expect(terms.words.every((word) => word !== '' && word.length <= 64)).toBe(true);
        expect(termsOf(fields)).toEqual(terms);
      }),
    );
  });
});
