import type { ColumnReader, ColumnType, Dictionary } from '../column.js';
import { NumberDictionary } from './number-dictionary.js';
import { TextDictionaryWriter } from './text-dictionary.js';

/** The values of one type of some rows: `values[i]` is of row `rows[i]`, which ascend. */
export interface Entries {
  rows: number[];
  /** Byte texts, numbers, or 0 and 1. */
  values: (string | number)[];
}

/** Where a column's rows lie. */
export interface Run {
  firstRow: number;
  rowCount: number;
}

export function buildColumn(type: ColumnType, run: Run, entries: Entries): ColumnReader {
  const { dictionary, codeOf } = dictionaryOf(type, entries.values);
  const codes = Uint32Array.from(entries.values, (value) => codeOf.get(value) as number);
  return { type, ...run, dictionary, ...arrange(run.rowCount, entries.rows, codes) };
}

function dictionaryOf(
  type: ColumnType,
  values: readonly (string | number)[],
): { dictionary: Dictionary; codeOf: Map<string | number, number> } {
  const distinct = [...new Set(values)];
  if (type !== 'text') {
    const sorted = Float64Array.from(distinct as number[]).sort();
    const codeOf = new Map<string | number, number>();
    sorted.forEach((value, i) => codeOf.set(value, i + 1));
    return { dictionary: new NumberDictionary(type, sorted), codeOf };
  }
  // Without a comparison of its own: byte texts are in the order that is wanted.
  const sorted = (distinct as string[]).sort();
  const writer = new TextDictionaryWriter();
  const codeOf = new Map<string | number, number>();
  sorted.forEach((value, i) => {
    writer.add(value);
    codeOf.set(value, i + 1);
  });
  return { dictionary: writer.finish(), codeOf };
}

type Arranged = Pick<ColumnReader, 'codes' | 'rows' | 'ends'>;

/** Brings `codes[i]` of row `rows[i]`, rows ascending, into the form that fits them. */
export function arrange(rowCount: number, rows: ArrayLike<number>, codes: Uint32Array): Arranged {
  for (let i = 1; i < rows.length; i++) if (rows[i] === rows[i - 1]) return lists(rows, codes);
  if (rows.length * 2 < rowCount) {
    return { codes, rows: Uint32Array.from(rows), ends: undefined };
  }
  const dense = new Uint32Array(rowCount);
  for (let i = 0; i < rows.length; i++) dense[rows[i] as number] = codes[i] as number;
  return { codes: dense, rows: undefined, ends: undefined };
}

function lists(rows: ArrayLike<number>, codes: Uint32Array): Arranged {
  const rowsOf = new Uint32Array(rows.length);
  const ends = new Uint32Array(rows.length);
  const kept = new Uint32Array(rows.length);
  let n = 0;
  let end = 0;
  for (let from = 0; from < rows.length;) {
    let to = from + 1;
    while (to < rows.length && rows[to] === rows[from]) to += 1;
    const own = codes.slice(from, to).sort();
    own.forEach((code, i) => {
      if (i === 0 || code !== own[i - 1]) kept[end++] = code;
    });
    rowsOf[n] = rows[from] as number;
    ends[n++] = end;
    from = to;
  }
  return { codes: kept.slice(0, end), rows: rowsOf.slice(0, n), ends: ends.slice(0, n) };
}

/** Calls `visit` for each code of each row, rows ascending (counted from the reader's first). */
export function forEachCode(
  { codes, rows, ends }: ColumnReader,
  visit: (row: number, code: number) => void,
): void {
  if (rows === undefined) {
    for (let row = 0; row < codes.length; row++) {
      const code = codes[row] as number;
      if (code !== 0) visit(row, code);
    }
    return;
  }
  for (let i = 0, at = 0; i < rows.length; i++) {
    const end = ends === undefined ? i + 1 : (ends[i] as number);
    for (; at < end; at++) visit(rows[i] as number, codes[at] as number);
  }
}
