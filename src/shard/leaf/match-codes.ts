import type { Comparison } from '../../filter/filter.js';
import { firstAtLeast } from '../index/ascending.js';
import { typeOf, type CodeRange, type Column, type ColumnReader } from '../index/column.js';

/**
 * Adds to `words` the bits of those of the rows [from, to) that match; bit 0 is row `from`, a
 * multiple of 32. Bits of rows from `to` on mean nothing.
 */
export type Matcher = (words: Uint32Array, from: number, to: number) => void;

/** The codes that a leaf wants: a range of them, or 1 for each wanted one. */
type WantedCodes = CodeRange | Uint8Array;

/** @param doubtful what it answers where a column cannot tell */
export function leafMatcher(leaf: Comparison, column: Column, doubtful: boolean): Matcher {
  return matcherOfCodes(column, (piece) => codesOf(leaf, piece, doubtful));
}

/** The rows that have any value. */
export function existsMatcher(column: Column): Matcher {
  return matcherOfCodes(column, ({ dictionary }) => ({ from: 1, to: dictionary.size + 1 }));
}

function matcherOfCodes(
  column: Column,
  codesOf: (piece: ColumnReader) => WantedCodes | undefined,
): Matcher {
  const pieces: { piece: ColumnReader; wanted: WantedCodes }[] = [];
  for (const piece of column) {
    const wanted = codesOf(piece);
    if (wanted !== undefined) pieces.push({ piece, wanted });
  }
  return (words, from, to) => {
    for (const { piece, wanted } of pieces) {
      const { firstRow, rowCount, rows } = piece;
      const low = Math.max(from, firstRow);
      const high = Math.min(to, firstRow + rowCount);
      if (low >= high) continue;
      const span = { low: low - firstRow, high: high - firstRow, shift: firstRow - from };
      if (rows !== undefined) addListed(words, piece, rows, wanted, span);
      else if (wanted instanceof Uint8Array) addDense(words, piece.codes, wanted, span);
      else addDenseRange(words, piece.codes, wanted, span);
    }
  };
}

/** Undefined where no code is wanted; code 0 (no value) never is. */
function codesOf(
  leaf: Comparison,
  { type, dictionary }: ColumnReader,
  doubtful: boolean,
): WantedCodes | undefined {
  if (leaf.kind === 'range') {
    if (typeOf(leaf.value) !== type) return undefined;
    const range = dictionary.codeRange(leaf.op, leaf.value, doubtful);
    return range.from >= range.to ? undefined : range;
  }
  const codes: number[] = [];
  for (const value of leaf.values) {
    const code = typeOf(value) === type ? dictionary.codeOf(value) : 0;
    if (code !== 0) codes.push(code);
  }
  const [first] = codes;
  if (first === undefined) return undefined;
  if (codes.length === 1) return { from: first, to: first + 1 };
  const wanted = new Uint8Array(dictionary.size + 1);
  for (const code of codes) wanted[code] = 1;
  return wanted;
}

/** Rows [low, high) of a piece; `shift` makes of a row its bit. */
interface Span {
  low: number;
  high: number;
  shift: number;
}

/** A word of 32 rows at a time: this is what a filter costs on a large segment. */
function addDenseRange(
  words: Uint32Array,
  codes: Uint32Array,
  { from, to }: CodeRange,
  { low, high, shift }: Span,
): void {
  const count = to - from;
  for (let at = low; at < high; at += 32) {
    const end = Math.min(high, at + 32);
    let word = 0;
    for (let row = at; row < end; row++) {
      // Below `from` it wraps around to a large number.
      if (((codes[row] as number) - from) >>> 0 < count) word |= 1 << (row & 31);
    }
    const index = (at + shift) >>> 5;
    words[index] = (words[index] as number) | word;
  }
}

function addDense(
  words: Uint32Array,
  codes: Uint32Array,
  wanted: Uint8Array,
  { low, high, shift }: Span,
): void {
  for (let at = low; at < high; at += 32) {
    const end = Math.min(high, at + 32);
    let word = 0;
    for (let row = at; row < end; row++) {
      word |= (wanted[codes[row] as number] as number) << (row & 31);
    }
    const index = (at + shift) >>> 5;
    words[index] = (words[index] as number) | word;
  }
}

/** A piece that lists the rows that have a value, or several. */
function addListed(
  words: Uint32Array,
  { codes, ends }: ColumnReader,
  rows: Uint32Array,
  wanted: WantedCodes,
  { low, high, shift }: Span,
): void {
  const has =
    wanted instanceof Uint8Array
      ? (code: number): boolean => wanted[code] === 1
      : (code: number): boolean => code >= wanted.from && code < wanted.to;
  const first = firstAtLeast(rows, low);
  let at = ends === undefined || first === 0 ? first : (ends[first - 1] as number);
  for (let i = first; i < rows.length; i++) {
    const row = rows[i] as number;
    if (row >= high) return;
    const end = ends === undefined ? i + 1 : (ends[i] as number);
    let isMatch = false;
    for (; at < end; at++) isMatch ||= has(codes[at] as number);
    if (!isMatch) continue;
    const bit = row + shift;
    words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
  }
}
