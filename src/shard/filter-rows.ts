import { leafMatches } from '../filter/evaluate.js';
import type { Filter, Leaf, RangeOperator, Scalar } from '../filter/filter.js';
import { Bitset } from './bitset.js';
import { columnScalar, orderIsUnknown, type Column, type ColumnValue } from './column.js';

/** A field's column, undefined when no row of the block has the field. */
export type ColumnOf = (field: string) => Column | undefined;

/**
 * The rows of a block that match. Each leaf is asked once a distinct value, not once a row. Where a
 * column alone cannot tell (two texts that share their first 64 characters, by order) a row is in:
 * the join, which has the document, decides.
 */
export function filterRows(filter: Filter, rows: number, columnOf: ColumnOf): Bitset {
  return evaluate(filter, rows, columnOf, true);
}

/** @param doubtful what a leaf answers where it cannot tell; turned around below a "not" */
function evaluate(filter: Filter, rows: number, columnOf: ColumnOf, doubtful: boolean): Bitset {
  const part = (inner: Filter): Bitset => evaluate(inner, rows, columnOf, doubtful);
  switch (filter.kind) {
    case 'and':
      return filter.of.reduce((set, inner) => set.and(part(inner)), new Bitset(rows).invert());
    case 'or':
      return filter.of.reduce((set, inner) => set.or(part(inner)), new Bitset(rows));
    case 'not':
      return evaluate(filter.of, rows, columnOf, !doubtful).invert();
    case 'in':
    case 'range':
      return leafRows(filter, rows, columnOf(filter.field), doubtful);
  }
}

function leafRows(leaf: Leaf, rows: number, column: Column | undefined, doubtful: boolean): Bitset {
  const matching = new Bitset(rows);
  if (column === undefined) return matching;
  const verdicts = verdictsOf(leaf, column.values, doubtful);
  const { codes } = column;
  if (column.rows === undefined) addDense(matching, codes, verdicts);
  else addSparse(matching, codes, column.rows, verdicts);
  return matching;
}

/** A word of 32 rows at a time: this is what a filter costs on a large block. */
function addDense(matching: Bitset, codes: Uint32Array, verdicts: Uint8Array): void {
  const { words } = matching;
  for (let from = 0; from < codes.length; from += 32) {
    const to = Math.min(codes.length, from + 32);
    let word = 0;
    for (let row = from; row < to; row++) {
      word |= (verdicts[codes[row] as number] as number) << (row & 31);
    }
    words[from >>> 5] = word;
  }
}

function addSparse(
  matching: Bitset,
  codes: Uint32Array,
  rows: Uint32Array,
  verdicts: Uint8Array,
): void {
  for (let i = 0; i < codes.length; i++) {
    if (verdicts[codes[i] as number] === 1) matching.add(rows[i] as number);
  }
}

/** 1 for each code whose value matches; code 0 (no value) never does. */
function verdictsOf(leaf: Leaf, values: readonly ColumnValue[], doubtful: boolean): Uint8Array {
  const matches = matcherOf(leaf, doubtful);
  const verdicts = new Uint8Array(values.length + 1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as ColumnValue;
    const matching = typeof value === 'object' ? value.some(matches) : matches(value);
    verdicts[i + 1] = matching ? 1 : 0;
  }
  return verdicts;
}

/** The leaf as a function of one value, without what can be decided once. */
function matcherOf(leaf: Leaf, doubtful: boolean): (value: Scalar) => boolean {
  if (leaf.kind === 'in') {
    // Cut as the column's values are.
    const wanted = new Set<Scalar>(leaf.values.map(columnScalar));
    return (value) => wanted.has(value);
  }
  const bound = leaf.value;
  if (typeof bound === 'number') return numberMatcher(leaf.op, bound);
  return (value) => (orderIsUnknown(value, bound) ? doubtful : leafMatches(leaf, value));
}

function numberMatcher(op: RangeOperator, bound: number): (value: Scalar) => boolean {
  switch (op) {
    case 'gt':
      return (value) => typeof value === 'number' && value > bound;
    case 'gte':
      return (value) => typeof value === 'number' && value >= bound;
    case 'lt':
      return (value) => typeof value === 'number' && value < bound;
    case 'lte':
      return (value) => typeof value === 'number' && value <= bound;
  }
}
