import type { ProductTerms } from '../../../text/product-terms.js';
import { Growing } from '../columns/growing.js';
import { toByteText } from '../columns/text-dictionary.js';
import { CHUNK_ROWS, NO_POSTINGS, type PostingRun, type Postings } from './postings.js';
import { BORDER, KEY_MARK, type TermSource } from './terms-reader.js';
import { TypeSets } from './type-sets.js';

/** A word of some eight letters, its places in a list and in a map. */
const BYTES_A_WORD = 120;
/** A posting: row, word, impact, and the one before it. */
const BYTES_A_POSTING = 13;
/** Words sent in one piece, and numbers of a list. */
const PIECE_WORDS = 2_048;
const PIECE_NUMBERS = 65_536;

/** Part of a log as it is sent to another thread: words, then postings, sets, and rows. */
export type TermPiece =
  | { words: string[]; heads: Uint32Array }
  | { rows: Uint32Array; of: Uint32Array; impacts: Uint8Array; before: Uint32Array }
  | { sets: Uint8Array[] }
  | { sequence: Uint32Array }
  | { ends: Uint32Array; types: Uint32Array };

/**
 * The words of rows that are appended one by one, searchable at once. Postings lie in the order in
 * which they came; those of one word are a list from its last to its first, by `before`.
 */
export class TermLog implements TermSource {
  private readonly texts: string[] = [];
  readonly firstWord = 0;
  private readonly numbers = new Map<string, number>();
  /** Of each word: its last posting + 1, and how many it has. */
  private readonly heads = new Growing(Uint32Array);
  private readonly counts = new Growing(Uint32Array);
  private readonly rowOf = new Growing(Uint32Array);
  private readonly wordsOf = new Growing(Uint32Array);
  private readonly impacts = new Growing(Uint8Array);
  /** The same word's posting before + 1; 0: none. */
  private readonly before = new Growing(Uint32Array);
  /** Number of the word + 1; 0 is the border. */
  private readonly sequences = new Growing(Uint32Array);
  private readonly sequenceEnds = new Growing(Uint32Array);
  private readonly sets = new TypeSets();
  private readonly setOf = new Growing(Uint32Array);

  get size(): number {
    return this.texts.length;
  }

  get rows(): number {
    return this.setOf.length;
  }

  /** Memory of words and lists, about. */
  get bytes(): number {
    const lists = 4 * (this.sequences.length + 2 * this.rows) + this.sets.bytes;
    return lists + this.texts.length * BYTES_A_WORD + this.rowOf.length * BYTES_A_POSTING;
  }

  append({ words, impacts, sequence, keys, types }: ProductTerms): void {
    const row = this.rows;
    words.forEach((word, i) => this.post(row, this.add(word), impacts[i] as number));
    for (const key of keys) this.post(row, this.add(KEY_MARK + key), 1);
    for (const word of sequence) this.sequences.push(word === '' ? 0 : this.add(word) + 1);
    this.sequenceEnds.push(this.sequences.length);
    this.setOf.push(
      this.sets.add(new Uint8Array(types.buffer, types.byteOffset, types.byteLength)),
    );
  }

  /** Appends all that `other` has of the rows of which `isKept` says so. */
  appendAll(other: TermLog, isKept: (row: number) => boolean): void {
    const numbers = Uint32Array.from(other.texts, (word) => this.add(word));
    for (let row = 0, at = 0; row < other.rows; row++) {
      const kept = isKept(row);
      const own = this.rows;
      for (; at < other.rowOf.length && other.rowOf.at(at) === row; at++) {
        const word = numbers[other.wordsOf.at(at)] as number;
        if (kept) this.post(own, word, other.impacts.at(at));
      }
      if (!kept) continue;
      for (let i = other.sequenceStart(row); i < other.sequenceEnds.at(row); i++) {
        const number = other.sequences.at(i);
        this.sequences.push(number === 0 ? 0 : (numbers[number - 1] as number) + 1);
      }
      this.sequenceEnds.push(this.sequences.length);
      this.setOf.push(this.sets.add(other.typesOf(other.typeSet(row))));
    }
  }

  numberOf(word: string): number {
    return this.numbers.get(word) ?? -1;
  }

  wordOf(number: number): string {
    return this.texts[number] as string;
  }

  frequency(number: number): number {
    return this.counts.at(number);
  }

