import { CHUNK_ROWS } from '../../index/terms/postings.js';

/** Sums of the rows of a chunk, all zero while nobody uses them. */
export interface Accumulators {
  /** Over all slots. */
  sums: Float64Array;
  /** Of one slot with several alternatives. */
  best: Float64Array;
}

/** Kept from one search to the next: a megabyte each, as many as searches were under way at once. */
const free: Accumulators[] = [];
const MAX_KEPT = 4;

/** Runs `work` with accumulators of its own, which it leaves as it finds them unless it says otherwise. */
export async function withAccumulators(
  work: (accumulators: Accumulators) => Promise<'clean' | 'used'>,
): Promise<void> {
  const own = free.pop() ?? {
    sums: new Float64Array(CHUNK_ROWS),
    best: new Float64Array(CHUNK_ROWS),
  };
  // One that failed midway is not used again.
  if ((await work(own)) === 'used') {
    own.sums.fill(0);
    own.best.fill(0);
  }
  if (free.length < MAX_KEPT) free.push(own);
}
