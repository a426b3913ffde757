import { WORD, characterKind } from './characters.js';
import { damerau } from './damerau.js';

/** The words of an index, as what looks for spellings sees them. */
export interface Vocabulary {
  readonly size: number;
  /** Analysed; need not be quick, it is asked for few. */
  word(index: number): string;
  /** `letterSignature` of each word. */
  readonly signatures: Uint32Array;
}

/** A word of a vocabulary that is spelt nearly as another. */
export interface NearWord {
  index: number;
  word: string;
  distance: number;
}

const LENGTH_SHIFT = 26;
const LETTERS = (1 << LENGTH_SHIFT) - 1;
const MAX_LENGTH = 63;
/** No word of two letters is what somebody meant by four. */
const SHORTEST = 3;

/** How many edits may be between a misspelling and the word: 0 where it is too short to tell. */
export function tolerated(word: string): number {
  if (letterSignature(word) === 0) return 0;
  return word.length >= 8 ? 2 : 1;
}

/**
 * Which letters a word has (26 bits, others than a–z share them) and how many (6 bits): of two words of a
 * distance d each has at most d letters that the other has not. 0 for what is no word of letters, or is never a correction.
 */
export function letterSignature(word: string): number {
  const { length } = word;
  if (length < SHORTEST || length > MAX_LENGTH) return 0;
  let letters = 0;
  for (let at = 0; at < length; at++) {
    const code = word.charCodeAt(at);
    if (code >= 97 && code <= 122) letters |= 1 << (code - 97);
    else if (code > 127 && isLetter(code)) letters |= 1 << (code % 26);
    else return 0;
  }
  return ((length << LENGTH_SHIFT) | letters) >>> 0;
}

/** By words in order, as `Vocabulary.signatures` wants them. */
export function letterSignatures(words: readonly string[]): Uint32Array {
  return Uint32Array.from(words, letterSignature);
}

function isLetter(code: number): boolean {
  return characterKind(code) === WORD && !/\p{N}/u.test(String.fromCharCode(code));
}

/**
 * The words among those from `from` to before `to` that are at most `maxDistance` (1 or 2) edits from `word`
 * (Damerau), in the vocabulary's order; `word` itself is none of them. A caller who must not hold up others asks slice
 * by slice.
 */
export function nearWords(
  vocabulary: Vocabulary,
  word: string,
  maxDistance: number,
  from = 0,
  to = vocabulary.size,
): NearWord[] {
  const own = letterSignature(word);
  const near: NearWord[] = [];
  if (own === 0 || maxDistance < 1) return near;
  const { signatures } = vocabulary;
  const shortest = Math.max(word.length - maxDistance, SHORTEST);
  const longest = word.length + maxDistance;
  // All ones switch the second step off.
  const second = maxDistance > 1 ? 0 : -1;
  for (let index = from; index < to; index++) {
    const signature = signatures[index] as number;
    // An edit takes one letter away at most, and brings one. Each step drops a bit: quicker than to count them.
    let gone = own & ~signature & LETTERS;
    let come = signature & ~own & LETTERS;
    gone &= gone - 1;
    come &= come - 1;
    gone &= (gone - 1) | second;
    come &= (come - 1) | second;
    if ((gone | come) !== 0) continue;
    // Asked second: the letters sort out nearly all, a branch that is nearly free.
    const length = signature >>> LENGTH_SHIFT;
    if (length < shortest || length > longest) continue;
    const candidate = vocabulary.word(index);
    const distance = damerau(word, candidate, maxDistance);
    if (distance > 0 && distance <= maxDistance) near.push({ index, word: candidate, distance });
  }
  return near;
}
