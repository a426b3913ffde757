import { isDigit } from './characters.js';
import { chunkAt, partsOfChunk } from './chunks.js';
import { Lexicon, type Word } from './lexicon.js';
import { compoundAt } from './quantities.js';
import { Scan } from './scan.js';
import type { Language } from './text-settings.js';
import { canonicalNumber } from './units.js';

/** Raised with any change of which words a text has, or what they weigh: terms of two versions are never compared. */
export const ANALYZER_VERSION = 2;

/** Texts up to this long are remembered with their words: names and values of attributes come again and again. */
const FRAGMENT_CHARACTERS = 48;
const FRAGMENTS = 1 << 15;

const NUMBER = /^[0-9]{1,8}(?:\.[0-9]{1,4})?$/;
const NONE: readonly Word[] = [];

/** The words of a text. */
export interface Analysed {
  /** First those that stand in it, in order; then what several of them mean together. */
  words: readonly Word[];
  /** How many of them stand in it. */
  length: number;
  /** The joined chunks among `words`. */
  joined: readonly Word[];
  /** The text, where it is a number and no more. */
  number: string;
}

/** Texts into words, for one language. What it remembers changes no result. */
export class Analyzer {
  readonly lexicon: Lexicon;
  readonly scan: Scan;
  private readonly fragments = new Map<string, Analysed>();

  constructor(language: Language) {
    this.lexicon = new Lexicon(language);
    this.scan = new Scan(this.lexicon);
  }

  /** Bounds what is remembered. Call it between products only: it makes words new. */
  trim(): void {
    if (this.lexicon.trim() || this.fragments.size >= FRAGMENTS) this.fragments.clear();
  }

  /** The words of `text` and its compounds, for an index; with `joins` also its joined chunks. */
  analyse(text: string, joins: boolean): Analysed {
    const scan = this.scan.read(text);
    const words = scan.words.slice(0, scan.count);
    this.addCompounds(words);
    const joined = joins ? this.joinedChunks() : NONE;
    for (const word of joined) words.push(word);
    const number = isDigit(text.charCodeAt(0)) && NUMBER.test(text) ? canonicalNumber(text) : '';
    return { words, length: scan.count, joined, number };
  }

  /** As `analyse` for what is often the same again, such as names and values of attributes. */
  fragment(text: string): Analysed {
    let analysed = this.fragments.get(text);
    if (analysed === undefined) {
      analysed = this.analyse(text, false);
      if (text.length <= FRAGMENT_CHARACTERS) this.fragments.set(text, analysed);
    }
    return analysed;
  }

  private addCompounds(words: Word[]): void {
    const { scan } = this;
    for (let at = 0; at < scan.count;) {
      const word = scan.at(at);
      const compound = word.mayCompound ? compoundAt(scan, at) : undefined;
      if (compound !== undefined && compound.canonical !== word.plain) {
        words.push(this.lexicon.intern(compound.canonical));
      }
      at = compound?.to ?? at + 1;
    }
  }

  private joinedChunks(): Word[] {
    const { scan } = this;
    const words: Word[] = [];
    for (let at = 0; at < scan.count; at++) {
      const chunk = chunkAt(scan, at);
      if (chunk === undefined) continue;
      for (const { joined } of [chunk, ...partsOfChunk(scan, chunk)]) {
        words.push(this.lexicon.intern(joined));
      }
      at = chunk.to - 1;
    }
    return words;
  }
}

const analyzers = new Map<Language, Analyzer>();

/** The analyzer of a language. One serves all, since each call is done with it before the next begins. */
export function analyzerOf(language: Language): Analyzer {
  let analyzer = analyzers.get(language);
  if (analyzer === undefined) analyzers.set(language, (analyzer = new Analyzer(language)));
  return analyzer;
}
