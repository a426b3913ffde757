import { digest } from '../../core/ids.js';
import type { RangeOperator, Scalar } from '../../filter/filter.js';

export type ColumnType = 'text' | 'number' | 'boolean';

/** Codes [from, to). */
export interface CodeRange {
  from: number;
  to: number;
}

/** A value's place among those of a dictionary. */
export interface Place {
  /** How many are less. */
  below: number;
  /** It is one of them. */
  isEqual: boolean;
}

export const NO_CODES: CodeRange = { from: 0, to: 0 };

/**
 * The distinct values of a column in ascending order (texts by code point): value number i has the
 * code i + 1, and 0 stands for none. So a range of values is a range of codes, found by two searches.
 */
export interface Dictionary {
  readonly size: number;
  readonly bytes: number;
  /** The code of a value, 0 where no row has it or it is of another type. */
  codeOf(value: Scalar): number;
  /**
   * The codes whose values satisfy `op bound`. `doubtful` says whether those are among them that
   * cannot be told (long texts with a common beginning): the join, which has the document, decides.
   */
  codeRange(op: RangeOperator, bound: string | number, doubtful: boolean): CodeRange;
  /** Where a value as `valueOf` gives it stands, or would stand. Of this dictionary's type. */
  placeOf(value: Scalar): Place;
  /** The value of a code from 1 on; of a long text its beginning and digest. */
  valueOf(code: number): Scalar;
}

/**
 * The values of one type that a run of rows has in one field; all row numbers count from `firstRow`,
 * a multiple of 32. Three forms:
 *
 *   dense   codes[row], 0 where the row has none
 *   sparse  row rows[i] has codes[i]; rows ascending
 *   lists   row rows[i] has codes[ends[i - 1] .. ends[i]), ascending, each once
 */
export interface ColumnReader {
  readonly type: ColumnType;
  readonly firstRow: number;
  readonly rowCount: number;
  readonly dictionary: Dictionary;
  readonly codes: Uint32Array;
  readonly rows: Uint32Array | undefined;
  readonly ends: Uint32Array | undefined;
}

/** One field of a segment or write buffer: for each run of rows at most one reader a type. */
export type Column = readonly ColumnReader[];

export function typeOf(value: Scalar): ColumnType {
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'boolean';
}

/** Memory of a column. */
export function bytesOf({ codes, rows, ends, dictionary }: ColumnReader): number {
  const lists = (rows?.byteLength ?? 0) + (ends?.byteLength ?? 0);
  return codes.byteLength + lists + dictionary.bytes;
}

/** UTF-16 units of a text that columns keep; one more where the last would be half a character. */
export const LONG_TEXT = 64;

/** The beginning of a text that is too long for a column; undefined when it is not. */
export function beginningOf(text: string): string | undefined {
  if (text.length <= LONG_TEXT) return undefined;
  const last = text.charCodeAt(LONG_TEXT - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? LONG_TEXT + 1 : LONG_TEXT);
}

/**
 * A text as columns hold it: a long one (a description) is its beginning and a digest. Equality is
 * kept; the order among texts of one beginning is not.
 */
export function columnText(text: string): string {
  const beginning = beginningOf(text);
  return beginning === undefined ? text : `${beginning}\u0000${digest(text)}`;
}
