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
