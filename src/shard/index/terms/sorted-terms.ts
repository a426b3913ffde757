import { fromByteText, toByteText, type TextDictionary } from '../columns/text-dictionary.js';
import { CHUNK_ROWS, NO_POSTINGS, type PostingRun, type Postings } from './postings.js';
import type { SealedSequences } from './sealed-sequences.js';
import type { SealedTypes } from './sealed-types.js';
import { KEY_MARK, type TermSource } from './terms-reader.js';

/**
 * Where each word's postings are. A run is what a word has in one chunk of rows; its u16 places and
 * u8 impacts lie one behind the other, padded to an even number of bytes.
 */
export interface TermDirectory {
  dictionary: TextDictionary;
  /** Of each word, where its runs end; undefined while there is one chunk: run i is of word i. */
  runEnds: Uint32Array | undefined;
  /** Number of each run's chunk; undefined while there is one. */
  chunks: Uint16Array | undefined;
  /** Where each run ends, in pairs of bytes. */
  ends: Uint32Array;
}

/** Comes after every key and before every word. */
const AFTER_KEYS = String.fromCharCode(KEY_MARK.charCodeAt(0) + 1);

/** The words of a segment: a sorted dictionary, postings, and what each row says. */
export class SortedTerms implements TermSource {
  private readonly places: Uint16Array;
  private readonly impacts: Uint8Array;
  readonly bytes: number;
  readonly firstWord: number;

  constructor(
    private readonly directory: TermDirectory,
    postings: ArrayBuffer,
    private readonly sequences: SealedSequences,
    private readonly types: SealedTypes,
  ) {
    this.places = new Uint16Array(postings);
    this.impacts = new Uint8Array(postings);
    const { dictionary, runEnds, chunks, ends } = directory;
    this.firstWord = dictionary.countBefore(AFTER_KEYS);
    const lists = (runEnds?.byteLength ?? 0) + (chunks?.byteLength ?? 0) + ends.byteLength;
    const own = dictionary.bytes + lists + postings.byteLength;
    this.bytes = own + sequences.bytes + types.bytes;
  }

  get size(): number {
    return this.directory.dictionary.size;
  }

  numberOf(word: string): number {
    return this.directory.dictionary.indexOf(word);
  }

  wordOf(number: number): string {
    return this.directory.dictionary.valueOf(number + 1);
  }

  frequency(number: number): number {
    let count = 0;
    for (let run = this.firstRun(number); run < this.endRun(number); run++) {
      count += countOf(this.pairsOf(run));
    }
    return count;
  }

  postings(number: number): Postings {
    const { chunks } = this.directory;
    const runs: PostingRun[] = [];
    let all = 0;
    for (let run = this.firstRun(number); run < this.endRun(number); run++) {
      const pairs = this.pairsOf(run);
      const count = countOf(pairs);
      if (count === 0) continue;
      const rowsAt = (this.directory.ends[run] as number) - pairs;
      const impactsAt = 2 * (rowsAt + count);
      const base = (chunks?.[run] ?? 0) * CHUNK_ROWS;
      runs.push({ base, rowsAt, impactsAt, count });
      all += count;
    }
    if (all === 0) return NO_POSTINGS;
    return { count: all, rows: this.places, impacts: this.impacts, runs };
  }

  *beginningWith(prefix: string): Generator<number> {
    const { dictionary } = this.directory;
    const wanted = toByteText(prefix);
    let number = dictionary.countBefore(prefix);
    for (const word of dictionary.byteTexts(number)) {
      if (!word.startsWith(wanted)) return;
      if (!word.startsWith(KEY_MARK)) yield number;
      number += 1;
    }
  }

  sequence(row: number): number[] {
    return this.sequences.at(row, this.firstWord);
  }

  typeSet(row: number): number {
    return this.types.setOf(row);
  }

  typesOf(set: number): Uint8Array {
    return this.types.at(set);
  }

  *sorted(): Generator<readonly [word: string, number: number]> {
    let number = 0;
    for (const word of this.directory.dictionary.byteTexts()) yield [word, number++];
  }

  *words(from: number): Generator<string> {
    for (const word of this.directory.dictionary.byteTexts(from)) yield fromByteText(word);
  }

  private firstRun(number: number): number {
    const { runEnds } = this.directory;
    if (runEnds === undefined) return number;
    return number === 0 ? 0 : (runEnds[number - 1] as number);
  }

  private endRun(number: number): number {
    return this.directory.runEnds?.[number] ?? number + 1;
  }

  private pairsOf(run: number): number {
    const { ends } = this.directory;
    return (ends[run] as number) - (run === 0 ? 0 : (ends[run - 1] as number));
  }
}

/** Of 3 bytes a posting, and one more where that is odd. */
function countOf(pairs: number): number {
  return Math.floor((2 * pairs) / 3);
}
