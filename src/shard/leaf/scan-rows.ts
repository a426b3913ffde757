import type { TopK } from '../../core/top-k.js';
import type { Codes } from '../engine/codes.js';
import type { Bitset } from '../index/bitset.js';
import type { SegmentView } from '../index/segment-view.js';
import type { Operation } from './cost-model.js';
import { gather, GATHER_ROWS } from './gather.js';
import { scanUnits, type LeafHit, type LeafRun } from './leaf-hit.js';
import { byCodes, byFloats, scanPiece, type Piece, type Scan } from './scan-piece.js';
import { planScan, type RowRun } from './scan-plan.js';
import { countIn, type Selection } from './selection.js';

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
  const scan: Scan = { view, selection, run, top };
  const plan = planScan(view, selection, run.costs);
  for (const rows of plan.whole) {
    if (!(await scanRun(scan, rows))) return;
  }
  if (plan.gathered > 0) await scanGathered(scan, plan.scattered);
}

/**
 * By codes, where the plan says so and they tell for sure which rows are the best, or slab by slab. False: the budget is
 * spent.
 */
async function scanRun(scan: Scan, rows: RowRun): Promise<boolean> {
  const { codes } = rows;
  if (codes === undefined) return scanSlabs(scan, rows);
  const { budget, costs, vector } = scan.run;
  const count = rows.to - rows.from;
  const startMs = performance.now();
  const { awayMs } = budget;
  const units = Math.ceil(CODES_FACTOR * scanUnits(count, vector.length));
  const goesOn = scanCoded(scan, rows, codes)
    ? !budget.spend(units) || (await budget.pause())
    : await scanSlabs(scan, rows);
  // What codes cost where they are of no use is what is asked of them and of the slabs.
  const tookMs = performance.now() - startMs - (budget.awayMs - awayMs);
  costs.observe('codes', count, vector.length, tookMs * 1_000);
  return goesOn;
}

/** Slab by slab. False: the budget is spent. */
async function scanSlabs(scan: Scan, { from, to }: RowRun): Promise<boolean> {
  const { budget } = scan.run;
  const { vectors } = scan.view;
  const { dimensions, starts } = vectors;
  for (let slab = vectors.slabOf(from); (starts[slab] as number) < to; slab++) {
    const part = { from: starts[slab] as number, to: starts[slab + 1] as number };
    const isSure = scanSlabWhole(scan, slab, part);
    if (!isSure) await scanGathered(scan, [part]);
    const units = scanUnits(part.to - part.from, dimensions);
    if (budget.spend(units) && !(await budget.pause())) return false;
  }
  return true;
}

/** Compares codes; false, and nothing offered, where they do not tell for sure which rows are the best. */
function scanCoded(scan: Scan, rows: RowRun, codes: Codes): boolean {
  const { view, selection, run } = scan;
  const piece = pieceOf(scan, rows);
  const share = countIn(view, selection, rows) / piece.rows;
  const count = Math.ceil((2 * run.k + SPARE_CODES) / share);
  return scanPiece(piece, byCodes(codes, run), count, scan);
}

/**
 * Compares a slab as it lies. Where the best rows of it are none that match: false, if those that do
 * are better copied together; if they are the most of it, it is scanned again for so many that all
 * others could come first.
 */
function scanSlabWhole(scan: Scan, slab: number, part: RowRun): boolean {
  const { view, selection, run } = scan;
  const piece = pieceOf(scan, part);
  const kernel = byFloats(view.vectors.slab(slab), piece.rows, run);
  const isSure = (count: number): boolean =>
    timed('scan', piece.rows, run, () => scanPiece(piece, kernel, count, scan));
  if (isSure(run.k + SPARE)) return true;
  const matching = countIn(view, selection, part);
  if (matching * 2 <= piece.rows) return false;
  // Ties at the end of what was found are the only reason to ask for more.
  for (let count = piece.rows - matching + run.k + SPARE; !isSure(count);) count *= 2;
  return true;
}

function pieceOf({ view, selection: { mask } }: Scan, { from, to }: RowRun): Piece {
  return {
    rows: to - from,
    rowOf: (i) => from + i,
    isMatch: (row) => mask?.has(row) ?? !view.dead.has(row),
  };
}

/** Copies the selected rows of some runs together, as many at once as may be, and scans those. */
async function scanGathered(scan: Scan, runs: readonly RowRun[]): Promise<void> {
  const { view, selection } = scan;
  const { budget } = scan.run;
  const { dimensions } = view.vectors;
  const units = GATHER_FACTOR * scanUnits(GATHER_ROWS, dimensions);
  let batch: number[] = [];
  for (const { from, to } of runs) {
    for (const row of matchingRows(view, selection.mask, from, to)) {
      if (batch.push(row) < GATHER_ROWS) continue;
      scanBatch(scan, batch);
      batch = [];
      if (budget.spend(units) && !(await budget.pause())) return;
    }
  }
  if (batch.length === 0) return;
  scanBatch(scan, batch);
  budget.spend(GATHER_FACTOR * scanUnits(batch.length, dimensions));
}

/** In one turn: the copies lie in a buffer that the next search uses as well. */
function scanBatch(scan: Scan, rows: readonly number[]): void {
  const { view, run } = scan;
  timed('gather', rows.length, run, () => {
    const kernel = byFloats(gather(view.vectors, rows), rows.length, run);
    const rowOf = (i: number): number => rows[i] as number;
    const piece: Piece = { rows: rows.length, rowOf, isMatch: () => true };
    for (let count = run.k + SPARE; !scanPiece(piece, kernel, count, scan);) count *= 2;
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
