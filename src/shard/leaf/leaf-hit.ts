import type { Budget } from '../../core/budget.js';
import type { Scored, TopK } from '../../core/top-k.js';
import { score, scoreFour, type VectorPlace } from '../../core/vector.js';
import type { Candidates } from '../engine/graph.js';
import type { Codes } from '../engine/codes.js';
import type { SegmentView } from '../index/segment-view.js';
import type { VectorSlabs } from '../index/vector-slabs.js';
import type { CostModel } from './cost-model.js';
import type { SearchTrace } from './search-trace.js';

/** What the steps of one search have in common. */
export interface LeafRun {
  /** Unit length, at offset 0 of its buffer. */
  vector: Float32Array;
  /** Of the vector; made when a scan of codes first needs it. */
  codes?: Codes | undefined;
  k: number;
  /** Width of a graph search at least; each graph has its own. */
  ef: number;
  exact: boolean;
  /** Some rows may not be returned for a reason of the caller's: what he wants may lie far away. */
  filtered: boolean;
  /** Takes down what the search does; undefined when nobody asked. */
  trace?: SearchTrace | undefined;
  costs: CostModel;
  /** Past it each step ends with what it has found. */
  budget: Budget;
}

export interface LeafHit extends Scored {
  version: number;
  /** Where it is. */
  view: SegmentView;
  row: number;
  /** What its score is made of; absent: it is the cosine. */
  parts?: ScoreParts;
}

export interface ScoreParts {
  text: number;
  /** The cosine; 0 where there is no vector to compare with. */
  vector: number;
  exact: number;
  /** Of boosts by filter. */
  boost: number;
}

/** float32 kernels and the float64 score differ by less than this at unit length. */
export const SCORE_MARGIN = 1e-5;
/** A unit of work is about as much as to compare so many values of two vectors. */
const VALUES_A_UNIT = 128;
/** Rows that a graph search looks at for each candidate of its width, about. */
const VISITS_A_CANDIDATE = 20;

/** Work units of comparing a query with so many rows. */
export function scanUnits(rows: number, dimensions: number): number {
  return Math.ceil((rows * dimensions) / VALUES_A_UNIT);
}

/** Work units of a graph search. */
export function graphUnits(width: number, dimensions: number): number {
  return scanUnits(width * VISITS_A_CANDIDATE, dimensions);
}

export function scoreOf(vector: Float32Array, vectors: VectorSlabs, row: number): number {
  const { block, offset } = vectors.place(row);
  return score(vector, block, offset);
}

/**
 * The approximate score down to which candidates can be among the best: of two, the one may be too low by `margin` and
 * the other too high; what is kept already has its real score.
 */
export function leastOf(
  { scores }: Candidates,
  margin: number,
  { k }: LeafRun,
  { floor }: TopK<LeafHit>,
): number {
  return Math.max((scores[k - 1] ?? -Infinity) - 2 * margin, floor - margin);
}

/** Scores the candidates of a float32 kernel that can be among the k best, and offers them. Sorted, best first. */
export function offerBest(
  candidates: Candidates,
  view: SegmentView,
  run: LeafRun,
  top: TopK<LeafHit>,
): void {
  offerDownTo(leastOf(candidates, SCORE_MARGIN, run, top), candidates, view, run, top);
}

/**
 * The same for candidates of a graph, whose scores may be off by `margin` and of a scale of its own: of
 * near-duplicates that is all of them, of rows well apart hardly more than k.
 */
export function offerWithin(
  candidates: Candidates,
  margin: number,
  view: SegmentView,
  run: LeafRun,
  top: TopK<LeafHit>,
): void {
  const kth = candidates.scores[run.k - 1] ?? -Infinity;
  offerDownTo(kth - margin, candidates, view, run, top);
}

/** Offers the first candidates, down to those whose approximate score is `least`. */
export function offerDownTo(
  least: number,
  { rows, scores }: Candidates,
  view: SegmentView,
  run: LeafRun,
  top: TopK<LeafHit>,
): void {
  let count = 0;
  while (count < rows.length && (scores[count] as number) >= least) count += 1;
  let at = 0;
  for (; at + 4 <= count; at += 4) {
    const place = (i: number): VectorPlace => view.vectors.place(rows[at + i] as number);
    const exact = scoreFour(run.vector, place(0), place(1), place(2), place(3));
    exact.forEach((value, i) => keep(rows[at + i] as number, value, view, run, top));
  }
  for (; at < count; at++) offer(rows[at] as number, view, run, top);
}

function offer(row: number, view: SegmentView, run: LeafRun, top: TopK<LeafHit>): void {
  keep(row, scoreOf(run.vector, view.vectors, row), view, run, top);
}

function keep(
  row: number,
  exact: number,
  view: SegmentView,
  run: LeafRun,
  top: TopK<LeafHit>,
): void {
  run.trace?.scored();
  if (exact < top.floor) return;
  top.offer({ id: view.id(row), score: exact, version: view.version(row), view, row });
}
