import { exactSearch, MetricKind } from 'usearch';
import { Progress } from './progress.js';
import { rowOf, type VectorSet } from './synthetic.js';

/** Rows scanned per call of the SIMD kernel; bounds its memory. */
const BLOCK_ROWS = 100_000;
/** Candidates beyond k that are scored again in float64, so that float32 rounding costs nothing. */
const MARGIN = 8;

/** Row numbers of the nearest neighbours of one query, nearest first, with their cosines. */
export interface Neighbours {
  rows: number[];
  cosines: number[];
}

/**
 * The true k nearest rows of each query, among `rows` (all without it): a SIMD scan chooses
 * candidates, float64 dot products order them. Ties by row number.
 */
export function exactNeighbours(
  base: VectorSet,
  queries: readonly Float32Array[],
  k: number,
  rows?: Uint32Array,
  title?: string,
): Neighbours[] {
  const count = rows?.length ?? base.count;
  const progress = title === undefined ? undefined : new Progress(title, queries.length, 'queries');
  const found = queries.map(() => new Map<number, number>());
  // Blocks outside, queries inside: a block is gathered once.
  for (let start = 0; start < count; start += BLOCK_ROWS) {
    const end = Math.min(count, start + BLOCK_ROWS);
    const block = gather(base, start, end, rows);
    const wanted = Math.min(k + MARGIN, end - start);
    queries.forEach((query, i) => {
      const matches = exactSearch(block, query.slice(), base.dimensions, wanted, MetricKind.IP, 1);
      for (const key of matches.keys) {
        const position = start + Number(key);
        const row = rows?.[position] ?? position;
        found[i]?.set(row, dot(query, rowOf(base, row)));
      }
      if (end === count) progress?.add();
    });
  }
  progress?.done();
  return found.map((candidates) => {
    const best = [...candidates].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k);
    return { rows: best.map(([row]) => row), cosines: best.map(([, cosine]) => cosine) };
  });
}

function gather(base: VectorSet, start: number, end: number, rows?: Uint32Array): Float32Array {
  const { dimensions, vectors } = base;
  // A copy also without `rows`: the native code does not see where a view starts.
  if (rows === undefined) return vectors.slice(start * dimensions, end * dimensions);
  const block = new Float32Array((end - start) * dimensions);
  for (let i = start; i < end; i += 1) {
    block.set(rowOf(base, rows[i] ?? 0), (i - start) * dimensions);
  }
  return block;
}

/** In index order, in float64. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
