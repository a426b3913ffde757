import type { JsonValue, Product } from '../core/product.js';
import { VECTOR_WEIGHT, type MatchedWord } from '../query/leaf-result.js';
import { partOf, type Slot } from '../query/text-query.js';
import { fieldValue, valueText } from '../text/field-text.js';
import { highlight } from '../text/highlight.js';
import { productTerms } from '../text/product-terms.js';
import type { TextSettings } from '../text/text-settings.js';
import type { HitExplanation } from './explanation.js';
import type { FoundHit } from './merge-hits.js';
import type { HitExtras } from './search-types.js';
import type { WordSlot } from './word-slots.js';

/** Longer fields are cut around their first match. */
const SNIPPET_CHARACTERS = 240;

/** What a hit is described by. */
type DescribedHit = Pick<FoundHit, 'matched' | 'scores'>;

/** Says of a hit what was asked for besides its product; undefined where nothing was. */
export type DescribeHit = (hit: DescribedHit, product: Product) => HitExtras;

/** A word of the query, as typed where that is known, and what products may have in its place. */
export type DescribedSlot = Slot & Partial<Pick<WordSlot, 'word'>>;

/** What a description of hits takes. */
export interface Described {
  slots: readonly DescribedSlot[];
  phrases: readonly (readonly string[])[];
  settings: TextSettings;
  highlight: readonly string[];
  whole: boolean;
  explain: boolean;
  /** Fields of the products are hidden: words of those alone are not told. */
  isPart: boolean;
}

export function hitDescriber(of: Described): DescribeHit | undefined {
  if (of.highlight.length === 0 && !of.explain) return undefined;
  const words = new Set([
    ...of.slots.flatMap(({ alternatives }) => alternatives.flatMap((one) => one.words)),
    ...of.phrases.flat(),
  ]);
  return (hit, product) => ({
    ...(of.highlight.length === 0 ? {} : { highlight: highlighted(product, words, of) }),
    ...(of.explain ? { explanation: explained(hit, product, of) } : {}),
  });
}

function highlighted(
  product: Product,
  words: ReadonlySet<string>,
  { highlight: fields, whole, settings }: Described,
): Record<string, string | string[]> {
  const characters = whole ? Infinity : SNIPPET_CHARACTERS;
  const marked = (field: string, value: JsonValue | undefined): string =>
    highlight(valueText(field, value), words, settings.language, characters);
  const values: [string, string | string[]][] = [];
  for (const field of fields) {
    const value: JsonValue | undefined = fieldValue(product, field);
    if (whole && Array.isArray(value)) values.push([field, value.map((one) => marked(field, one))]);
    else if (valueText(field, value) !== '') values.push([field, marked(field, value)]);
  }
  return Object.fromEntries(values);
}

function explained(
  { matched = [], scores }: DescribedHit,
  product: Product,
  { slots, settings, isPart }: Described,
): HitExplanation {
  const total = slots.reduce((sum, { idf }) => sum + idf, 0);
  const fields = fieldsOfWords(product, settings);
  const described = matched.map(({ slot, word, impact, weight }: MatchedWord) => {
    const { idf = 0, word: typed } = slots[slot] ?? {};
    const part = partOf(idf, weight, impact) / total;
    return {
      ...{ text: typed?.text ?? word, word, weight, impact, part },
      fields: fields.filter(([, words]) => words.has(word)).map(([field]) => field),
    };
  });
  return {
    matched: isPart ? described.filter((one) => one.fields.length > 0) : described,
    vectorPart: VECTOR_WEIGHT * (scores?.vector ?? 0),
  };
}

/** The words of each field, by what the index itself makes of it. */
function fieldsOfWords(product: Product, settings: TextSettings): [string, Set<string>][] {
  const bare = { ...product, id: '' };
  return settings.searchable.map((one) => {
    const { words } = productTerms(bare, { ...settings, searchable: [one], identifiers: [] });
    return [one.field, new Set(words)];
  });
}
