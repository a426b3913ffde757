import { UNSPACED, characterKind, isDigit } from './characters.js';
import { foldCase, singular } from './fold.js';
import { RunTable } from './run-table.js';
import type { Language } from './text-settings.js';
import { attachedUnit, canonicalNumber, unitOf } from './units.js';

/** Longer words are cut, the same in products and queries: nobody types them. */
const WORD_CHARACTERS = 64;
/** Of a script without blanks, between two signs: of longer stretches the segmenter takes more than twice as long. */
const SEGMENTED_CHARACTERS = 512;
/** Words and fragments that are remembered; past it all are forgotten at once. */
const REMEMBERED = 1 << 16;

/** A word as it is searched, with all that the passes over a text ask of it, worked out once. */
export interface Word {
  /** Folded, in the singular where the language has that rule. */
  readonly text: string;
  /** Folded only: for identifiers, prefixes and joined chunks. */
  readonly plain: string;
  readonly startsWithDigit: boolean;
  /** It may begin what several words mean together, such as `32 GB` or `size 42`. */
  readonly mayCompound: boolean;
  readonly hasDigit: boolean;
  /** ASCII digits alone. */
  readonly isDigits: boolean;
  /** Of `32gb`: `32` and `gb`. */
  readonly amount: string;
  readonly amountUnit: string;
  /** The unit it means after a number, or ''. */
  readonly unit: string;
  /** The word that has this one's `text` as it stands: itself, or the singular. */
  readonly base: Word;
  /** Scratch of who adds up weights, on `base`: a map from word to weight would be asked for each token again. */
  weight: number;
  round: number;
}

/** A word with where it stands in its run of characters. */
export interface Piece {
  word: Word;
  start: number;
  end: number;
}

/** The number or letter after one of these is a size. */
export const SIZE_WORDS = new Set(['size', 'grosse', 'taille', 'talla', 'taglia']);

/** Longer ones are codes, and measure nothing. */
const NUMBER_DIGITS = 8;

const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;

/** The words of one language that were seen last: folding costs more than finding. */
export class Lexicon {
  private readonly runs = new RunTable<Word | Piece[]>(REMEMBERED);
  private readonly words = new Map<string, Word>();
  private readonly ruled: boolean;

  constructor(language: Language) {
    this.ruled = language === 'en';
  }

  /** Forgets all when there is too much of it. Only between two products, since their words are told apart by identity. */
  trim(): boolean {
    if (!this.runs.isFull && this.words.size < REMEMBERED) return false;
    this.runs.clear();
    this.words.clear();
    return true;
  }

  /** The word, or the words, of the run of word characters from `start` to before `end`; `hash` by `hashStep`. */
  ofRun(text: string, start: number, end: number, hash: number): Word | Piece[] {
    const known = this.runs.get(text, start, end, hash);
    if (known !== undefined) return known;
    const run = text.slice(start, end);
    const found = isUnspaced(run) ? this.segments(run) : this.folded(run);
    if (run.length <= WORD_CHARACTERS) this.runs.set(run, hash, found);
    return found;
  }

  /** The word of a text that is folded already. */
  intern(plain: string): Word {
    const cut = plain.length > WORD_CHARACTERS ? cutWord(plain) : plain;
    let word = this.words.get(cut);
    if (word === undefined) {
      const text = this.ruled ? singular(cut) : cut;
      word = describe(cut, text === cut ? undefined : this.intern(text));
      this.words.set(cut, word);
    }
    return word;
  }

  private folded(run: string): Word | Piece[] {
    const plain = foldCase(run);
    const parts = plain.match(WORDS) ?? [];
    if (parts.length === 1 && parts[0] === plain) return this.intern(plain);
    // `½` comes apart into `1` and `2`.
    return parts.map((part) => ({ word: this.intern(part), start: 0, end: run.length }));
  }

  private segments(run: string): Piece[] {
    const pieces: Piece[] = [];
    for (let from = 0, to = 0; from < run.length; from = to) {
      to = borderOfCharacters(run, from + SEGMENTED_CHARACTERS);
      for (const { segment, index, isWordLike } of segmenter.segment(run.slice(from, to))) {
        if (isWordLike !== true) continue;
        const start = from + index;
        for (const part of foldCase(segment).match(WORDS) ?? []) {
          pieces.push({ word: this.intern(part), start, end: start + segment.length });
        }
      }
    }
    return pieces;
  }
}

function describe(plain: string, base: Word | undefined): Word {
  let digits = 0;
  while (digits < plain.length && isDigit(plain.charCodeAt(digits))) digits++;
  const isShort = digits > 0 && digits <= NUMBER_DIGITS;
  const letters = isShort && digits < plain.length ? plain.slice(digits) : '';
  const amountUnit = letters === '' ? undefined : attachedUnit(letters);
  const word = {
    text: base?.text ?? plain,
    plain,
    startsWithDigit: digits > 0,
    mayCompound: digits > 0 || SIZE_WORDS.has(base?.text ?? plain),
    hasDigit: digits > 0 || /\p{N}/u.test(plain),
    isDigits: isShort && digits === plain.length,
    amount: amountUnit === undefined ? '' : canonicalNumber(plain.slice(0, digits)),
    amountUnit: amountUnit ?? '',
    unit: unitOf(plain) ?? '',
    weight: 0,
    round: 0,
  };
  return Object.assign(word, { base: base ?? (word as Word) });
}

/** At most the first characters of a word, never half of one. */
function cutWord(word: string): string {
  return word.slice(0, borderOfCharacters(word, WORD_CHARACTERS));
}

/** `at`, or the place before it where that lies within a surrogate pair. */
function borderOfCharacters(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  return before >= 0xd800 && before <= 0xdbff ? at - 1 : at;
}

function isUnspaced(run: string): boolean {
  for (let at = 0; at < run.length; at++) {
    const code = run.codePointAt(at) as number;
    if (code > 127 && characterKind(code) === UNSPACED) return true;
  }
  return false;
}
