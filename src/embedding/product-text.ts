import { compile } from 'html-to-text';
import type { Product } from '../core/product.js';

/** Raised when the text of any product changes: it is part of every model's fingerprint. */
export const PRODUCT_TEXT_VERSION = 1;

/** Characters of plain description that take part: 0.07 nDCG@10 better than none on real queries. */
const DESCRIPTION_CHARACTERS = 200;

/** A title is words; what is longer than this is a mistake in the feed, and costs no more. */
const FIELD_CHARACTERS = 500;

/** Raw characters looked at per wanted one: enough for markup around it, whatever follows. */
const RAW_PER_PLAIN = 20;

const block = { format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } };

/** Elements whose words are not part of their neighbours'; paragraphs and the like are so anyway. */
const SEPARATE_WORDS = 'ul ol li dt dd td th blockquote h1 h2 h3 h4 h5 h6'.split(' ');

const htmlToPlain = compile({
  wordwrap: false,
  limits: { maxDepth: 50, maxChildNodes: 1_000, ellipsis: '' },
  selectors: [
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'skip' },
    { selector: 'hr', format: 'skip' },
    ...SEPARATE_WORDS.map((selector) => ({ selector, ...block })),
  ],
});

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
  const raw = value.slice(0, characters * RAW_PER_PLAIN);
  const plain = /<[a-z!/]|&[a-z#]/i.test(raw) ? htmlToPlain(raw) : raw;
  return cut(plain.replace(/\s+/g, ' ').trim(), characters).trimEnd();
}

/** At most `characters` UTF-16 units, never half a character. */
function cut(text: string, characters: number): string {
  const last = text.charCodeAt(characters - 1);
  const splitsPair = text.length > characters && last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? characters - 1 : characters);
}
