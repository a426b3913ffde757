import type { Product } from '../core/product.js';
import { htmlText } from '../text/html-text.js';

/** Raised when the text of any product changes: it is part of every model's fingerprint. */
export const PRODUCT_TEXT_VERSION = 2;

/** Characters of plain description that take part: 0.07 nDCG@10 better than none on real queries. */
const DESCRIPTION_CHARACTERS = 200;

/** A title is words; what is longer than this is a mistake in the feed, and costs no more. */
const FIELD_CHARACTERS = 500;

/**
 * The text by which a product is found: title, brand, category and the first 200 characters of the
 * plain description, joined by single spaces. A field that is missing or not text is left out.
 */
export function productText(product: Product): string {
  const { title, brand, category, description } = product as Record<string, unknown>;
  return [
    plainText(title, FIELD_CHARACTERS),
    plainText(brand, FIELD_CHARACTERS),
    plainText(category, FIELD_CHARACTERS),
    plainText(description, DESCRIPTION_CHARACTERS),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** `value` without markup, white space folded, at most `characters` long. */
function plainText(value: unknown, characters: number): string {
  if (typeof value !== 'string') return '';
  return cut(htmlText(value, characters), characters).trimEnd();
}

/** At most `characters` UTF-16 units, never half a character. */
function cut(text: string, characters: number): string {
  const last = text.charCodeAt(characters - 1);
  const splitsPair = text.length > characters && last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? characters - 1 : characters);
}