  postings(number: number, rows: number): Postings {
    const head = this.heads.at(number);
    let count = 0;
    for (let at = head; at !== 0; at = this.before.at(at - 1)) {
      if (this.rowOf.at(at - 1) < rows) count += 1;
    }
    if (count === 0) return NO_POSTINGS;
    const places = new Uint16Array(count);
    const impacts = new Uint8Array(count);
    const runs: PostingRun[] = [];
    let run: PostingRun | undefined;
    let left = count;
    for (let at = head; at !== 0; at = this.before.at(at - 1)) {
      const row = this.rowOf.at(at - 1);
      if (row >= rows) continue;
      left -= 1;
      const place = row % CHUNK_ROWS;
      places[left] = place;
      impacts[left] = this.impacts.at(at - 1);
      const base = row - place;
      if (run?.base !== base) {
        run = { base, rowsAt: left, impactsAt: left, count: 0 };
        runs.unshift(run);
      }
      run.rowsAt = run.impactsAt = left;
      run.count += 1;
    }
    return { count, rows: places, impacts, runs };
  }

  words(from: number): Iterable<string> {
    return this.texts.slice(from);
  }

  *beginningWith(prefix: string): Generator<number> {
    for (const [number, word] of this.texts.entries()) {
      if (word.startsWith(prefix) && !word.startsWith(KEY_MARK)) yield number;
    }
  }

  sequence(row: number): number[] {
    const numbers: number[] = [];
    for (let i = this.sequenceStart(row); i < this.sequenceEnds.at(row); i++) {
      const number = this.sequences.at(i);
      numbers.push(number === 0 ? BORDER : number - 1);
    }
    return numbers;
  }

  typeSet(row: number): number {
    return this.setOf.at(row);
  }

  typesOf(set: number): Uint8Array {
    return this.sets.at(set);
  }

  sorted(): Iterator<readonly [word: string, number: number]> {
    const texts = this.texts.map(toByteText);
    const order = [...texts.keys()].sort((a, b) =>
      (texts[a] as string) < (texts[b] as string) ? -1 : 1,
    );
    return order.map((number) => [texts[number] as string, number] as const).values();
  }

  /** All of it, for `addPiece` of another log, in turns of about a millisecond. */
  *pieces(): Generator<TermPiece> {
    for (let from = 0; from < this.size; from += PIECE_WORDS) {
      const words = this.texts.slice(from, from + PIECE_WORDS);
      yield { words, heads: this.heads.slice(from, from + words.length) };
    }
    for (let from = 0; from < this.rowOf.length; from += PIECE_NUMBERS) {
      const to = Math.min(this.rowOf.length, from + PIECE_NUMBERS);
      const [rows, of] = [this.rowOf.slice(from, to), this.wordsOf.slice(from, to)];
      yield {
        rows,
        of,
        impacts: this.impacts.slice(from, to),
        before: this.before.slice(from, to),
      };
    }
    for (let from = 0; from < this.sets.size; from += PIECE_WORDS) {
      const length = Math.min(PIECE_WORDS, this.sets.size - from);
      yield { sets: Array.from({ length }, (_, i) => this.sets.at(from + i)) };
    }
    for (let from = 0; from < this.sequences.length; from += PIECE_NUMBERS) {
      const to = Math.min(this.sequences.length, from + PIECE_NUMBERS);
      yield { sequence: this.sequences.slice(from, to) };
    }
    for (let from = 0; from < this.rows; from += PIECE_NUMBERS) {
      const to = Math.min(this.rows, from + PIECE_NUMBERS);
      yield { ends: this.sequenceEnds.slice(from, to), types: this.setOf.slice(from, to) };
    }
  }

  addPiece(piece: TermPiece): void {
    if ('words' in piece) {
      for (const word of piece.words) this.add(word);
      piece.heads.forEach((head, i) => this.heads.set(this.size - piece.heads.length + i, head));
    } else if ('rows' in piece) {
      this.rowOf.append(piece.rows);
      this.wordsOf.append(piece.of);
      this.impacts.append(piece.impacts);
      this.before.append(piece.before);
      for (const word of piece.of) this.counts.set(word, this.counts.at(word) + 1);
    } else if ('sets' in piece) for (const set of piece.sets) this.sets.add(set);
    else if ('sequence' in piece) this.sequences.append(piece.sequence);
    else {
      this.sequenceEnds.append(piece.ends);
      this.setOf.append(piece.types);
    }
  }

  private add(word: string): number {
    let number = this.numbers.get(word);
    if (number === undefined) {
      // A part of a longer text would keep all of it in memory.
      const own = Buffer.from(word, 'utf8').toString('utf8');
      number = this.texts.push(own) - 1;
      this.numbers.set(own, number);
      this.heads.push(0);
      this.counts.push(0);
    }
    return number;
  }

  private post(row: number, word: number, impact: number): void {
    this.rowOf.push(row);
    this.wordsOf.push(word);
    this.impacts.push(impact);
    this.before.push(this.heads.at(word));
    this.heads.set(word, this.rowOf.length);
    this.counts.set(word, this.counts.at(word) + 1);
  }

  private sequenceStart(row: number): number {
    return row === 0 ? 0 : this.sequenceEnds.at(row - 1);
  }
}
