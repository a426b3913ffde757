import type { Postings } from './postings.js';

/** Begins every exact key in a dictionary: no word has it, so keys and words never meet. */
export const KEY_MARK = '\u0001';

/** In a sequence: the border between the title and the brand. */
export const BORDER = -1;

/**
 * The words of a block's rows. Each has a number, which means nothing elsewhere; exact keys are words
 * that begin with `KEY_MARK`.
 */
export interface TermsReader {
  /** Words and keys. */
  readonly size: number;
  /** The number of a word, or -1. */
  numberOf(word: string): number;
  wordOf(number: number): string;
  /** Rows that have the word, dead ones and later ones included: at least as many as `postings`. */
  frequency(number: number): number;
  /** The rows below `rows` that have the word, dead ones included. */
  postings(number: number, rows: number): Postings;
  /** Words have numbers from here on; keys have others, or the same where they are not sorted. */
  readonly firstWord: number;
  /** The words from number `from` on, by their numbers. */
  words(from: number): Iterable<string>;
  /** The words, never keys, that begin so. */
  beginningWith(prefix: string): Iterable<number>;
  /** The words of the row's title, then of its brand, in order. */
  sequence(row: number): number[];
  /** Which of the block's sets of types the row has. */
  typeSet(row: number): number;
  /** A set: sorted 32-bit hashes, little-endian. */
  typesOf(set: number): Uint8Array;
}

/** As a merge reads it. */
export interface TermSource extends TermsReader {
  /** All words with their numbers, as byte texts (`toByteText`) in ascending order. */
  sorted(): Iterator<readonly [word: string, number: number]>;
}
