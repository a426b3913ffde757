import type { TopK } from '../core/top-k.js';
import type { Bitset } from './bitset.js';
import type { Block } from './block.js';
import type { Operation } from './cost-model.js';
import { scanSlab } from './engine/exact-scan.js';
import type { Candidates } from './engine/graph.js';
import { gather, GATHER_ROWS } from './gather.js';
import { offerBest, SCORE_MARGIN, type LeafHit, type LeafQuery } from './leaf-hit.js';
import { planScan, type Stretch } from './scan-plan.js';
import type { Selection } from './selection.js';

/** Candidates asked for beyond k, so that ties and rounding rarely need a second scan. */
const SPARE = 16;

/** Compares the query with every selected row and offers the best: exact, whatever the kernel. */
export function scanRows(
  block: Block,
  selection: Selection,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  const plan = planScan(block, selection, query.costs);
  for (const stretch of plan.whole) scanWhole(block, selection, stretch, query, top);
  if (plan.gathered > 0) scanGathered(block, selection.mask, plan.scattered, query, top);
}

/**
 * Where the best rows of a slab are none that match, those that do are copied together; if they are
 * the most of it, it is scanned again for so many that all others could come first.
 */
function scanWhole(
  block: Block,
  { mask }: Selection,
  stretch: Stretch,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  const { slab, from, to } = stretch;
  const piece: Piece = {
    data: block.vectors.slab(slab),
    rows: to - from,
    rowOf: (i) => from + i,
    isMatch: (row) => mask?.has(row) ?? !block.dead.has(row),
  };
  const scan = (count: number): boolean =>
    timed('scan', piece.rows, query, () => scanPiece(piece, count, block, query, top));
  if (scan(query.k + SPARE)) return;
  const matching = mask?.count(from, to) ?? piece.rows - block.dead.count(from, to);
  if (matching * 2 <= piece.rows) {
    scanGathered(block, mask, [stretch], query, top);
    return;
  }
  // Ties at the end of what was found are the only reason to ask for more.
  for (let count = piece.rows - matching + query.k + SPARE; !scan(count);) count *= 2;
}

/** Copies the selected rows of some slabs together, as many at once as may be, and scans those. */
function scanGathered(
  block: Block,
  mask: Bitset | undefined,
  stretches: readonly Stretch[],
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  let batch: number[] = [];
  const scan = (): void => {
    const rows = batch;
    batch = [];
    timed('gather', rows.length, query, () => {
      const data = gather(block.vectors, rows);
      const rowOf = (i: number): number => rows[i] as number;
      const piece: Piece = { data, rows: rows.length, rowOf, isMatch: () => true };
      for (let count = query.k + SPARE; !scanPiece(piece, count, block, query, top);) count *= 2;
    });
  };
  for (const { from, to } of stretches) {
    for (const row of matchingRows(block, mask, from, to)) {
      if (batch.push(row) === GATHER_ROWS) scan();
    }
  }
  if (batch.length > 0) scan();
}

/** Tells the cost model how long `work` over so many rows took. */
function timed<T>(operation: Operation, rows: number, query: LeafQuery, work: () => T): T {
  const startMs = performance.now();
  const result = work();
  const tookUs = (performance.now() - startMs) * 1_000;
  query.costs.observe(operation, rows, query.vector.length, tookUs);
  return result;
}

function matchingRows(
  block: Block,
  mask: Bitset | undefined,
  from: number,
  to: number,
): Uint32Array {
  if (mask !== undefined) return mask.rows(from, to);
  const rows: number[] = [];
  for (let row = from; row < to; row++) if (!block.dead.has(row)) rows.push(row);
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
  block: Block,
  query: LeafQuery,
  top: TopK<LeafHit>,
): boolean {
  query.trace?.scanned(rows);
  const found = scanSlab(data, rows, query.vector, count);
  const matches: Candidates = { rows: [], scores: [] };
  found.rows.forEach((i, at) => {
    const row = rowOf(i);
    if (!isMatch(row)) return;
    matches.rows.push(row);
    matches.scores.push(found.scores[at] as number);
  });
  const last = found.scores.at(-1) ?? -Infinity;
  const kth = matches.scores[query.k - 1] ?? -Infinity;
  const isSure = count >= rows || last < Math.max(kth, top.floor) - SCORE_MARGIN;
  if (isSure) offerBest(matches, block, query, top);
  return isSure;
}
