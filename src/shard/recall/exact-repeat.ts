import { Budget } from '../../core/budget.js';
import { Deadline } from '../../core/deadline.js';
import type { Filter } from '../../filter/filter.js';
import { RECALL_AT } from '../../protocol/messages.js';
import type { TenantIndex } from '../index/tenant-index.js';
import type { CostModel } from '../leaf/cost-model.js';
import { leafSearch } from '../leaf/leaf-search.js';
import type { PartitionSet } from '../leaf/partition-set.js';
import { bandOf, type RecallSample } from './recall-evidence.js';

/** A search that is done again to see what it misses. */
export interface RepeatQuery {
  vector: Float32Array;
  filter: Filter | undefined;
  partitions: PartitionSet;
  k: number;
  /** Score that the best of all shards together reach: what is below is not missed. */
  reach: number;
}

export interface RepeatResult {
  band: number;
  sample: RecallSample;
}

/** Waits until the shard has nothing better to do; rejects when it closes. */
export type NextTurn = () => Promise<void>;

/**
 * Runs `query` as a caller's search is run, then exactly, a slice a turn. Both see the rows of the
 * first turn: what changes meanwhile changes none of it. Undefined when nothing here is among the best.
 */
export async function repeatExactly(
  index: TenantIndex,
  { vector, filter, partitions, k, reach }: RepeatQuery,
  costs: CostModel,
  nextTurn: NextTurn,
): Promise<RepeatResult | undefined> {
  await nextTurn();
  const searcher = index.searcher();
  // Gives its turn away whenever it looks, about each millisecond.
  const budget = new Budget(Deadline.after(Infinity), { turnMs: 0, yieldTurn: nextTurn });
  try {
    const usual = { vector, filter, k, exact: false, costs };
    const found = await leafSearch(searcher, partitions, usual, budget);
    const exact = { ...usual, k: Math.min(RECALL_AT, k), exact: true };
    const { hits } = await leafSearch(searcher, partitions, exact, budget);
    const best = hits.filter(({ score }) => score >= reach);
    const worst = best.at(-1)?.score;
    if (worst === undefined) return undefined;
    // By score: of equal ones at the end of the list either is right.
    const right = found.hits.slice(0, exact.k).filter(({ score }) => score >= worst).length;
    const sample = { found: Math.min(best.length, right), expected: best.length };
    return { band: bandOf(found.matches, searcher.live), sample };
  } finally {
    searcher.release();
  }
}
