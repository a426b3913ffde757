import { analyzerOf } from './analyzer.js';
import { joinsNext } from './chunks.js';
import { foldCase, squash } from './fold.js';
import type { Word } from './lexicon.js';
import { type Compound, compoundAt } from './quantities.js';
import { type Mark, marksOf } from './query-marks.js';
import type { Scan } from './scan.js';
import type { Language, TextSettings } from './text-settings.js';
import { equalQuantities } from './units.js';

/** Words that together stand for a word of a query. */
export interface Variant {
  words: readonly string[];
  /** 1 as typed, less for what only resembles it. */
  weight: number;
}

/** A word of a query. */
export interface QueryWord {
  /** As products have it. */
  word: string;
  /** Folded only, plural kept: what a prefix begins with, what an encoder reads. */
  plain: string;
  /** As typed. */
  text: string;
  /** Where it was typed; UTF-16 units, the end exclusive. */
  start: number;
  end: number;
  /** `number`: it has a digit; `quantity`: a number with its unit, a size, a decimal number. */
  kind: 'word' | 'number' | 'quantity';
  /** In quotes: nothing stands in its place. */
  isQuoted: boolean;
  /** A single sign, and no blank, stands between it and the next. */
  joinsNext: boolean;
  /** What meets it in a product, itself first. */
  variants: Variant[];
}

/** A query as words. */
export interface ParsedQuery {
  /** Distinct, in order. */
  words: QueryWord[];
  /** Each list of words stands side by side in every hit. */
  phrases: string[][];
  /** No hit has any of them. */
  excluded: string[];
  /** The whole query without separators: an id, an identifier or a code equals it. */
  exactKey: string;
  /** The last of `words` is still being typed, as far as one can see. */
  lastIsOpen: boolean;
}

/** Of more words only the first take part: each is a walk through the index. */
const MAX_WORDS = 64;
const EQUAL_QUANTITY = 0.9;
/** Attributes often have the number without its unit. */
const NUMBER_ALONE = 0.5;
const PARTS = 0.8;

/**
 * The words of `text` with `"quoted phrases"` and `-excluded` ones. Stop words go if any other word remains;
 * with `isPrefix`, the last word is the beginning of one, and no stop word.
 */
export function parseQuery(text: string, settings: TextSettings, isPrefix = false): ParsedQuery {
  const { scan, marks, words, lastIsOpen } = readWords(text, settings.language);
  const kept = dropStopWords(distinct(words), settings.stopWords, isPrefix && lastIsOpen);
  return {
    words: kept.slice(0, MAX_WORDS),
    phrases: phrasesOf(scan, marks),
    excluded: excludedOf(scan, marks),
    exactKey: squash(text),
    lastIsOpen: lastIsOpen && kept.at(-1)?.end === text.length && kept.length <= MAX_WORDS,
  };
}

/** All words of a query in order as products have them, repeated ones and stop words too, without excluded ones. */
export function wordsInOrder(text: string, language: Language): string[] {
  return readWords(text, language).words.map(({ word }) => word);
}

interface WordsAsTyped {
  scan: Scan;
  marks: readonly Mark[];
  words: QueryWord[];
  lastIsOpen: boolean;
}

function readWords(text: string, language: Language): WordsAsTyped {
  const analyzer = analyzerOf(language);
  analyzer.trim();
  const scan = analyzer.scan.read(text);
  const marks = marksOf(text);
  const words: QueryWord[] = [];
  let lastIsOpen = false;
  for (let at = 0; at < scan.count;) {
    const mark = markAround(marks, scan.start(at));
    const compound = mark === undefined ? compoundAt(scan, at) : undefined;
    const isCompound =
      compound !== undefined && !marks.some(({ start }) => isInside(start, scan, compound));
    const to = isCompound ? compound.to : at + 1;
    if (mark?.kind !== 'excluded') {
      words.push(isCompound ? quantity(scan, compound) : single(scan, at, mark !== undefined));
    }
    lastIsOpen = mark === undefined && !isCompound && scan.end(at) === text.length;
    at = to;
  }
  return { scan, marks, words, lastIsOpen };
}

function isInside(position: number, scan: Scan, { from, end }: Compound): boolean {
  return position >= scan.start(from) && position < end;
}

