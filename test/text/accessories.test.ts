import { describe, expect, test } from 'vitest';
import { ACCESSORY_MARK, namesAccessory } from '../../src/text/accessories.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { productTerms, type ProductTerms } from '../../src/text/product-terms.js';

function terms(title: string, more: object = {}): ProductTerms {
  return productTerms({ id: '1', title, category: 'Phones', ...more }, DEFAULT_TEXT_SETTINGS);
}
const isMarked = (title: string, attributes: object = {}): boolean =>
  terms(title, { attributes }).types.includes(ACCESSORY_MARK);
const impactOf = ({ words, impacts }: ProductTerms, word: string): number =>
  impacts[words.indexOf(word)] ?? 0;

describe('accessories', () => {
  test.each([
    ['Samsung EF-KG988 mobile phone case', true],
    ['NEC VT77LP projector lamps 200 W', true],
    ['Brother ME31 printer label', true],
    ['Brother QL-500 label printer', false],
    ['NEC VT480 data projector', false],
    ['DELL MS5120W mouse RF Wireless', false],
  ])('%s: %s, by its title', (title, expected) => {
    expect(isMarked(title)).toBe(expected);
  });

  test.each([
    ['brand compatibility', true],
    ['Fits', true],
    ['compatible operating systems', false],
    ['compatible memory cards', false],
    ['colour', false],
  ])('with an attribute "%s": %s', (name, expected) => {
    expect(isMarked('EF-KG988', { [name]: 'x' })).toBe(expected);
  });

  test('are asked for by their own names only', () => {
    expect(namesAccessory(['hp', 'toner'])).toBe(true);
    expect(namesAccessory(['label', 'printer'])).toBe(false);
    expect(namesAccessory(['samsung', 'phone'])).toBe(false);
  });

  test('are of their category less than what it is named after', () => {
    const phone = impactOf(terms('Galaxy A41'), 'phone');
    expect(phone).toBeGreaterThan(impactOf(terms('Galaxy A41 cover'), 'phone'));
  });
});

describe('sizes in attributes', () => {
  test.each(['size', 'Size EU', 'shoe size'])('"%s" says that its value is one', (name) => {
    expect(terms('Boots', { attributes: { [name]: 42 } }).words).toContain('size42');
  });
});
