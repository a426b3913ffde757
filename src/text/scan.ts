import { INSIDE, SEPARATOR, characterKind } from './characters.js';
import type { Lexicon, Word } from './lexicon.js';
import { hashStep } from './run-table.js';

const APOSTROPHE = 39;
const RIGHT_QUOTE = 0x2019;
const LOWER_S = 115;
const UPPER_S = 83;

/**
 * The words of a text in order, with where each stands in it: runs of letters and digits, a possessive
 * `'s` left out. One object serves any number of texts, one after the other.
 */
export class Scan {
  text = '';
  count = 0;
  readonly words: Word[] = [];
  /** UTF-16 units of `text`; the end is exclusive. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  constructor(private readonly lexicon: Lexicon) {}

  read(text: string): this {
    this.text = text;
    this.count = 0;
    const { length } = text;
    let at = 0;
    while (at < length) {
      const start = startOfRun(text, at);
      let hash = 0;
      at = start;
      while (at < length) {
        const code = text.charCodeAt(at);
        const isHigh = code >= 0xd800 && code <= 0xdbff;
        if ((isHigh ? pairKind(text, at) : characterKind(code)) === SEPARATOR) break;
        hash = hashStep(hash, code);
        if (isHigh) hash = hashStep(hash, text.charCodeAt(++at));
        at++;
      }
      if (at > start && !this.isPossessive(start, at)) this.add(start, at, hash);
    }
    return this;
  }

  /** The word at `index`. */
  at(index: number): Word {
    return this.words[index] as Word;
  }

  start(index: number): number {
    return this.starts[index] as number;
  }

  end(index: number): number {
    return this.ends[index] as number;
  }

  /** What stands between the word at `index` and the next. */
  gap(index: number): string {
    return this.text.slice(this.end(index), this.start(index + 1));
  }

  private add(start: number, end: number, hash: number): void {
    const found = this.lexicon.ofRun(this.text, start, end, hash);
    if (Array.isArray(found)) {
      for (const piece of found) this.put(piece.word, start + piece.start, start + piece.end);
    } else this.put(found, start, end);
  }

  private put(word: Word, start: number, end: number): void {
    this.words[this.count] = word;
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }

  private isPossessive(start: number, end: number): boolean {
    if (end - start !== 1 || start === 0) return false;
    const code = this.text.charCodeAt(start);
    if (code !== LOWER_S && code !== UPPER_S) return false;
    const before = this.text.charCodeAt(start - 1);
    if (before !== APOSTROPHE && before !== RIGHT_QUOTE) return false;
    return this.count > 0 && this.end(this.count - 1) === start - 1;
  }
}

function startOfRun(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const kind = code >= 0xd800 && code <= 0xdbff ? pairKind(text, at) : characterKind(code);
    if (kind !== SEPARATOR && kind !== INSIDE) return at;
    at++;
  }
  return at;
}

function pairKind(text: string, at: number): number {
  return characterKind(text.codePointAt(at) as number);
}
