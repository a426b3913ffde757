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
  const all = fresh.length === 0 ? sorted : withFresh(sorted, Float64Array.from(fresh).sort());
  const next = codes.slice();
  if (fresh.length > 0) move(next, sorted, all);
  for (const [row, value] of changed) {
    next[row] = Number.isNaN(value) ? 0 : firstAtLeast(all, value) + 1;
  }
  return { sorted: all, codes: next };
}

/** Both in order; none is of both. */
function withFresh(sorted: Float64Array, fresh: Float64Array): Float64Array {
  const all = new Float64Array(sorted.length + fresh.length);
  for (let at = 0, i = 0, j = 0; at < all.length; at++) {
    const [x, y] = [sorted[i] ?? Infinity, fresh[j] ?? Infinity];
    all[at] = Math.min(x, y);
    if (x < y) i += 1;
    else j += 1;
  }
  return all;
}

/** Makes of codes in `sorted` those of the same values in `all`, which has more. */
function move(codes: Uint32Array, sorted: Float64Array, all: Float64Array): void {
  const codeOf = new Uint32Array(sorted.length + 1);
  for (let i = 0, at = 0; i < sorted.length; i++, at++) {
    while (all[at] !== sorted[i]) at += 1;
    codeOf[i + 1] = at + 1;
  }
  for (let row = 0; row < codes.length; row++) codes[row] = codeOf[codes[row] as number] as number;
}

const NO_VALUES = new Float64Array();
