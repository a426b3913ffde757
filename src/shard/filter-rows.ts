import { leafMatches } from '../filter/evaluate.js';
import type { Filter, Leaf, Scalar } from '../filter/filter.js';
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
  for (let i = 0; i < column.codes.length; i++) {
    if (verdicts[column.codes[i] as number] !== 1) continue;
    matching.add(column.rows === undefined ? i : (column.rows[i] as number));
  }
  return matching;
}

/** 1 for each code whose value matches; code 0 (no value) never does. */
function verdictsOf(leaf: Leaf, values: readonly ColumnValue[], doubtful: boolean): Uint8Array {
  const cut = cutLeaf(leaf);
  const matches = (value: Scalar): boolean =>
    leaf.kind === 'range' && orderIsUnknown(value, leaf.value) ? doubtful : leafMatches(cut, value);
  const verdicts = new Uint8Array(values.length + 1);
  values.forEach((value, i) => {
    const scalars = typeof value === 'object' ? value : [value];
    verdicts[i + 1] = scalars.some(matches) ? 1 : 0;
  });
  return verdicts;
}

/** The leaf with its own values cut as the column's are. */
function cutLeaf(leaf: Leaf): Leaf {
  return leaf.kind === 'range' ? leaf : { ...leaf, values: leaf.values.map(columnScalar) };
}
