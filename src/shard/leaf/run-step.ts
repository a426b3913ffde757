import type { TopK } from '../../core/top-k.js';
import type { Candidates } from '../engine/graph.js';
import type { SegmentView } from '../index/segment-view.js';
import { describeStep } from './describe-step.js';
import { FAR_WIDTH, farBelow } from './far-matches.js';
import {
  graphUnits,
  offerBest,
  offerWithin,
  scoreOf,
  type LeafHit,
  type LeafRun,
} from './leaf-hit.js';
import { scanRows } from './scan-rows.js';
import { reachesSurely, type GraphStep, type Shortfall, type Step } from './search-plan.js';
import type { Selection } from './selection.js';

/** Offers the best of what the step finds; where they do not stand it offers nothing and says why. */
export async function runStep(
  view: SegmentView,
  step: Step,
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<Shortfall | undefined> {
  const { trace, budget } = run;
  if (trace === undefined) return find(view, step, run, top);
  const planned = describeStep(view, step, run);
  return trace.step(planned, budget, () => find(view, step, run, top));
}

async function find(
  view: SegmentView,
  step: Step,
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<Shortfall | undefined> {
  if (step.graph !== undefined) return searchGraph(view, step, run, top);
  await scanRows(view, step.selection, run, top);
  return undefined;
}

/** One call of the graph is one piece of work: `search-plan.ts` bounds its width. */
function searchGraph(
  view: SegmentView,
  step: GraphStep,
  run: LeafRun,
  top: TopK<LeafHit>,
): Shortfall | undefined {
  const { graph, width, selection } = step;
  const { dimensions } = view.vectors;
  run.budget.spend(graphUnits(width, dimensions));
  const startMs = performance.now();
  const wanted = Math.min(run.k, selection.count);
  const found = graph.search(run.vector, width);
  const { kept, reach } = keepSelected(found, view, selection, wanted);
  const isTrusted = kept.rows.length >= wanted && reachesSurely(step, reach);
  const shortfall = { kept: kept.rows.length, isFar: isTrusted };
  const stands = isTrusted && !(run.filtered && isFar(view, step, run, kept.rows[wanted - 1]));
  // Where no time is left for better ones, these are what was found.
  if (!stands && !run.budget.isSpent()) return shortfall;
  if (graph.scoreMargin === 0) offerBest(kept, view, run, top);
  else offerWithin(kept, graph.scoreMargin, view, run, top);
  run.costs.observe('graph', width, dimensions, (performance.now() - startMs) * 1_000);
  return undefined;
}

/** Whether what a filter left lies where a graph of the usual width passes some of it over. */
function isFar(
  view: SegmentView,
  { graph, width }: GraphStep,
  run: LeafRun,
  last: number | undefined,
): boolean {
  if (width >= Math.min(FAR_WIDTH, graph.size) || last === undefined) return false;
  return scoreOf(run.vector, view.vectors, last) < farBelow(graph, view.vectors);
}

/** The selected candidates, and the number of the one that makes `wanted` complete. */
function keepSelected(
  found: Candidates,
  view: SegmentView,
  { mask, ranges }: Selection,
  wanted: number,
): { kept: Candidates; reach: number } {
  if (mask === undefined && ranges === undefined && view.deadCount === 0) {
    return { kept: found, reach: found.rows.length < wanted ? Infinity : wanted };
  }
  let reach = Infinity;
  const rows: number[] = [];
  const scores: number[] = [];
  found.rows.forEach((row, i) => {
    if (mask === undefined ? view.dead.has(row) : !mask.has(row)) return;
    if (mask === undefined && ranges?.every(({ from, to }) => row < from || row >= to)) return;
    rows.push(row);
    scores.push(found.scores[i] as number);
    if (rows.length === wanted) reach = i + 1;
  });
  return { kept: { rows, scores }, reach };
}
