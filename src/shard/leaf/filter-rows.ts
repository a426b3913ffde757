import type { Budget } from '../../core/budget.js';
import type { Filter } from '../../filter/filter.js';
import { Bitset } from '../index/bitset.js';
import type { Column } from '../index/column.js';
import { existsMatcher, leafMatcher, type Matcher } from './match-codes.js';

/** A field's column, undefined when no row of the segment has the field. */
export type ColumnOf = (field: string) => Column | undefined;

export interface FilteredRows {
  rows: Bitset;
  /** False where the budget was spent first: the rows from some row on were not looked at. */
  isComplete: boolean;
}

/** Rows tested with a leaf between two looks at the budget, and the least rows of a chunk. */
const CHUNK_TESTS = 65_536;
const MIN_CHUNK_ROWS = 1_024;

/**
 * The rows that match, a chunk of rows at a time. A leaf becomes codes by a search of the dictionary,
 * then rows are compared by code. Where a column alone cannot tell (two texts that share their first
 * 64 characters, by order) a row is in: the join, which has the document, decides.
 */
export async function filterRows(
  filter: Filter,
  rowCount: number,
  columnOf: ColumnOf,
  budget: Budget,
): Promise<FilteredRows> {
  const rows = new Bitset(rowCount);
  const leaves = leafCount(filter);
  const chunkRows = Math.max(MIN_CHUNK_ROWS, 32 * Math.floor(CHUNK_TESTS / (32 * leaves)));
  const words = new Uint32Array(chunkRows >>> 5);
  const match = matcherOf(filter, columnOf, true, words.length);
  for (let from = 0; from < rowCount; from += chunkRows) {
    const to = Math.min(rowCount, from + chunkRows);
    words.fill(0);
    match(words, from, to);
    rows.words.set(words.subarray(0, (to - from + 31) >>> 5), from >>> 5);
    if (budget.spend((to - from) * leaves) && !(await budget.pause()) && to < rowCount) {
      return { rows, isComplete: false };
    }
  }
  return { rows: rows.trim(), isComplete: true };
}

/** At least 1. */
function leafCount(filter: Filter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.of.reduce((sum, part) => sum + leafCount(part), 1);
    case 'not':
      return leafCount(filter.of);
    case 'in':
    case 'range':
    case 'exists':
      return 1;
  }
}

/**
 * @param doubtful what a leaf answers where it cannot tell; turned around below a "not"
 * @param size words of a chunk
 */
function matcherOf(filter: Filter, columnOf: ColumnOf, doubtful: boolean, size: number): Matcher {
  switch (filter.kind) {
    case 'and':
      return every(
        filter.of.map((part) => matcherOf(part, columnOf, doubtful, size)),
        size,
      );
    case 'or': {
      const parts = filter.of.map((part) => matcherOf(part, columnOf, doubtful, size));
      return (words, from, to) => {
        for (const match of parts) match(words, from, to);
      };
    }
    case 'not':
      return complement(matcherOf(filter.of, columnOf, !doubtful, size), size);
    case 'in':
    case 'range':
      return leafMatcher(filter, columnOf(filter.field) ?? [], doubtful);
    case 'exists': {
      const exists = existsMatcher(columnOf(filter.field) ?? []);
      return filter.exists ? exists : complement(exists, size);
    }
  }
}

function every(parts: readonly Matcher[], size: number): Matcher {
  const all = new Uint32Array(size);
  const some = new Uint32Array(size);
  return (words, from, to) => {
    all.fill(0xffffffff);
    for (const match of parts) {
      some.fill(0);
      match(some, from, to);
      for (let i = 0; i < size; i++) all[i] = (all[i] as number) & (some[i] as number);
    }
    for (let i = 0; i < size; i++) words[i] = (words[i] as number) | (all[i] as number);
  };
}

function complement(match: Matcher, size: number): Matcher {
  const inner = new Uint32Array(size);
  return (words, from, to) => {
    inner.fill(0);
    match(inner, from, to);
    for (let i = 0; i < size; i++) words[i] = (words[i] as number) | ~(inner[i] as number);
  };
}
