import { leafMatches } from '../filter/evaluate.js';
import type { Filter, Leaf } from '../filter/filter.js';
import { Bitset } from './bitset.js';
import { columnScalar, type Column, type ColumnValue } from './column.js';

/** A field's column, undefined when no row of the block has the field. */
export type ColumnOf = (field: string) => Column | undefined;

/** The rows of a block that match: each leaf is asked once a distinct value, not once a row. */
export function filterRows(filter: Filter, rows: number, columnOf: ColumnOf): Bitset {
  switch (filter.kind) {
    case 'and': {
      const all = new Bitset(rows).invert();
      return filter.of.reduce((set, part) => set.and(filterRows(part, rows, columnOf)), all);
    }
    case 'or': {
      const none = new Bitset(rows);
      return filter.of.reduce((set, part) => set.or(filterRows(part, rows, columnOf)), none);
    }
    case 'not':
      return filterRows(filter.of, rows, columnOf).invert();
    default:
      return leafRows(filter, rows, columnOf(filter.field));
  }
}

function leafRows(leaf: Leaf, rows: number, column: Column | undefined): Bitset {
  const matching = new Bitset(rows);
  if (column === undefined) return matching;
  const verdicts = verdictsOf(columnLeaf(leaf), column.values);
  for (let i = 0; i < column.codes.length; i++) {
    if (verdicts[column.codes[i] as number] !== 1) continue;
    matching.add(column.rows === undefined ? i : (column.rows[i] as number));
  }
  return matching;
}

/** 1 for each code whose value matches; code 0 (no value) never does. */
function verdictsOf(leaf: Leaf, values: readonly ColumnValue[]): Uint8Array {
  const verdicts = new Uint8Array(values.length + 1);
  values.forEach((value, i) => {
    const matches = Array.isArray(value)
      ? value.some((element) => leafMatches(leaf, element))
      : leafMatches(leaf, value as Exclude<ColumnValue, readonly unknown[]>);
    verdicts[i + 1] = matches ? 1 : 0;
  });
  return verdicts;
}

/** The leaf with its own values cut as the column's are. */
function columnLeaf(leaf: Leaf): Leaf {
  if (leaf.kind === 'range') return leaf;
  return { ...leaf, values: leaf.values.map(columnScalar) };
}
