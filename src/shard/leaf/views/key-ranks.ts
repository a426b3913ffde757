import type { Scalar } from '../../../filter/filter.js';
import type { SortKey, SortValue } from '../../../query/sort.js';
import { typeOf, type Column, type ColumnReader, type ColumnType } from '../../index/column.js';
import { forEachCode } from '../../index/columns/build-column.js';

/** In this order values of several types in one field are sorted. */
const TYPES: readonly ColumnType[] = ['number', 'text', 'boolean'];
/** Of rows without a value: behind all others, whatever the direction. */
export const MISSING = 0xffffffff;

/** Rows [from, to) of a block of which a field has at most one dictionary a type. */
export interface RowSpan {
  from: number;
  to: number;
}

/**
 * A sort key's values of some rows as numbers that are in the order asked for, the first the least: twice the
 * place of the value among all of the span, so that what lies between two has a number too. Of a row with
 * several values the one counts that brings it furthest to the front.
 */
export class KeyRanks {
  /** Of each row of the span. */
  readonly ranks: Uint32Array;
  /** The values of each type come behind `before` others. */
  readonly readers: readonly { reader: ColumnReader; before: number }[];
  private readonly size: number;
  private readonly isDown: boolean;

  constructor(column: Column, { order }: SortKey, { from, to }: RowSpan) {
    const readers: { reader: ColumnReader; before: number }[] = [];
    let size = 0;
    for (const type of TYPES) {
      const reader = column.find((each) => each.type === type && each.firstRow === from);
      if (reader === undefined) continue;
      readers.push({ reader, before: size });
      size += reader.dictionary.size;
    }
    this.readers = readers;
    this.size = size;
    this.isDown = order === 'desc';
    this.ranks = new Uint32Array(to - from).fill(MISSING);
    for (const each of readers) this.rank(each.reader, each.before);
  }

  /** Greater than every rank that a value has. */
  get ranksEnd(): number {
    return 2 * (this.size + 1);
  }

  /** The rank of a value, whether a row has it or not. */
  rankOf(value: SortValue): number {
    if (value === null) return MISSING;
    const place = this.placeOf(value);
    return this.isDown ? this.ranksEnd - place : place;
  }

  /** The value of a rank that some row has. */
  valueOf(rank: number): SortValue {
    if (rank === MISSING) return null;
    const place = (this.isDown ? this.ranksEnd - rank : rank) / 2;
    const found = this.readers.findLast(({ before }) => before < place);
    return found?.reader.dictionary.valueOf(place - found.before) ?? null;
  }

  private placeOf(value: Scalar): number {
    const type = typeOf(value);
    let before = 0;
    for (const each of this.readers) {
      const { dictionary } = each.reader;
      if (each.reader.type === type) {
        const { below, isEqual } = dictionary.placeOf(value);
        return 2 * (each.before + below) + (isEqual ? 2 : 1);
      }
      if (TYPES.indexOf(each.reader.type) < TYPES.indexOf(type)) before += dictionary.size;
    }
    return 2 * before + 1;
  }

  private rank(reader: ColumnReader, before: number): void {
    const { ranks, isDown } = this;
    const top = this.ranksEnd;
    const { length } = ranks;
    const { codes } = reader;
    if (reader.rows === undefined) {
      const end = Math.min(length, codes.length);
      for (let row = 0; row < end; row++) {
        const code = codes[row] as number;
        if (code === 0) continue;
        const place = 2 * (before + code);
        const rank = isDown ? top - place : place;
        if (rank < (ranks[row] as number)) ranks[row] = rank;
      }
      return;
    }
    forEachCode(reader, (row, code) => {
      if (row >= length) return;
      const place = 2 * (before + code);
      const rank = isDown ? top - place : place;
      if (rank < (ranks[row] as number)) ranks[row] = rank;
    });
  }
}

/** The spans of a block's rows in which each of some columns has at most one dictionary a type. */
export function spansOf(rows: number, columns: readonly (Column | undefined)[]): RowSpan[] {
  const starts = new Set([0]);
  for (const column of columns) for (const { firstRow } of column ?? []) starts.add(firstRow);
  const sorted = [...starts].filter((start) => start < rows).sort((a, b) => a - b);
  return sorted.map((from, i) => ({ from, to: sorted[i + 1] ?? rows }));
}
