import type { ColumnReader, Dictionary } from '../column.js';
import { arrange, forEachCode } from './build-column.js';
import { Growing } from './growing.js';
import { NumberDictionary } from './number-dictionary.js';
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

/** What is left of a dictionary: its present value and code. */
interface Head {
  source: number;
  code: number;
  value: string | number;
  rest: Iterator<string | number>;
}

/** @returns also for each dictionary the new code of each of its codes in use */
function mergeDictionaries(
  dictionaries: readonly Dictionary[],
  used: readonly Uint8Array[],
): { dictionary: Dictionary; tables: Uint32Array[] } {
  const tables = dictionaries.map(({ size }) => new Uint32Array(size + 1));
  const heap: Head[] = [];
  dictionaries.forEach((dictionary, source) => {
    const head: Head = { source, code: 0, value: '', rest: valuesOf(dictionary) };
    if (advance(head, used[source] as Uint8Array)) push(heap, head);
  });
  const collector = collectorOf(dictionaries[0] as Dictionary);
  let last: string | number | undefined;
  for (let head = heap[0]; head !== undefined; head = heap[0]) {
    if (head.value !== last) collector.add(head.value);
    last = head.value;
    (tables[head.source] as Uint32Array)[head.code] = collector.size();
    if (advance(head, used[head.source] as Uint8Array)) sink(heap);
    else pop(heap);
  }
  return { dictionary: collector.finish(), tables };
}

function valuesOf(dictionary: Dictionary): Iterator<string | number> {
  if (dictionary instanceof NumberDictionary) return dictionary.values.values();
  if (dictionary instanceof TextDictionary) return dictionary.byteTexts();
  throw new Error('a dictionary of an unknown kind');
}

/** To the next value in use; false when there is none. */
function advance(head: Head, used: Uint8Array): boolean {
  for (let next = head.rest.next(); next.done !== true; next = head.rest.next()) {
    head.code += 1;
    head.value = next.value;
    if (used[head.code] === 1) return true;
  }
  return false;
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

/** A binary heap, the least value first. */
function push(heap: Head[], head: Head): void {
  let at = heap.push(head) - 1;
  while (at > 0) {
    const parent = (at - 1) >>> 1;
    if ((heap[parent] as Head).value <= head.value) break;
    heap[at] = heap[parent] as Head;
    at = parent;
  }
  heap[at] = head;
}

function pop(heap: Head[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  sink(heap);
}

/** The first has grown: brings it to its place. */
function sink(heap: Head[]): void {
  const head = heap[0] as Head;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const right = heap[child + 1];
    if (right !== undefined && right.value < (heap[child] as Head).value) child += 1;
    const least = heap[child];
    if (least === undefined || least.value >= head.value) break;
    heap[at] = least;
    at = child;
  }
  heap[at] = head;
}
