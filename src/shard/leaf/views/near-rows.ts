import type { Budget } from '../../../core/budget.js';
import { TopK } from '../../../core/top-k.js';
import type { Bitset } from '../../index/bitset.js';
import { REFERENCE_COSTS } from '../cost-model.js';
import type { LeafHit } from '../leaf-hit.js';
import { searchVectors } from '../search-vectors.js';
import type { SearchTrace } from '../search-trace.js';
import type { NearRows } from '../set/set-rows.js';
import type { Block } from './block.js';

/** Of fewer rows it takes less to compare all. */
const MANY_ROWS = 8_192;
/** Nearest that are looked for, for each hit that is wanted: not all have the words, nor as many. */
const NEAR_A_HIT = 10;
const LEAST_NEAR = 512;
const MOST_NEAR = 1_024;

export interface NearRequest {
  /** Hits wanted. */
  k: number;
  vector: Float32Array;
  budget: Budget;
  trace: SearchTrace | undefined;
}

/**
 * More of the nearest of a block, by its graph, where many rows of it are asked for: what bounds the cosines of the
 * others is lower then, and for a word whose products lie close together it takes that to tell any of them.
 *
 * @param known which rows may be near, by those that are the nearest of all
 */
export async function nearestOfMany(
  { view, selection }: Block,
  rows: Bitset,
  known: NearRows,
  { k, vector, budget, trace }: NearRequest,
): Promise<NearRows> {
  const count = rows.count();
  if (k === 0 || count < MANY_ROWS) return known;
  const wanted = Math.min(MOST_NEAR, Math.max(LEAST_NEAR, NEAR_A_HIT * k));
  const filtered = selection.mask !== undefined;
  const run = { vector, k: wanted, ef: 0, exact: false, filtered, budget, trace };
  const top = new TopK<LeafHit>(wanted);
  await searchVectors([{ view, selection }], { ...run, costs: REFERENCE_COSTS }, top);
  const found = top.sorted();
  // Where no time was left these may not be the nearest.
  const last = found[wanted - 1];
  if (last === undefined || budget.isSpent()) return known;
  const near = known.rows.copy();
  for (const { row } of found) near.add(row);
  return { rows: near, beyond: last.score };
}
