import { singular } from './fold.js';
import { tolerated } from './near-words.js';
import type { QueryWord } from './parse-query.js';

/** A word of the catalogue that is near to a typed one. */
export interface Candidate {
  word: string;
  distance: number;
  /** Of the live products, in all shards together. */
  df: number;
}

/** What may stand for a misspelt word. */
export interface Correction {
  word: string;
  weight: number;
  distance: number;
  df: number;
}

/** What one product alone has is more often a misspelling itself. */
const LEAST_DF = 2;
const MOST = 5;
const MAX_DISTANCE = 2;
const SHORT = 3;
/** A wrong letter is one of so many; one that is missing or two that are swapped are no choice. */
const OF_LETTERS = 25;
/** First letters are seldom mistyped. */
const OF_BEGINNINGS = 5;
/** The likeliest stands for the word in full, since nobody has the word itself; others for less. */
const BEST = 1;
const AS_NEAR = 0.8;
const FARTHER = 0.6;

/**
 * How many edits to look for around `word`, 0 where it is no typo: what is known, quoted, a number, or one whole
 * piece of the encoder's tokenizer (else "harry potter" becomes "carry plotter").
 */
export function toleranceOf(
  word: QueryWord,
  df: number,
  isPiece: (word: string) => boolean,
): number {
  if (df > 0 || word.kind !== 'word' || word.isQuoted) return 0;
  if (isPiece(word.plain) || isPiece(word.word)) return 0;
  return Math.max(tolerated(word.word), tolerated(word.plain));
}

/**
 * The best of `candidates` for a word that was typed: the nearest first, of those the likeliest, at most five. How likely one is,
 * is how many products have it times how likely it is mistyped so (a noisy channel; Kernighan, Church and Gale, 1990).
 */
export function chooseCorrections(
  candidates: readonly Candidate[],
  { word: typed, plain }: Pick<QueryWord, 'word' | 'plain'>,
): Correction[] {
  // Three letters are near to too much, unless one is missing: `dsk`.
  const isMeant = (word: string): boolean => plain.length > SHORT || word.length > plain.length;
  const chosen = candidates
    .filter(({ word, distance, df }) => {
      return df >= LEAST_DF && distance <= MAX_DISTANCE && isMeant(word);
    })
    .map((candidate) => ({ ...candidate, likely: candidate.df * ease(typed, candidate.word) }))
    .sort((a, b) => a.distance - b.distance || b.likely - a.likely || (a.word < b.word ? -1 : 1))
    .slice(0, MOST);
  return chosen.map(({ word, distance, df }, at) => {
    const isNearest = distance === chosen[0]?.distance;
    return { word, df, distance, weight: at === 0 ? BEST : isNearest ? AS_NEAR : FARTHER };
  });
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

/** A correction as it stands in a text: of a plural, which was looked up without its `s`, again with one. */
export function spelling({ word, plain }: QueryWord, correction: string): string {
  const plural = `${correction}s`;
  return plain !== word && plain.endsWith('s') && singular(plural) === correction
    ? plural
    : correction;
}
