import fc from 'fast-check';
import type { Product } from '../../src/core/product.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { type ProductTerms, productTerms } from '../../src/text/product-terms.js';

export function product(fields: Partial<Product>): Product {
  return { id: 'p', title: '', category: '', ...fields };
}

export function termsOf(fields: Partial<Product>): ProductTerms {
  return productTerms(product(fields), DEFAULT_TEXT_SETTINGS);
}

/** Impact by word. */
export function impactsOf(fields: Partial<Product>): Map<string, number> {
  const { words, impacts } = termsOf(fields);
  return new Map(words.map((word, at) => [word, impacts[at] as number]));
}

const PIECES = [
  'GB',
  '32',
  ' ',
  '-',
  '.',
  "'s",
  '"',
  'ß',
  'é',
  'e\u0301',
  '内存',
  'ไทย',
  '½',
  '🎧',
  '\ud83c',
  'x',
  '/',
  'İ',
  'Σ',
  '<b>',
  '&amp;',
];

/** Text that looks for trouble: any Unicode, mixed with what the analyzer treats apart. */
export const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PIECES),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
  )
  .map((parts) => parts.join(''));
