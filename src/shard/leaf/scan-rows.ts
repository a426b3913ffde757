import type { TopK } from '../../core/top-k.js';
import { Codes } from '../engine/codes.js';
import { scanCodes, scanSlab } from '../engine/exact-scan.js';
import type { Candidates } from '../engine/graph.js';
import type { Bitset } from '../index/bitset.js';
import type { SegmentView } from '../index/segment-view.js';
import type { Operation } from './cost-model.js';
import { gather, GATHER_ROWS } from './gather.js';
import { offerDownTo, scanUnits, SCORE_MARGIN, type LeafHit, type LeafRun } from './leaf-hit.js';
import { planScan, type RowRun } from './scan-plan.js';
import type { Selection } from './selection.js';

/** Candidates asked for beyond k, so that ties and rounding rarely need a second scan. */
const SPARE = 16;
/** The same of a scan of codes, whose order is a rough one: where these are not enough, float32 says more. */
const SPARE_CODES = 48;
/** To compare a row's codes costs a fraction of what it costs to compare the row. */
const CODES_FACTOR = 0.2;
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
  const plan = planScan(view, selection, run.costs);
  for (const rows of plan.whole) {
    if (!(await scanRun(view, selection, rows, run, top))) return;
  }
  if (plan.gathered > 0) await scanGathered(view, selection.mask, plan.scattered, run, top);
}

/**
 * By codes, where the plan says so and they tell for sure which rows are the best, or slab by slab. False: the budget is
 * spent.
 */
async function scanRun(
  view: SegmentView,
  selection: Selection,
  rows: RowRun,
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<boolean> {
  const { codes, from, to } = rows;
  const { dimensions } = view.vectors;
  if (codes === undefined) return scanSlabs(view, selection, rows, run, top);
  const { budget, costs } = run;
  const startMs = performance.now();
  if (scanCoded(view, selection, rows, codes, run, top)) {
    costs.observe('codes', to - from, dimensions, (performance.now() - startMs) * 1_000);
    const units = Math.ceil(CODES_FACTOR * scanUnits(to - from, dimensions));
    return !budget.spend(units) || budget.pause();
  }
  // What codes cost where they are of no use is what is asked of them and of the slabs.
  const awayMs = budget.awayMs;
  const goesOn = await scanSlabs(view, selection, rows, run, top);
  const tookMs = performance.now() - startMs - (budget.awayMs - awayMs);
  costs.observe('codes', to - from, dimensions, tookMs * 1_000);
  return goesOn;
}

/** Slab by slab. False: the budget is spent. */
async function scanSlabs(
  view: SegmentView,
  selection: Selection,
  rows: RowRun,
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<boolean> {
  const { budget } = run;
  const { dimensions, starts } = view.vectors;
  let slab = view.vectors.slabOf(rows.from);
  for (let from = rows.from; from < rows.to; from = starts[++slab] as number) {
    const part = { from, to: starts[slab + 1] as number };
    const isSure = scanSlabWhole(view, selection, slab, part, run, top);
    if (!isSure) await scanGathered(view, selection.mask, [part], run, top);
    const units = scanUnits(part.to - part.from, dimensions);
    if (budget.spend(units) && !(await budget.pause())) return false;
  }
  return true;
}

/** Compares codes; false, and nothing offered, where they do not tell for sure which rows are the best. */
function scanCoded(
  view: SegmentView,
  selection: Selection,
  rows: RowRun,
  codes: Codes,
  run: LeafRun,
  top: TopK<LeafHit>,
): boolean {
  run.codes ??= Codes.of(run.vector);
  const query = run.codes;
  const piece: Piece = {
    ...rowsOf(view, selection, rows),
    find: (count) => scanCodes(codes, query, count),
    margin: codes.errorWith(query),
  };
  const share = matchingIn(view, selection, rows) / piece.rows;
  const count = Math.ceil((2 * run.k + SPARE_CODES) / share);
  return scanPiece(piece, count, view, run, top);
}

/**
 * Compares a slab as it lies. Where the best rows of it are none that match: false, if those that do
 * are better copied together; if they are the most of it, it is scanned again for so many that all
 * others could come first.
 */
function scanSlabWhole(
  view: SegmentView,
  selection: Selection,
  slab: number,
  { from, to }: RowRun,
  run: LeafRun,
  top: TopK<LeafHit>,
): boolean {
  const data = view.vectors.slab(slab);
  const piece: Piece = {
    ...rowsOf(view, selection, { from, to }),
    find: (count) => scanSlab(data, to - from, run.vector, count),
    margin: SCORE_MARGIN,
  };
  const scan = (count: number): boolean =>
    timed('scan', piece.rows, run, () => scanPiece(piece, count, view, run, top));
  if (scan(run.k + SPARE)) return true;
  const matching = matchingIn(view, selection, { from, to });
  if (matching * 2 <= piece.rows) return false;
  // Ties at the end of what was found are the only reason to ask for more.
  for (let count = piece.rows - matching + run.k + SPARE; !scan(count);) count *= 2;
  return true;
}

function matchingIn(view: SegmentView, { mask }: Selection, { from, to }: RowRun): number {
  return mask?.count(from, to) ?? to - from - view.dead.count(from, to);
}

function rowsOf(
  view: SegmentView,
  { mask }: Selection,
  { from, to }: RowRun,
): Pick<Piece, 'rows' | 'rowOf' | 'isMatch'> {
  return {
    rows: to - from,
    rowOf: (i) => from + i,
    isMatch: (row) => mask?.has(row) ?? !view.dead.has(row),
  };
}

/** Copies the selected rows of some runs together, as many at once as may be, and scans those. */
async function scanGathered(
  view: SegmentView,
  mask: Bitset | undefined,
  runs: readonly RowRun[],
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<void> {
  const { budget } = run;
  const units = GATHER_FACTOR * scanUnits(GATHER_ROWS, view.vectors.dimensions);
  let batch: number[] = [];
  for (const { from, to } of runs) {
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
    const find = (count: number): Candidates => scanSlab(data, rows.length, run.vector, count);
    const piece: Piece = {
      ...{ rows: rows.length, rowOf, isMatch: () => true },
      ...{ find, margin: SCORE_MARGIN },
    };
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
  rows: number;
  rowOf: (i: number) => number;
  isMatch: (row: number) => boolean;
  /** The `count` best of them by the kernel. */
  find: (count: number) => Candidates;
  /** The kernel and the score differ by no more. */
  margin: number;
}

/**
 * Takes the `count` best of a piece by a kernel and offers those that match. False, and
 * nothing offered, unless what was left out is surely below what is kept: of two that a kernel orders the one
 * may be too low by the margin, and the other too high.
 */
function scanPiece(
  { rows, rowOf, isMatch, find, margin }: Piece,
  count: number,
  view: SegmentView,
  run: LeafRun,
  top: TopK<LeafHit>,
): boolean {
  run.trace?.scanned(rows);
  const found = find(count);
  const matches: Candidates = { rows: [], scores: [] };
  found.rows.forEach((i, at) => {
    const row = rowOf(i);
    if (!isMatch(row)) return;
    matches.rows.push(row);
    matches.scores.push(found.scores[at] as number);
  });
  const last = found.scores.at(-1) ?? -Infinity;
  const kth = matches.scores[run.k - 1] ?? -Infinity;
  const least = Math.max(kth - 2 * margin, top.floor - margin);
  const isSure = count >= rows || last < least;
  if (isSure) offerDownTo(least, matches, view, run, top);
  return isSure;
}
