import { scanSlab } from '../engine/exact-scan.js';
import type { VectorSlabs } from '../index/vector-slabs.js';

/** Rows copied together at most: what fits the cache of a core. */
export const GATHER_ROWS = 1_024;

/** Kept from one search to the next; a search gathers, scans and is done within one turn. */
let scratch = new Float32Array(0);

/**
 * Copies the vectors of at most `GATHER_ROWS` scattered rows together, at offset 0 of a buffer, for
 * a kernel that scans. Valid until the next call.
 */
export function gather(vectors: VectorSlabs, rows: ArrayLike<number>): Float32Array {
  const { dimensions } = vectors;
  const needed = GATHER_ROWS * dimensions;
  if (scratch.length < needed) scratch = new Float32Array(needed);
  for (let i = 0; i < rows.length; i++) {
    scratch.set(vectors.view(rows[i] as number), i * dimensions);
  }
  return scratch;
}

/**
 * The float32 cosines of at most `GATHER_ROWS` rows, in their order: within `SCORE_MARGIN` of the score, for
 * about a quarter of what the score costs.
 */
export function cosinesOf(
  vectors: VectorSlabs,
  rows: ArrayLike<number>,
  query: Float32Array,
): Float32Array {
  const cosines = new Float32Array(rows.length);
  const found = scanSlab(gather(vectors, rows), rows.length, query, rows.length);
  for (let i = 0; i < rows.length; i++) {
    cosines[found.rows[i] as number] = found.scores[i] as number;
  }
  return cosines;
}
