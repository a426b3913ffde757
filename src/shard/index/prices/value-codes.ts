import type { Slices } from '../../../core/slices.js';
import { firstAtLeast } from '../ascending.js';

/** Values sorted in one turn: some milliseconds. */
const RUN_VALUES = 32_768;
/** Values looked at between two looks at the clock. */
const SLICE_VALUES = 2_048;

/** The distinct ones of `values`, ascending, without NaN. */
export async function sortedDistinct(values: Float64Array, slices: Slices): Promise<Float64Array> {
  let runs: Float64Array[] = [];
  for (let from = 0; from < values.length; from += RUN_VALUES) {
    const run = values.slice(from, from + RUN_VALUES).sort();
    runs.push(distinct(run));
    if (slices.isOver) await slices.next();
  }
  while (runs.length > 1) {
    const merged: Float64Array[] = [];
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(await merge(runs[i] as Float64Array, runs[i + 1] ?? NO_VALUES, slices));
    }
    runs = merged;
  }
  return runs[0] ?? NO_VALUES;
}

/** NaN is sorted behind all numbers. */
function distinct(sorted: Float64Array): Float64Array {
  let size = 0;
  for (const value of sorted) {
    if (Number.isNaN(value)) break;
    if (size === 0 || sorted[size - 1] !== value) sorted[size++] = value;
  }
  return sorted.slice(0, size);
}

async function merge(a: Float64Array, b: Float64Array, slices: Slices): Promise<Float64Array> {
  if (b.length === 0) return a;
  const merged = new Float64Array(a.length + b.length);
  let size = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; size++) {
    const [x, y] = [a[i] ?? Infinity, b[j] ?? Infinity];
    merged[size] = Math.min(x, y);
    if (x <= y) i += 1;
    if (y <= x) j += 1;
    if (size % SLICE_VALUES === 0 && slices.isOver) await slices.next();
  }
  return merged.slice(0, size);
}

/** For each of `values` its place among `sorted` + 1; 0 for NaN. */
export async function codesOf(
  values: Float64Array,
  sorted: Float64Array,
  slices: Slices,
): Promise<Uint32Array> {
  const codes = new Uint32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (!Number.isNaN(value)) codes[row] = firstAtLeast(sorted, value) + 1;
    if (row % SLICE_VALUES === 0 && slices.isOver) await slices.next();
  }
  return codes;
}

/** Codes with some rows' values changed, in copies; a value that no row has any more stays in `sorted`. */
export function patched(
  sorted: Float64Array,
  codes: Uint32Array,
  changed: ReadonlyMap<number, number>,
): { sorted: Float64Array; codes: Uint32Array } {
  const fresh = [...new Set(changed.values())].filter(
    (value) => !Number.isNaN(value) && sorted[firstAtLeast(sorted, value)] !== value,
  );
  const next = fresh.length === 0 ? codes.slice() : moved(sorted, codes, fresh);
  const all = fresh.length === 0 ? sorted : Float64Array.from([...sorted, ...fresh]).sort();
  for (const [row, value] of changed) {
    next[row] = Number.isNaN(value) ? 0 : firstAtLeast(all, value) + 1;
  }
  return { sorted: all, codes: next };
}

/** The codes as they are once `fresh` values have come between. */
function moved(sorted: Float64Array, codes: Uint32Array, fresh: readonly number[]): Uint32Array {
  const more = Float64Array.from(fresh).sort();
  const codeOf = new Uint32Array(sorted.length + 1);
  for (let i = 0, before = 0; i < sorted.length; i++) {
    while (before < more.length && (more[before] as number) < (sorted[i] as number)) before += 1;
    codeOf[i + 1] = i + 1 + before;
  }
  return codes.map((code) => codeOf[code] as number);
}

const NO_VALUES = new Float64Array();
