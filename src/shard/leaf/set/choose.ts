import { TopK } from '../../../core/top-k.js';
import { ENOUGH, type Choice } from '../../../query/result-set.js';
import type { Bitset } from '../../index/bitset.js';
import type { LeafHit, LeafRun } from '../leaf-hit.js';
import { searchVectors } from '../search-vectors.js';
import { traced } from '../search-trace.js';
import { describePart, setUnits, type Block } from '../views/block.js';
import { postingsOfSlot } from '../words/slot-postings.js';
import { keepSlot, slotRows } from './slot-rows.js';

/** What a shard came to, see `Chosen`. */
export interface ChosenRows {
  having: number[];
  exact: number;
  /** Best first. */
  nearest: LeafHit[];
}

export type ChoosingRun = Omit<LeafRun, 'vector' | 'k'> & { vector?: Float32Array | undefined };

/**
 * Counts how many live rows have all slots but the first ones of `drop`, and finds the nearest: over all rows
 * of the partitions asked for, whatever a filter says. The rarest words come first, so that the rows which
 * are left soon are few.
 *
 * @param cutoff cosine from which on a row counts
 */
export async function choose(
  blocks: readonly Block[],
  { drop, nearest }: Choice,
  cutoff: number,
  run: ChoosingRun,
): Promise<ChosenRows> {
  const chosen: ChosenRows = { having: drop.map(() => 0), exact: 0, nearest: [] };
  for (const block of blocks) {
    if (run.budget.isSpent()) break;
    await countBlock(block, drop, chosen, run);
  }
  const { vector } = run;
  // What is named needs no neighbours.
  if (vector === undefined || nearest === 0 || chosen.exact > 0) return chosen;
  const top = new TopK<LeafHit>(nearest);
  await searchVectors(blocks, { ...run, vector, k: nearest }, top);
  chosen.nearest = top.sorted().filter(({ score }) => score >= cutoff);
  return chosen;
}

async function countBlock(
  block: Block,
  drop: readonly number[],
  chosen: ChosenRows,
  { budget, trace }: ChoosingRun,
): Promise<void> {
  const { rows, words, view } = block;
  if (words === undefined) return;
  const count = async (): Promise<void> => {
    let left: Bitset | undefined;
    for (let i = drop.length - 1; i >= 0; i--) {
      const slot = drop[i] as number;
      if (left === undefined) left = (await slotRows(words, slot, budget))?.and(rows);
      else if (!(await keepSlot(left, words, slot, budget))) return;
      if (left === undefined) return;
      const having = left.count();
      budget.spend(setUnits(view.rows));
      if (having === 0) break;
      chosen.having[i] = (chosen.having[i] as number) + having;
    }
    for (const row of words.exact.keys()) if (rows.has(row)) chosen.exact += 1;
  };
  const postings = words.slots.map(postingsOfSlot);
  await traced(trace, () => ({ ...describePart(block, 'choose', rows), postings }), budget, count);
}

/**
 * The slots that a product of the set has, by the counts of all shards: as many of `drop` are left out, the
 * first ones, as it takes for enough products to have the others; the last stays.
 */
export function requiredSlots({ drop }: Choice, having: readonly number[]): readonly number[] {
  const enough = having.findIndex((count) => count >= ENOUGH);
  return drop.slice(enough === -1 ? Math.max(0, drop.length - 1) : enough);
}