function markAround(marks: readonly Mark[], position: number): Mark | undefined {
  return marks.find(({ start, end }) => position >= start && position < end);
}

function single(scan: Scan, at: number, isQuoted: boolean): QueryWord {
  const { text: word, plain, hasDigit } = scan.at(at);
  const [start, end] = [scan.start(at), scan.end(at)];
  return {
    word,
    plain,
    text: scan.text.slice(start, end),
    start,
    end,
    kind: hasDigit ? 'number' : 'word',
    isQuoted,
    joinsNext: joinsNext(scan, at),
    variants: [{ words: [word], weight: 1 }],
  };
}

function quantity(scan: Scan, compound: Compound): QueryWord {
  const { canonical, from, to, end, unit, parts } = compound;
  const start = scan.start(from);
  return {
    word: canonical,
    plain: canonical,
    text: scan.text.slice(start, end),
    start,
    end,
    kind: 'quantity',
    isQuoted: false,
    joinsNext: joinsNext(scan, to - 1),
    variants: [
      { words: [canonical], weight: 1 },
      ...equalQuantities(parts[0] ?? '', unit).map((word) => ({
        words: [word],
        weight: EQUAL_QUANTITY,
      })),
      ...looserVariants(scan, compound),
    ],
  };
}

function looserVariants(scan: Scan, { from, to, unit, parts }: Compound): Variant[] {
  // `3m` and `4g` are names more often than lengths and weights.
  if (unit.length === 1 && to === from + 1) return [];
  if (unit !== '') return [{ words: parts, weight: NUMBER_ALONE }];
  const words = parts.length > 1 || scan.at(from).isDigits ? plainWords(scan, from, to) : parts;
  return [{ words, weight: PARTS }];
}

function plainWords(scan: Scan, from: number, to: number): string[] {
  return scan.words
    .slice(from, to)
    .flatMap(({ plain, startsWithDigit }) => (startsWithDigit ? [plain] : []));
}

function distinct(words: readonly QueryWord[]): QueryWord[] {
  const seen = new Set<string>();
  return words.filter(({ word }) => !seen.has(word) && seen.add(word));
}

function dropStopWords(
  words: QueryWord[],
  stopWords: readonly string[],
  keepsLast: boolean,
): QueryWord[] {
  const stops = new Set(stopWords.map(foldCase));
  const left = words.filter(
    ({ plain, kind }, at) =>
      kind === 'quantity' || !stops.has(plain) || (keepsLast && at === words.length - 1),
  );
  return left.length > 0 ? left : words;
}

function wordsWithin(scan: Scan, { start, end }: Mark): [from: number, to: number] {
  let from = 0;
  while (from < scan.count && scan.start(from) < start) from++;
  let to = from;
  while (to < scan.count && scan.end(to) <= end) to++;
  return [from, to];
}

function phrasesOf(scan: Scan, marks: readonly Mark[]): string[][] {
  return marks
    .filter(({ kind }) => kind === 'phrase')
    .map((mark) => scan.words.slice(...wordsWithin(scan, mark)).map(({ text }) => text))
    .filter((phrase) => phrase.length > 0);
}

function excludedOf(scan: Scan, marks: readonly Mark[]): string[] {
  const excluded = new Set<string>();
  for (const mark of marks) {
    const [from, to] = wordsWithin(scan, mark);
    if (mark.kind !== 'excluded') continue;
    for (const word of excludedWords(scan, from, to)) excluded.add(word);
  }
  return [...excluded];
}

/**
 * What is left out when several words in one stretch are: what they measure or are joined, and the longest of them. Of
 * `usb-c` that is `usbc` only, as `c` says nothing alone, and `usb` too much.
 */
export function excludedWords(scan: Scan, from: number, to: number): string[] {
  // A letter such as the iota below others is none by itself.
  if (from >= to) return [];
  const compound = compoundAt(scan, from);
  if (compound?.to === to) return [compound.canonical];
  const words: Word[] = scan.words.slice(from, to);
  const joined = words.map(({ plain }) => plain).join('');
  if (words.length > 1 && words.some(({ plain, hasDigit }) => hasDigit || plain.length < 2))
    return [joined];
  const longest = words.reduce((a, b) => (b.text.length >= a.text.length ? b : a)).text;
  return words.length > 1 ? [joined, longest] : [longest];
}
