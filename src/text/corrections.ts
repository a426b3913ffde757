import { damerau } from './damerau.js';
import { plural } from './fold.js';
import { tolerated } from './near-words.js';
import type { QueryWord } from './parse-query.js';

/** A word of the catalogue that is near to a typed one. */
export interface Candidate {
  word: string;
  distance: number;
  /** Of the live products, in all shards together. */
  df: number;
}

/** What tells which candidate was meant, besides how common each is. */
export interface Knowledge {
  /** Whether the encoder has one whole piece for a word. */
  isPiece: (word: string) => boolean;
  /** Live products, in all shards together. */
  live: number;
  /** How many titles have a candidate directly beside a neighbour of the typed word. */
  beside: (candidate: string) => number;
}

type Typed = Pick<QueryWord, 'word' | 'plain' | 'text'>;

/** What may stand for a misspelt word. */
export interface Correction {
  word: string;
  weight: number;
  distance: number;
  df: number;
}

/** What one product alone has is more often a misspelling itself, unless the encoder knows it. */
const LEAST_DF = 2;
/** So many titles show two words to belong together. */
const LEAST_BESIDE = 2;
const MOST = 5;
/** Of what only its neighbours can tell so many are looked at: each is two counts of titles. */
const MOST_UNSURE = 10;
const MAX_DISTANCE = 2;
const SHORT = 3;
/** Common is what one of so many products has, and a few in all. */
const OF_PRODUCTS = 20;
const LEAST_COMMON = 20;
/** A wrong letter is one of so many; one that is missing or two that are swapped are no choice. */
const OF_LETTERS = 25;
/** First letters are seldom mistyped. */
const OF_BEGINNINGS = 3;
/** The likeliest stands for the word in full, since nobody has the word itself; others for less. */
const BEST = 1;
const AS_NEAR = 0.8;
const FARTHER = 0.6;

/** Whether the encoder has a piece for the word: as typed, folded, or in the singular. */
export function isWhole(word: Typed, isPiece: Knowledge['isPiece']): boolean {
  return isPiece(word.plain) || isPiece(word.word) || isPiece(word.text);
}

/** How many edits to look for around `word`, 0 where it is no typo: what is known, quoted or a number. */
export function toleranceOf(word: QueryWord, df: number): number {
  if (df > 0 || word.kind !== 'word' || word.isQuoted) return 0;
  return Math.max(tolerated(word.word), tolerated(word.plain));
}

/**
 * The best of `candidates` for a word that was typed: the nearest first, of those the likeliest, at most five. How likely one is,
 * is how many products have it times how likely it is mistyped so (a noisy channel; Kernighan, Church and Gale, 1990).
 * What the word alone does not tell, its neighbours must.
 */
export function chooseCorrections(
  candidates: readonly Candidate[],
  typed: Typed,
  knowledge: Knowledge,
): Correction[] {
  const chosen = likeliest(candidates, typed, knowledge)
    .filter((one) => isSure(one, typed, knowledge) || knowledge.beside(one.word) >= LEAST_BESIDE)
    .slice(0, MOST);
  return chosen.map(({ word, distance, df }, at) => {
    const isNearest = distance === chosen[0]?.distance;
    return { word, df, distance, weight: at === 0 ? BEST : isNearest ? AS_NEAR : FARTHER };
  });
}

/** Those of `candidates` of which only the neighbours of the typed word tell whether they were meant. */
export function unsureCandidates(
  candidates: readonly Candidate[],
  typed: Typed,
  knowledge: Omit<Knowledge, 'beside'>,
): string[] {
  return likeliest(candidates, typed, knowledge)
    .filter((one) => !isSure(one, typed, knowledge))
    .slice(0, MOST_UNSURE)
    .map(({ word }) => word);
}

function likeliest(
  candidates: readonly Candidate[],
  typed: Typed,
  { isPiece }: Pick<Knowledge, 'isPiece'>,
): Candidate[] {
  return candidates
    .filter(({ word, df }) => df >= (isPiece(word) ? 1 : LEAST_DF))
    .map(({ word, df, distance }) => ({
      ...{ word, df, likely: df * ease(typed.word, word) },
      distance: typed.plain === typed.word ? distance : pluralDistance(typed, word),
    }))
    .filter(({ distance }) => distance <= MAX_DISTANCE)
    .sort((a, b) => a.distance - b.distance || b.likely - a.likely || (a.word < b.word ? -1 : 1));
}

/** How far from a typed plural a word is as it would be spelt: `bok` is near to `box`, `boks` is not to `boxes`. */
function pluralDistance(typed: Typed, word: string): number {
  const most = tolerated(typed.plain);
  const distance = damerau(typed.plain, spelling(typed, word), most);
  return distance > most ? Infinity : distance;
}

/**
 * Whether the typed word alone can tell. What means something to the encoder may be what was meant (else "harry potter"
 * becomes "carry plotter"). Three letters are near to too much, unless one is missing or two are swapped, `dsk`, or what
 * is near is common.
 */
function isSure(
  { word, df }: Candidate,
  typed: Typed,
  { isPiece, live }: Omit<Knowledge, 'beside'>,
): boolean {
  const { plain } = typed;
  if (isWhole(typed, isPiece)) return false;
  if (plain.length > SHORT || word.length > plain.length || isSwapped(plain, word)) return true;
  return df >= Math.max(LEAST_COMMON, live / OF_PRODUCTS);
}

/** How much easier `meant` is mistyped as `typed` than by one certain wrong letter in its beginning. */
function ease(typed: string, meant: string): number {
  const isLetterLost = meant.length === typed.length + 1 || isSwapped(typed, meant);
  return (isLetterLost ? OF_LETTERS : 1) * (meant.startsWith(typed.charAt(0)) ? OF_BEGINNINGS : 1);
}

/** Whether two neighbours stand the other way round, and nothing else differs. */
function isSwapped(typed: string, meant: string): boolean {
  if (typed.length !== meant.length) return false;
  let at = 0;
  while (at < typed.length && typed[at] === meant[at]) at++;
  if (typed[at] !== meant[at + 1] || typed[at + 1] !== meant[at]) return false;
  return at < typed.length && typed.slice(at + 2) === meant.slice(at + 2);
}

/** A correction as it stands in a text: of a plural, which was looked up without its `s`, again one, if that is nearer. */
export function spelling({ word, plain }: Typed, correction: string): string {
  if (plain === word) return correction;
  const [one, many] = [correction, plural(correction)];
  const isMany = damerau(plain, many, MAX_DISTANCE) < damerau(plain, one, MAX_DISTANCE);
  return isMany ? many : one;
}
