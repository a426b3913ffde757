import type { Budget } from '../../../core/budget.js';
import { firstAtLeast } from '../../index/ascending.js';
import type { Bitset } from '../../index/bitset.js';
import type { ColumnReader } from '../../index/column.js';
import type { CountedCodes } from './counted-values.js';

/** Rows counted between two looks at the budget, a multiple of 32. */
const SLICE_ROWS = 32_768;
/** Rows that are counted in the time in which one is compared, and words of 32 rows that are looked at. */
const ROWS_A_UNIT = 4;
/** Rows looked up one by one in a list, where they are so many times fewer than it is long. */
const LOOK_UP_FACTOR = 16;
/** Rows of which the codes are put in order instead of counted one by one: so many times fewer than codes. */
const SPARSE_FACTOR = 8;

/**
 * The codes that `rows` have among the first `rowCount` of a reader, with how many have each. Ends with what was
 * counted where the budget is spent first.
 */
export async function countCodes(
  reader: ColumnReader,
  rows: Bitset,
  rowCount: number,
  budget: Budget,
): Promise<CountedCodes> {
  const { dictionary, firstRow } = reader;
  const wanted = rows.count(firstRow, firstRow + rowCount);
  const isSparse = wanted * SPARSE_FACTOR < dictionary.size;
  const counts = new Uint32Array(isSparse ? 0 : dictionary.size + 1);
  const found: number[] = [];
  for (let from = 0; from < rowCount; from += SLICE_ROWS) {
    const to = Math.min(rowCount, from + SLICE_ROWS);
    const inSlice = rows.count(firstRow + from, firstRow + to);
    if (isSparse) collect(reader, rows, found, from, to);
    else addCounts(reader, rows, inSlice === to - from, counts, from, to);
    const units = (inSlice + (to - from) / 32) / ROWS_A_UNIT;
    if (budget.spend(units) && !(await budget.pause())) break;
  }
  return { dictionary, ...(isSparse ? tally(found) : used(counts)) };
}

function collect(
  reader: ColumnReader,
  rows: Bitset,
  found: number[],
  from: number,
  to: number,
): void {
  const { firstRow, codes } = reader;
  if (reader.rows === undefined) {
    for (const row of rows.rows(firstRow + from, firstRow + Math.min(to, codes.length))) {
      const code = codes[row - firstRow] as number;
      if (code !== 0) found.push(code);
    }
    return;
  }
  forEachListed(reader, rows, from, to, (first, end) => {
    for (let at = first; at < end; at++) found.push(codes[at] as number);
  });
}

function tally(found: readonly number[]): Pick<CountedCodes, 'codes' | 'counts'> {
  const codes = Uint32Array.from(found).sort();
  const counts = new Uint32Array(codes.length);
  let size = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number;
    if (size === 0 || codes[size - 1] !== code) codes[size++] = code;
    counts[size - 1] = (counts[size - 1] as number) + 1;
  }
  return { codes: codes.subarray(0, size), counts: counts.subarray(0, size) };
}

/** Of the codes from 1 on. */
function used(all: Uint32Array): Pick<CountedCodes, 'codes' | 'counts'> {
  const codes = new Uint32Array(all.length);
  const counts = new Uint32Array(all.length);
  let size = 0;
  for (let code = 1; code < all.length; code++) {
    const count = all[code] as number;
    if (count === 0) continue;
    codes[size] = code;
    counts[size] = count;
    size += 1;
  }
  return { codes: codes.subarray(0, size), counts: counts.subarray(0, size) };
}

/**
 * Adds to `counts[code]` how many of `rows` have it: of the rows [from, to) of the reader, counted from its
 * first; `from` is a multiple of 32. `isAll`: all of them are in `rows`.
 */
function addCounts(
  reader: ColumnReader,
  rows: Bitset,
  isAll: boolean,
  counts: Uint32Array,
  from: number,
  to: number,
): void {
  if (reader.rows === undefined) countDense(reader, rows, counts, from, to);
  else {
    const { codes } = reader;
    const add = (first: number, end: number): void => {
      for (let at = first; at < end; at++) {
        const code = codes[at] as number;
        counts[code] = (counts[code] as number) + 1;
      }
    };
    if (isAll) addListed(reader, from, to, add);
    else forEachListed(reader, rows, from, to, add);
  }
}

/** A word of 32 rows at a time: those of no row cost nothing, those of all rows no look at a bit. */
function countDense(
  { firstRow, codes }: ColumnReader,
  { words }: Bitset,
  counts: Uint32Array,
  from: number,
  to: number,
): void {
  const end = Math.min(to, codes.length);
  for (let at = from; at < end; at += 32) {
    let word = (words[(firstRow + at) >>> 5] as number) | 0;
    if (word === -1 && at + 32 <= end) {
      for (let row = at; row < at + 32; row++) {
        const code = codes[row] as number;
        counts[code] = (counts[code] as number) + 1;
      }
      continue;
    }
    while (word !== 0) {
      const bit = word & -word;
      word ^= bit;
      const row = at + 31 - Math.clz32(bit);
      if (row >= end) break;
      const code = codes[row] as number;
      counts[code] = (counts[code] as number) + 1;
    }
  }
}

/** Visits those of the listed rows [from, to) that are in `rows`, with where their codes lie. */
export function forEachListed(
  { firstRow, rows: listed = NO_ROWS, ends }: ColumnReader,
  rows: Bitset,
  from: number,
  to: number,
  visit: (first: number, end: number) => void,
): void {
  const take = (i: number): void => visit(startOf(ends, i), startOf(ends, i + 1));
  let at = firstAtLeast(listed, from);
  const last = Math.min(rows.size, firstRow + to);
  const wanted = firstRow + from < last ? rows.count(firstRow + from, last) : 0;
  if (wanted * LOOK_UP_FACTOR < listed.length - at) {
    for (const row of rows.rows(firstRow + from, last)) {
      at = nextAtLeast(listed, row - firstRow, at);
      if (at === listed.length) return;
      if (listed[at] === row - firstRow) take(at);
    }
    return;
  }
  for (; at < listed.length; at++) {
    const row = listed[at] as number;
    if (row >= to || firstRow + row >= rows.size) return;
    if (rows.has(firstRow + row)) take(at);
  }
}

/** All listed rows [from, to) at once: their codes lie together. */
function addListed(
  { rows: listed = NO_ROWS, ends }: ColumnReader,
  from: number,
  to: number,
  add: (first: number, end: number) => void,
): void {
  const first = firstAtLeast(listed, from);
  add(startOf(ends, first), startOf(ends, firstAtLeast(listed, to, first)));
}

/** Where the codes of the listed row number `i` begin. */
function startOf(ends: ColumnReader['ends'], i: number): number {
  if (ends === undefined) return i;
  return i === 0 ? 0 : (ends[i - 1] as number);
}

const NO_ROWS = new Uint32Array();

/**
 * `firstAtLeast` from `low` on. No row is listed twice, so it is at most as far from `low` as `row` from the row
 * there; where all rows are listed, it is there.
 */
function nextAtLeast(rows: Uint32Array, row: number, low: number): number {
  if (low >= rows.length || (rows[low] as number) >= row) return low;
  const most = Math.min(rows.length, low + row - (rows[low] as number));
  if (most < rows.length && (rows[most - 1] as number) < row) return most;
  return firstAtLeast(rows, row, low, most);
}
