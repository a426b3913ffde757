import { hashText } from '../core/hash.js';
import type { JsonValue, Product } from '../core/product.js';
import { ACCESSORY_MARK, isAccessory } from './accessories.js';
import { type Analysed, type Analyzer, analyzerOf } from './analyzer.js';
import { attributesOf, fieldValue, valueText } from './field-text.js';
import { squash } from './fold.js';
import type { Word } from './lexicon.js';
import { isSizeWord, sizeValue } from './quantities.js';
import type { TextSettings } from './text-settings.js';

/** What the index of a product's words is made of. */
export interface ProductTerms {
  /** Distinct. */
  words: string[];
  /** How much each of `words` says about the product, 1–255: of it and the settings alone, never of statistics. */
  impacts: Uint8Array;
  /** Words of the title, '', words of the brand, in order: for phrases and adjacency. */
  sequence: string[];
  /** What finds it exactly: `3` + its id, `2` + an identifier, `1` + a word or chunk with a digit of the title. */
  keys: string[];
  /**
   * Hashes of its category and its attributes' names, and a mark of accessories, sorted, distinct: what kind of product
   * it is.
   */
  types: Uint32Array;
}

/** BM25's saturation. */
const K1 = 1.2;
/** How much the length of a field counts (BM25's b), and the length that is normal, in words. */
interface LengthRule {
  b: number;
  average: number;
  /** Shorter than normal is no merit. */
  floor: boolean;
}
const PLAIN: LengthRule = { b: 0, average: 1, floor: false };
const RULES: Readonly<Record<string, LengthRule>> = {
  title: PLAIN,
  brand: PLAIN,
  category: PLAIN,
  description: { b: 0.75, average: 10, floor: false },
  attributes: { b: 0.75, average: 49, floor: false },
};
/** Of a tenant's own fields nothing is known: a value of few words counts in full, a long text less. */
const OWN_FIELD: LengthRule = { b: 0.75, average: 10, floor: true };
const IDENTIFIER_WEIGHT = 1;
/** Identifiers of one product, and the length of each: a query has no longer one. */
const MAX_IDENTIFIERS = 100;
const IDENTIFIER_CHARACTERS = 256;
/**
 * Of all fields of one product together: its words are found in one turn, whatever was sent. UTF-8, as a character
 * of a script without blanks costs some three times one of another.
 */
const PRODUCT_BYTES = 24_000;
/** A category says what a product is, and of an accessory only what it is for: `Laptops` has bags, too. */
const CATEGORY_OF_OWN = 2;
/** A category and an attribute of the same name are two things. */
const CATEGORY_SEED = 1;
const NAME_SEED = 2;

let rounds = 0;

/** Adds up what the words of one product weigh. */
class Weights {
  private readonly round = ++rounds;
  readonly words: Word[] = [];

  add(words: readonly Word[], weight: number): void {
    for (let at = 0; at < words.length; at++) {
      const { base } = words[at] as Word;
      if (base.round !== this.round) {
        base.round = this.round;
        base.weight = 0;
        this.words.push(base);
      }
      base.weight += weight;
    }
  }

  texts(): string[] {
    const texts: string[] = [];
    for (let at = 0; at < this.words.length; at++) texts.push((this.words[at] as Word).text);
    return texts;
  }

  impacts(): Uint8Array {
    const impacts = new Uint8Array(this.words.length);
    for (let at = 0; at < impacts.length; at++) {
      const { weight } = this.words[at] as Word;
      impacts[at] = Math.max(1, Math.round((255 * weight) / (weight + K1)));
    }
    return impacts;
  }
}

/** Hands out the texts of one product, until there were enough of them. */
class Texts {
  private left = PRODUCT_BYTES;

  get isOver(): boolean {
    return this.left <= 0;
  }

  take(name: string, value: JsonValue | undefined): string {
    if (this.isOver) return '';
    const text = valueText(name, value);
    const bytes = Buffer.byteLength(text);
    const { left } = this;
    this.left -= bytes;
    return bytes > left ? text.slice(0, (text.length * left) / bytes) : text;
  }
}

/** The words of `product` and what else its text gives, by BM25F (Robertson and Zaragoza, 2009) without statistics. */
export function productTerms(product: Product, settings: TextSettings): ProductTerms {
  const analyzer = analyzerOf(settings.language);
  analyzer.trim();
  const weights = new Weights();
  const texts = new Texts();
  const title = analyzer.analyse(texts.take('title', product.title), true);
  const brand = analyzer.analyse(texts.take('brand', product['brand']), false);
  const belongs = isAccessory(product, title);
  for (const { field, weight } of settings.searchable) {
    if (field === 'attributes') {
      addAttributes(analyzer, attributesOf(product), weight, weights, texts);
      continue;
    }
    const analysed =
      field === 'title'
        ? title
        : field === 'brand'
          ? brand
          : analyzer.analyse(texts.take(field, fieldValue(product, field)), false);
    const factor = field === 'category' && !belongs ? CATEGORY_OF_OWN : 1;
    weights.add(analysed.words, factor * weight * lengthFactor(field, analysed.length));
  }
  const id = squash(product.id);
  const identifiers = identifierValues(product, settings.identifiers);
  for (const identifier of new Set([id, ...identifiers])) {
    if (identifier !== '') weights.add([analyzer.lexicon.intern(identifier)], IDENTIFIER_WEIGHT);
  }
  return {
    words: weights.texts(),
    impacts: weights.impacts(),
    sequence: sequenceOf(title, brand),
    keys: keysOf(id, identifiers, title),
    types: typesOf(product, belongs),
  };
}

