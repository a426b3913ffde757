import type { TopK } from '../core/top-k.js';
import type { Block } from './block.js';
import { describeStep } from './describe-step.js';
import { scanSlab } from './engine/exact-scan.js';
import type { Candidates } from './engine/graph.js';
import { gather, GATHER_ROWS } from './gather.js';
import { offerBest, type LeafHit, type LeafQuery } from './leaf-hit.js';
import { scanRows } from './scan-rows.js';
import { reachesSurely, type Step } from './search-plan.js';
import type { Selection } from './selection.js';

/**
 * Offers the best of what the step finds. Where too few of a graph's candidates are selected, or too
 * late among them, it offers nothing and returns how many were.
 */
export function runStep(
  block: Block,
  step: Step,
  query: LeafQuery,
  top: TopK<LeafHit>,
): number | undefined {
  const { trace } = query;
  if (trace === undefined) return find(block, step, query, top);
  return trace.step(describeStep(block, step, query), () => find(block, step, query, top));
}

function find(block: Block, step: Step, query: LeafQuery, top: TopK<LeafHit>): number | undefined {
  const { graph, width, selection } = step;
  if (graph === undefined) {
    scanRows(block, selection, query, top);
    return undefined;
  }
  const startMs = performance.now();
  const wanted = Math.min(query.k, selection.count);
  const { kept, reach } = keepSelected(graph.search(query.vector, width), block, selection, wanted);
  if (kept.rows.length < wanted || !reachesSurely(step, reach)) return kept.rows.length;
  const compared = compare(kept, graph.scoreMargin, block, query);
  offerBest(compared, block, query, top);
  const tookUs = (performance.now() - startMs) * 1_000;
  query.costs.observe('graph', width, block.vectors.dimensions, tookUs);
  return undefined;
}

/** The selected candidates, and the number of the one that makes `wanted` complete. */
function keepSelected(
  found: Candidates,
  block: Block,
  { mask, ranges }: Selection,
  wanted: number,
): { kept: Candidates; reach: number } {
  let reach = Infinity;
  const rows: number[] = [];
  const scores: number[] = [];
  found.rows.forEach((row, i) => {
    if (mask === undefined ? block.dead.has(row) : !mask.has(row)) return;
    if (mask === undefined && ranges?.every(({ from, to }) => row < from || row >= to)) return;
    rows.push(row);
    scores.push(found.scores[i] as number);
    if (rows.length === wanted) reach = i + 1;
  });
  return { kept: { rows, scores }, reach };
}

/**
 * Candidates of a compressed graph with float32 scores: the k first and those that may be as good.
 * Of near-duplicates that is all of them, of rows well apart hardly more than k.
 */
function compare(found: Candidates, margin: number, block: Block, query: LeafQuery): Candidates {
  if (margin === 0) return found;
  const { rows, scores } = found;
  const kth = scores[Math.min(query.k, scores.length) - 1] ?? -Infinity;
  const rest = scores.findIndex((score) => score < kth - margin);
  const count = rest === -1 ? rows.length : rest;
  const compared: Candidates = { rows: [], scores: [] };
  for (let at = 0; at < count; at += GATHER_ROWS) {
    const batch = rows.slice(at, Math.min(count, at + GATHER_ROWS));
    const exact = scanSlab(gather(block.vectors, batch), batch.length, query.vector, batch.length);
    for (const row of exact.rows) compared.rows.push(batch[row] as number);
    compared.scores.push(...exact.scores);
  }
  return count <= GATHER_ROWS ? compared : sorted(compared);
}

function sorted({ rows, scores }: Candidates): Candidates {
  const order = [...rows.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number));
  return {
    rows: order.map((i) => rows[i] as number),
    scores: order.map((i) => scores[i] as number),
  };
}
