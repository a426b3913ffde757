import { analyzerOf } from './analyzer.js';
import { squash } from './fold.js';
import { excludedWords } from './parse-query.js';
import { ownStopWords } from './stop-words.js';
import type { Language } from './text-settings.js';
import { UNIT_SPELLINGS } from './units.js';

/** What a query says it does not want, and where. */
export interface Negation {
  start: number;
  /** Exclusive. */
  end: number;
  /** Analysed. */
  excluded: string[];
}

const TERM = String.raw`(?:\d[\d.,]{0,8}\s(?:${UNIT_SPELLINGS})(?![\p{L}\p{N}])|[\p{L}\p{N}]+(?:[-/.][\p{L}\p{N}]+)*)`;
const NEGATION = new RegExp(
  String.raw`(?<![\p{L}\p{N}'’-])(?<no>not|without|w/o|ohne|except|excluding|no)\s+(?:any\s+|an?\s+|the\s+)?(?<terms>${TERM}(?:\s+n?or\s+${TERM})*)(?<next>\s+[\p{L}]{3,}(?=\s*(?:$|[,;.\u0001])))?`,
  'giu',
);
/** After `not` or `no` these make a figure of speech, or the name of a thing. */
const FIGURES = new Set(
  (
    'for just only included working more less over under too sold yet frost name show touch tear iron drill dig pull ' +
    'limit smoking noise brainer stick slip contact fear one way doubt matter'
  ).split(' '),
);
const COLOURS = new Set(
  'black white red blue green grey gray silver gold pink brown yellow purple orange beige'.split(
    ' ',
  ),
);
const stops = new Set(ownStopWords('en'));

/**
 * What `text` excludes: `not hp`, `without leather or suede`. Where two words end the query after `without`, as in
 * `without touch screen`, they are taken for one thing: the first goes, and both as one word.
 */
export function negations(text: string, language: Language): Negation[] {
  const found: Negation[] = [];
  for (const match of text.matchAll(NEGATION)) {
    const { no = '', terms = '', next = '' } = match.groups ?? {};
    const list = terms.split(/\s+n?or\s+/iu);
    const first = squash(list[0] ?? '');
    if (stops.has(first) || !isMeant(no.toLowerCase(), first, match.index)) continue;
    const excluded = list.flatMap((term) => analysed(term, language));
    if (excluded.length === 0) continue;
    const isPair =
      list.length === 1 && isOneThing(no.toLowerCase(), first, excluded[0] ?? '', next.trim());
    if (isPair) excluded.push(...analysed(first + squash(next), language));
    const end = match.index + match[0].length - (isPair ? 0 : next.length);
    found.push({ start: match.index, end, excluded });
  }
  return found;
}

/** `no 5` is a perfume, `no frost` a fridge. */
function isMeant(no: string, first: string, index: number): boolean {
  if (no === 'no') return index > 0 && /^\p{L}{3,}$/u.test(first) && !FIGURES.has(first);
  return no !== 'not' || !FIGURES.has(first);
}

function isOneThing(no: string, first: string, singular: string, next: string): boolean {
  if (no === 'not' || next === '') return false;
  // After a plural begins something else: `without laces black`.
  return first === singular && !stops.has(squash(next)) && !COLOURS.has(squash(next));
}

function analysed(term: string, language: Language): string[] {
  const scan = analyzerOf(language).scan.read(term);
  return excludedWords(scan, 0, scan.count);
}
