import type { Scored, TopK } from '../core/top-k.js';
import { score } from '../core/vector.js';
import type { Filter } from '../filter/filter.js';
import type { Partition } from '../store/store.js';
import type { Block } from './block.js';
import type { CostModel } from './cost-model.js';
import type { Candidates } from './engine/graph.js';
import type { SearchTrace } from './search-trace.js';

export interface LeafQuery {
  /** Unit length, at offset 0 of its buffer. */
  vector: Float32Array;
  partitions: readonly Partition[];
  filter: Filter | undefined;
  k: number;
  /** Width of the graph search. */
  ef: number;
  exact: boolean;
  /** Takes down what the search does; undefined when nobody asked. */
  trace?: SearchTrace | undefined;
  costs: CostModel;
}

export interface LeafHit extends Scored {
  version: number;
}

/** float32 kernels and the float64 score differ by less than this at unit length. */
export const SCORE_MARGIN = 1e-5;
/** Scores the candidates that can be among the k best, and offers them. Sorted, best first. */
export function offerBest(
  candidates: Candidates,
  block: Block,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  const kth = candidates.scores[query.k - 1] ?? -Infinity;
  for (let i = 0; i < candidates.rows.length; i++) {
    const approximate = candidates.scores[i] as number;
    if (approximate < kth - SCORE_MARGIN || approximate < top.floor - SCORE_MARGIN) return;
    const row = candidates.rows[i] as number;
    const slab = block.vectors.slabOf(row);
    const offset = block.vectors.offset(row, slab);
    query.trace?.scored();
    const exact = score(query.vector, block.vectors.slab(slab), offset);
    if (exact < top.floor) continue;
    top.offer({ id: block.id(row), score: exact, version: block.version(row) });
  }
}
