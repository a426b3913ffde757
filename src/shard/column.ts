import type { FieldValue } from '../core/product-fields.js';
import { digest } from '../core/ids.js';
import type { Scalar } from '../filter/filter.js';

/** What a column's dictionary holds: one scalar, or the scalars of a list. */
export type ColumnValue = Scalar | readonly Scalar[];

/**
 * One filterable field of a block, dictionary-encoded. `codes[row]` (dense) or `codes[i]` for
 * `rows[i]` (sparse) is 1 + the index in `values`; 0 means that the row has no value.
 */
export interface Column {
  values: readonly ColumnValue[];
  codes: Uint32Array;
  /** The rows that have a value, ascending; undefined for a dense column. */
  rows: Uint32Array | undefined;
}

const LONG_TEXT = 64;

/**
 * A scalar as columns hold it: long texts (descriptions) are cut to 64 characters and a digest.
 * Equality is kept; the order among texts that share 64 characters is not, see `orderIsUnknown`.
 */
export function columnScalar(value: Scalar): Scalar {
  if (typeof value !== 'string' || value.length <= LONG_TEXT) return value;
  return `${value.slice(0, LONG_TEXT)}\u0000${digest(value)}`;
}

/** Whether a range cannot be decided: `held` was cut, and `bound` agrees with what is left of it. */
export function orderIsUnknown(held: Scalar, bound: Scalar): boolean {
  if (typeof held !== 'string' || typeof bound !== 'string') return false;
  if (held.length <= LONG_TEXT || bound.length <= LONG_TEXT) return false;
  return held.slice(0, LONG_TEXT) === bound.slice(0, LONG_TEXT);
}

export function columnValue(value: FieldValue): ColumnValue {
  if (!Array.isArray(value)) return columnScalar(value);
  return value.filter(isScalar).map(columnScalar);
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Collects one field row by row, rows ascending. */
export class ColumnWriter {
  private readonly values: ColumnValue[] = [];
  private readonly codeOf = new Map<string, number>();
  private readonly rows: number[] = [];
  private readonly codes: number[] = [];

  set(row: number, value: ColumnValue): void {
    const key = JSON.stringify(value);
    let code = this.codeOf.get(key);
    if (code === undefined) {
      code = this.values.push(value);
      this.codeOf.set(key, code);
    }
    this.rows.push(row);
    this.codes.push(code);
  }

  /** The column as it stands, for a block of `rowCount` rows. */
  column(rowCount: number): Column {
    const codes = Uint32Array.from(this.codes);
    const rows = Uint32Array.from(this.rows);
    if (rows.length * 2 < rowCount) return { values: this.values, codes, rows };
    const dense = new Uint32Array(rowCount);
    rows.forEach((row, i) => (dense[row] = codes[i] as number));
    return { values: this.values, codes: dense, rows: undefined };
  }
}

/** Calls `visit` for each row that has a value. */
export function forEachValue(
  column: Column,
  visit: (row: number, value: ColumnValue) => void,
): void {
  for (let i = 0; i < column.codes.length; i++) {
    const code = column.codes[i] as number;
    if (code === 0) continue;
    const row = column.rows === undefined ? i : (column.rows[i] as number);
    visit(row, column.values[code - 1] as ColumnValue);
  }
}
