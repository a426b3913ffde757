import type { ColumnReader, Dictionary } from '../column.js';
import { arrange, forEachCode } from './build-column.js';
import { Growing } from './growing.js';
import { NumberDictionary } from './number-dictionary.js';
import { mergeSorted, type SortedStream } from './merge-sorted.js';
import { TextDictionary, TextDictionaryWriter } from './text-dictionary.js';

/** A column to merge with others of its field and type. */
export interface MergeSource {
  column: ColumnReader;
  /** For each row of the segment or buffer that it is of, its row in what is written, or `GONE`. */
  newRows: Uint32Array;
}

/** A row that is not taken over. */
export const GONE = 0xffffffff;

const CODES = 2 ** 32;

/**
 * One column of `rowCount` rows: the dictionaries are merged in their order, value by value, and each
 * row's codes are looked up in a table, so that no value is made for a row. Values that only dead rows
 * had are left out. Undefined when no row is left.
 */
export function mergeColumns(
  sources: readonly MergeSource[],
  rowCount: number,
): ColumnReader | undefined {
  const [first] = sources;
  const used = sources.map(usedCodes);
  const count = used.reduce((sum, { entries }) => sum + entries, 0);
  if (first === undefined || count === 0) return undefined;
  const { dictionary, tables } = mergeDictionaries(
    sources.map(({ column }) => column.dictionary),
    used.map(({ codes }) => codes),
  );
  const { type } = first.column;
  const run = { firstRow: 0, rowCount };
  const isList = sources.some(({ column }) => column.ends !== undefined);
  if (!isList && count * 2 >= rowCount) {
    const codes = new Uint32Array(rowCount);
    forEachNew(sources, tables, (row, code) => (codes[row] = code));
    return { type, ...run, dictionary, codes, rows: undefined, ends: undefined };
  }
  const pairs = new Float64Array(count);
  let n = 0;
  forEachNew(sources, tables, (row, code) => (pairs[n++] = row * CODES + code));
  pairs.sort();
  const rows = new Uint32Array(count);
  const codes = new Uint32Array(count);
  pairs.forEach((pair, i) => {
    rows[i] = Math.floor(pair / CODES);
    codes[i] = pair % CODES;
  });
  return { type, ...run, dictionary, ...arrange(rowCount, rows, codes) };
}

function usedCodes({ column, newRows }: MergeSource): { codes: Uint8Array; entries: number } {
  const codes = new Uint8Array(column.dictionary.size + 1);
  let entries = 0;
  forEachCode(column, (row, code) => {
    if (newRows[column.firstRow + row] === GONE) return;
    codes[code] = 1;
    entries += 1;
  });
  return { codes, entries };
}

function forEachNew(
  sources: readonly MergeSource[],
  tables: readonly Uint32Array[],
  visit: (row: number, code: number) => void,
): void {
  sources.forEach(({ column, newRows }, s) => {
    const table = tables[s] as Uint32Array;
    forEachCode(column, (row, code) => {
      const newRow = newRows[column.firstRow + row] as number;
      if (newRow !== GONE) visit(newRow, table[code] as number);
    });
  });
}

/** @returns also for each dictionary the new code of each of its codes in use */
function mergeDictionaries(
  dictionaries: readonly Dictionary[],
  used: readonly Uint8Array[],
): { dictionary: Dictionary; tables: Uint32Array[] } {
  const tables = dictionaries.map(({ size }) => new Uint32Array(size + 1));
  const collector = collectorOf(dictionaries[0] as Dictionary);
  const streams = dictionaries.map((dictionary, d) => new UsedCodes(dictionary, used[d]));
  let last: string | number | undefined;
  for (const { source, stream } of mergeSorted(streams)) {
    const { value, code } = stream;
    if (value !== last) collector.add(value);
    last = value;
    (tables[source] as Uint32Array)[code] = collector.size();
  }
  return { dictionary: collector.finish(), tables };
}

/** The values in use of a dictionary, with their codes. */
class UsedCodes implements SortedStream<string | number> {
  value: string | number = '';
  code = 0;
  private readonly rest: Iterator<string | number>;

  constructor(
    dictionary: Dictionary,
    private readonly used: Uint8Array | undefined,
  ) {
    this.rest = valuesOf(dictionary);
  }

  next(): boolean {
    for (let next = this.rest.next(); next.done !== true; next = this.rest.next()) {
      this.code += 1;
      this.value = next.value;
      if (this.used?.[this.code] === 1) return true;
    }
    return false;
  }
}

function valuesOf(dictionary: Dictionary): Iterator<string | number> {
  if (dictionary instanceof NumberDictionary) return dictionary.values.values();
  if (dictionary instanceof TextDictionary) return dictionary.byteTexts();
  throw new Error('a dictionary of an unknown kind');
}

interface Collector {
  add(value: string | number): void;
  size(): number;
  finish(): Dictionary;
}

function collectorOf(like: Dictionary): Collector {
  if (like instanceof NumberDictionary) {
    const values = new Growing(Float64Array);
    return {
      add: (value) => values.push(value as number),
      size: () => values.length,
      finish: () => new NumberDictionary(like.type, values.copy()),
    };
  }
  const writer = new TextDictionaryWriter();
  return {
    add: (value) => writer.add(value as string),
    size: () => writer.size,
    finish: () => writer.finish(),
  };
}
