import type { TopK } from '../../core/top-k.js';
import { scanSlab } from '../engine/exact-scan.js';
import type { Candidates } from '../engine/graph.js';
import type { Bitset } from '../index/bitset.js';
import type { SegmentView } from '../index/segment-view.js';
import type { Operation } from './cost-model.js';
import { gather, GATHER_ROWS } from './gather.js';
import { offerBest, scanUnits, SCORE_MARGIN, type LeafHit, type LeafRun } from './leaf-hit.js';
import { planScan, type RowRun } from './scan-plan.js';
import type { Selection } from './selection.js';

/** Candidates asked for beyond k, so that ties and rounding rarely need a second scan. */
const SPARE = 16;
/** To copy a row costs some times what it costs to compare it. */
const GATHER_FACTOR = 4;

/**
 * Compares the query with every selected row and offers the best: exact, whatever the kernel. Ends
 * early, with the best of the rows compared so far, when the budget is spent.
 */
export async function scanRows(
  view: SegmentView,
  selection: Selection,
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<void> {
  const { budget } = run;
  const plan = planScan(view, selection, run.costs);
  const { dimensions } = view.vectors;
  for (const rows of plan.whole) {
    const isSure = scanWhole(view, selection, rows, run, top);
    if (!isSure) await scanGathered(view, selection.mask, [rows], run, top);
    const units = scanUnits(rows.to - rows.from, dimensions);
    if (budget.spend(units) && !(await budget.pause())) return;
  }
  if (plan.gathered > 0) await scanGathered(view, selection.mask, plan.scattered, run, top);
}

/**
 * Compares a slab as it lies. Where the best rows of it are none that match: false, if those that do
 * are better copied together; if they are the most of it, it is scanned again for so many that all
 * others could come first.
 */
function scanWhole(
  view: SegmentView,
  { mask }: Selection,
  { slab, from, to }: RowRun,
  run: LeafRun,
  top: TopK<LeafHit>,
): boolean {
  const piece: Piece = {
    data: view.vectors.slab(slab),
    rows: to - from,
    rowOf: (i) => from + i,
    isMatch: (row) => mask?.has(row) ?? !view.dead.has(row),
  };
  const scan = (count: number): boolean =>
    timed('scan', piece.rows, run, () => scanPiece(piece, count, view, run, top));
  if (scan(run.k + SPARE)) return true;
  const matching = mask?.count(from, to) ?? piece.rows - view.dead.count(from, to);
  if (matching * 2 <= piece.rows) return false;
  // Ties at the end of what was found are the only reason to ask for more.
  for (let count = piece.rows - matching + run.k + SPARE; !scan(count);) count *= 2;
  return true;
}

/** Copies the selected rows of some slabs together, as many at once as may be, and scans those. */
async function scanGathered(
  view: SegmentView,
  mask: Bitset | undefined,
  slabs: readonly RowRun[],
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<void> {
  const { budget } = run;
  const units = GATHER_FACTOR * scanUnits(GATHER_ROWS, view.vectors.dimensions);
  let batch: number[] = [];
  for (const { from, to } of slabs) {
    for (const row of matchingRows(view, mask, from, to)) {
      if (batch.push(row) < GATHER_ROWS) continue;
      scanBatch(view, batch, run, top);
      batch = [];
      if (budget.spend(units) && !(await budget.pause())) return;
    }
  }
  if (batch.length === 0) return;
  scanBatch(view, batch, run, top);
  budget.spend(GATHER_FACTOR * scanUnits(batch.length, view.vectors.dimensions));
}

/** In one turn: the copies lie in a buffer that the next search uses as well. */
function scanBatch(
  view: SegmentView,
  rows: readonly number[],
  run: LeafRun,
  top: TopK<LeafHit>,
): void {
  timed('gather', rows.length, run, () => {
    const data = gather(view.vectors, rows);
    const rowOf = (i: number): number => rows[i] as number;
    const piece: Piece = { data, rows: rows.length, rowOf, isMatch: () => true };
    for (let count = run.k + SPARE; !scanPiece(piece, count, view, run, top);) count *= 2;
  });
}

/** Tells the cost model how long `work` over so many rows took. */
function timed<T>(operation: Operation, rows: number, run: LeafRun, work: () => T): T {
  const startMs = performance.now();
  const result = work();
  const tookUs = (performance.now() - startMs) * 1_000;
  run.costs.observe(operation, rows, run.vector.length, tookUs);
  return result;
}

function matchingRows(
  view: SegmentView,
  mask: Bitset | undefined,
  from: number,
  to: number,
): Uint32Array {
  if (mask !== undefined) return mask.rows(from, to);
  const rows: number[] = [];
  for (let row = from; row < to; row++) if (!view.dead.has(row)) rows.push(row);
  return Uint32Array.from(rows);
}

/** Vectors that a kernel scans, and the rows that they are of. */
interface Piece {
  data: Float32Array;
  rows: number;
  rowOf: (i: number) => number;
  isMatch: (row: number) => boolean;
}

/**
 * Takes the `count` best of a piece by the float32 kernel and offers those that match. False, and
 * nothing offered, unless what was left out is surely below what is kept: by more than the margin
 * between the kernel and the score.
 */
function scanPiece(
  { data, rows, rowOf, isMatch }: Piece,
  count: number,
  view: SegmentView,
  run: LeafRun,
  top: TopK<LeafHit>,
): boolean {
  run.trace?.scanned(rows);
  const found = scanSlab(data, rows, run.vector, count);
  const matches: Candidates = { rows: [], scores: [] };
  found.rows.forEach((i, at) => {
    const row = rowOf(i);
    if (!isMatch(row)) return;
    matches.rows.push(row);
    matches.scores.push(found.scores[at] as number);
  });
  const last = found.scores.at(-1) ?? -Infinity;
  const kth = matches.scores[run.k - 1] ?? -Infinity;
  const isSure = count >= rows || last < Math.max(kth, top.floor) - SCORE_MARGIN;
  if (isSure) offerBest(matches, view, run, top);
  return isSure;
}