function lengthFactor(field: string, length: number): number {
  const { b, average, floor } =
    (Object.hasOwn(RULES, field) ? RULES[field] : undefined) ?? OWN_FIELD;
  const counted = floor ? Math.max(length, average) : length;
  return 1 / (1 - b + (b * counted) / average);
}

/** All attributes as "name value"; what is false or null is left out, what is true is its name. */
function addAttributes(
  analyzer: Analyzer,
  attributes: Readonly<Record<string, JsonValue>>,
  weight: number,
  weights: Weights,
  texts: Texts,
): void {
  const parts: Analysed[] = [];
  const measures: Word[] = [];
  let length = 0;
  for (const name of Object.keys(attributes)) {
    if (texts.isOver) break;
    const value = attributes[name];
    const text = value === true ? '' : texts.take('', value);
    if (text === '' && value !== true) continue;
    const named = analyzer.fragment(texts.take('', name));
    parts.push(named);
    length += named.length;
    if (text === '') continue;
    const valued = analyzer.fragment(text);
    parts.push(valued);
    length += valued.length;
    addMeasures(analyzer, named, valued, measures);
  }
  const each = weight * lengthFactor('attributes', length);
  for (const { words } of parts) weights.add(words, each);
  weights.add(measures, each);
}

/** What name and value mean together: `size EU`: 42, or `capacity (GB)`: 32. */
function addMeasures(analyzer: Analyzer, name: Analysed, value: Analysed, to: Word[]): void {
  const last = name.words[name.length - 1];
  if (last === undefined) return;
  if (namesSize(name)) {
    for (let at = 0; at < value.length; at++) {
      const size = sizeValue(value.words[at] as Word);
      if (size !== '') to.push(analyzer.lexicon.intern(`size${size}`));
    }
  } else if (last.unit !== '' && value.number !== '') {
    to.push(analyzer.lexicon.intern(`${value.number}${last.unit}`));
  }
}

/** `size`, `shoe size` and `size EU` alike. */
function namesSize({ words, length }: Analysed): boolean {
  for (let at = 0; at < length; at++) if (isSizeWord(words[at] as Word)) return true;
  return false;
}

function identifierValues(product: Product, fields: readonly string[]): string[] {
  const values: string[] = [];
  for (const field of fields) {
    const value = fieldValue(product, field);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (values.length >= MAX_IDENTIFIERS) return values;
      const text = typeof one === 'string' || typeof one === 'number' ? String(one) : '';
      if (text !== '' && text.length <= IDENTIFIER_CHARACTERS) values.push(squash(text));
    }
  }
  return values;
}

function sequenceOf(title: Analysed, brand: Analysed): string[] {
  const sequence: string[] = [];
  for (let at = 0; at < title.length; at++) sequence.push((title.words[at] as Word).text);
  if (brand.length > 0) sequence.push('');
  for (let at = 0; at < brand.length; at++) sequence.push((brand.words[at] as Word).text);
  return sequence;
}

function keysOf(id: string, identifiers: readonly string[], title: Analysed): string[] {
  const keys = new Set<string>();
  if (id !== '') keys.add(`3${id}`);
  for (const identifier of identifiers) if (identifier !== '') keys.add(`2${identifier}`);
  for (let at = 0; at < title.length; at++) {
    const word = title.words[at] as Word;
    if (isCode(word)) keys.add(`1${word.plain}`);
  }
  for (const word of title.joined) keys.add(`1${word.plain}`);
  return [...keys];
}

/** Whether `word` can name a product: `17` cannot, as it stands for inches in half of the titles. */
function isCode(word: Word): boolean {
  return word.hasDigit && word.plain.length > (word.isDigits ? 2 : 1);
}

function typesOf(product: Product, belongs: boolean): Uint32Array {
  const names = Object.keys(attributesOf(product));
  const types = new Uint32Array(names.length + (belongs ? 2 : 1));
  types[0] = hashText(product.category, CATEGORY_SEED);
  for (let at = 0; at < names.length; at++)
    types[at + 1] = hashText(names[at] as string, NAME_SEED);
  if (belongs) types[names.length + 1] = ACCESSORY_MARK;
  types.sort();
  let distinct = 1;
  for (let at = 1; at < types.length; at++) {
    if (types[at] !== types[at - 1]) types[distinct++] = types[at] as number;
  }
  return types.slice(0, distinct);
}
