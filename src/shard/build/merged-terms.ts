import { GONE } from '../index/columns/merge-columns.js';
import { mergeSorted, type SortedStream } from '../index/columns/merge-sorted.js';
import { IMPACTS, type TermPostings } from '../index/components/terms.js';
import { BORDER, KEY_MARK, type TermSource } from '../index/terms/terms-reader.js';
import { TypeSets } from '../index/terms/type-sets.js';

/** The words of some rows to merge. */
export interface TermsToMerge {
  terms: TermSource;
  /** For each row its row in what is written, or `GONE`. */
  newRows: Uint32Array;
}

/** Where a merged row came from. */
export interface Origin {
  source: number;
  row: number;
}

/**
 * The words of several blocks as those of one: dictionaries are merged in their order, postings moved
 * to their new rows, sequences and types renumbered. No text is read again, and words that only dead
 * rows had are left out.
 */
export class MergedTerms {
  /** For each source the new number of each word that is used. */
  private readonly numbers: Uint32Array[];
  private readonly used: Uint8Array[];
  /** Words that are keys: they come first. */
  private keys = 0;

  constructor(
    private readonly sources: readonly TermsToMerge[],
    /** All rows of what is written, in order. */
    private readonly origins: () => Iterable<Origin>,
  ) {
    this.numbers = sources.map(({ terms }) => new Uint32Array(terms.size));
    this.used = sources.map(inSequences);
  }

  /** All words, ascending. To be read to the end before `sequences`. */
  *words(): Generator<TermPostings> {
    let number = 0;
    for (const { word, of } of groups(this.sources)) {
      const postings = this.postingsOf(of);
      const isUsed = of.some(({ source, code }) => this.used[source]?.[code] === 1);
      if (postings.length === 0 && !isUsed) continue;
      for (const { source, code } of of) (this.numbers[source] as Uint32Array)[code] = number;
      number += 1;
      if (word.startsWith(KEY_MARK)) this.keys = number;
      yield { word, postings };
    }
  }

  /** Of each row, by the words' numbers among those that are no keys. */
  *sequences(): Generator<number[]> {
    for (const { source, row } of this.origins()) {
      const numbers = this.numbers[source] as Uint32Array;
      const words = this.termsOf(source).sequence(row);
      yield words.map((word) => (word === BORDER ? BORDER : (numbers[word] as number) - this.keys));
    }
  }

  /** The sets that rows have, and each row's. */
  types(rowCount: number): { sets: TypeSets; setOf: Uint32Array } {
    const sets = new TypeSets();
    const setOf = new Uint32Array(rowCount);
    const known = this.sources.map(() => new Map<number, number>());
    let at = 0;
    for (const { source, row } of this.origins()) {
      const terms = this.termsOf(source);
      const old = terms.typeSet(row);
      let set = known[source]?.get(old);
      if (set === undefined) {
        set = sets.add(terms.typesOf(old));
        known[source]?.set(old, set);
      }
      setOf[at++] = set;
    }
    return { sets, setOf };
  }

  private termsOf(source: number): TermSource {
    return (this.sources[source] as TermsToMerge).terms;
  }

  /** Row x 256 + impact, ascending. */
  private postingsOf(of: readonly NumberedWord[]): Float64Array {
    let most = 0;
    for (const { source, code } of of) most += this.termsOf(source).frequency(code);
    const merged = new Float64Array(most);
    let count = 0;
    let isSorted = true;
    for (const { source, code } of of) {
      const { terms, newRows } = this.sources[source] as TermsToMerge;
      const { rows, impacts, runs } = terms.postings(code, newRows.length);
      for (const { base, rowsAt, impactsAt, count: length } of runs) {
        for (let i = 0; i < length; i++) {
          const row = newRows[base + (rows[rowsAt + i] as number)] as number;
          if (row === GONE) continue;
          const posting = row * IMPACTS + (impacts[impactsAt + i] as number);
          isSorted &&= count === 0 || posting > (merged[count - 1] as number);
          merged[count++] = posting;
        }
      }
    }
    const live = merged.subarray(0, count);
    return isSorted ? live : live.sort();
  }
}

interface NumberedWord {
  source: number;
  code: number;
}

/** Each distinct word with its numbers in the sources that have it. */
function* groups(
  sources: readonly TermsToMerge[],
): Generator<{ word: string; of: NumberedWord[] }> {
  let word: string | undefined;
  let of: NumberedWord[] = [];
  for (const { source, stream } of mergeSorted(sources.map(({ terms }) => new Words(terms)))) {
    if (stream.value !== word) {
      if (word !== undefined) yield { word, of };
      word = stream.value;
      of = [];
    }
    of.push({ source, code: stream.code });
  }
  if (word !== undefined) yield { word, of };
}

class Words implements SortedStream<string> {
  value = '';
  code = 0;
  private readonly rest: Iterator<readonly [word: string, number: number]>;

  constructor(terms: TermSource) {
    this.rest = terms.sorted();
  }

  next(): boolean {
    const next = this.rest.next();
    if (next.done === true) return false;
    [this.value, this.code] = next.value;
    return true;
  }
}

/** Which words stand in the sequence of a row that is kept: some may have no posting. */
function inSequences({ terms, newRows }: TermsToMerge): Uint8Array {
  const used = new Uint8Array(terms.size);
  newRows.forEach((newRow, row) => {
    if (newRow === GONE) return;
    for (const word of terms.sequence(row)) if (word !== BORDER) used[word] = 1;
  });
  return used;
}
