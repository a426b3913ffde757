import type { TopK } from '../core/top-k.js';
import type { Bitset } from './bitset.js';
import type { Block } from './block.js';
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
  const { dimensions } = block.vectors;
  for (const stretch of plan.whole) {
    const startMs = performance.now();
    scanWhole(block, selection, stretch, query, top);
    const tookUs = (performance.now() - startMs) * 1_000;
    query.costs.observe('scan', stretch.to - stretch.from, dimensions, tookUs);
  }
  if (plan.gathered === 0) return;
  const startMs = performance.now();
  for (const { from, to } of plan.scattered) {
    scanGathered(block, matchingRows(block, selection.mask, from, to), query, top);
  }
  const tookUs = (performance.now() - startMs) * 1_000;
  query.costs.observe('gather', plan.gathered, dimensions, tookUs);
}

/**
 * Where the best rows of a slab are none that match, those that do are copied together; if they are
 * the most of it, it is scanned again for so many that all others could come first.
 */
function scanWhole(
  block: Block,
  { mask }: Selection,
  { slab, from, to }: Stretch,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  const piece: Piece = {
    data: block.vectors.slab(slab),
    rows: to - from,
    rowOf: (i) => from + i,
    isMatch: (row) => mask?.has(row) ?? !block.dead.has(row),
  };
  if (scanPiece(piece, query.k + SPARE, block, query, top)) return;
  const matching = matchingRows(block, mask, from, to);
  if (matching.length * 2 <= piece.rows) {
    scanGathered(block, matching, query, top);
    return;
  }
  const others = piece.rows - matching.length;
  // Ties at the end of what was found are the only reason to ask for more.
  for (let count = others + query.k + SPARE; !scanPiece(piece, count, block, query, top);) {
    count *= 2;
  }
}

function scanGathered(block: Block, rows: Uint32Array, query: LeafQuery, top: TopK<LeafHit>): void {
  for (let at = 0; at < rows.length; at += GATHER_ROWS) {
    const batch = rows.subarray(at, at + GATHER_ROWS);
    const piece: Piece = {
      data: gather(block.vectors, batch),
      rows: batch.length,
      rowOf: (i) => batch[i] as number,
      isMatch: () => true,
    };
    for (let count = query.k + SPARE; !scanPiece(piece, count, block, query, top);) count *= 4;
  }
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
