import type { TopK } from '../core/top-k.js';
import type { Block } from './block.js';
import type { CostModel } from './cost-model.js';
import { scanSlab } from './engine/exact-scan.js';
import type { Candidates } from './engine/graph.js';
import { gather, GATHER_ROWS } from './gather.js';
import { offerBest, SCORE_MARGIN, type LeafHit, type LeafQuery } from './leaf-hit.js';
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
  for (const piece of pieces(block, selection, query.costs)) {
    const startMs = performance.now();
    if (piece.operation === 'scan') scanWhole(block, selection, piece, query, top);
    else scanGathered(block, selection, piece, query, top);
    const tookUs = (performance.now() - startMs) * 1_000;
    query.costs.observe(piece.operation, piece.units, block.vectors.dimensions, tookUs);
  }
}

/** What `scanRows` will cost, in microseconds. */
export function scanCostUs(block: Block, selection: Selection, costs: CostModel): number {
  let sum = 0;
  for (const { costUs } of pieces(block, selection, costs)) sum += costUs;
  return sum;
}

/** A slab with selected rows, and the cheaper way to scan those. */
interface Piece {
  slab: number;
  from: number;
  to: number;
  operation: 'scan' | 'gather';
  units: number;
  costUs: number;
}

function* pieces(block: Block, selection: Selection, costs: CostModel): Iterable<Piece> {
  const { slabs, starts, dimensions } = block.vectors;
  for (let slab = 0; slab < slabs.length; slab++) {
    const from = starts[slab] as number;
    const to = starts[slab + 1] as number;
    if (!isSelected(selection, from, to)) continue;
    const rows = to - from;
    const matching = selection.mask?.count(from, to) ?? rows - block.dead.count(from, to);
    if (matching === 0) continue;
    const scanUs = costs.estimateUs('scan', rows, dimensions);
    const gatherUs = costs.estimateUs('gather', matching, dimensions);
    const gathers = matching < rows && gatherUs < scanUs;
    yield gathers
      ? { slab, from, to, operation: 'gather', units: matching, costUs: gatherUs }
      : { slab, from, to, operation: 'scan', units: rows, costUs: scanUs };
  }
}

function isSelected({ ranges }: Selection, from: number, to: number): boolean {
  return ranges?.some((range) => range.from < to && from < range.to) ?? true;
}

function scanWhole(
  block: Block,
  { mask }: Selection,
  { slab, from, to }: Piece,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  const isMatch = (row: number): boolean => mask?.has(row) ?? !block.dead.has(row);
  const data = block.vectors.slab(slab);
  scanUntilSure(data, to - from, (i) => from + i, isMatch, block, query, top);
}

function scanGathered(
  block: Block,
  { mask }: Selection,
  { from, to }: Piece,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  const rows = mask === undefined ? liveRows(block, from, to) : mask.rows(from, to);
  for (let at = 0; at < rows.length; at += GATHER_ROWS) {
    const batch = rows.subarray(at, at + GATHER_ROWS);
    const data = gather(block.vectors, batch);
    const rowOf = (i: number): number => batch[i] as number;
    scanUntilSure(data, batch.length, rowOf, () => true, block, query, top);
  }
}

function liveRows(block: Block, from: number, to: number): Uint32Array {
  const rows: number[] = [];
  for (let row = from; row < to; row++) if (!block.dead.has(row)) rows.push(row);
  return Uint32Array.from(rows);
}

/**
 * Scans with the float32 kernel, asking for more until what was left out is surely below what is
 * kept: by more than the margin between the kernel and the score.
 */
function scanUntilSure(
  data: Float32Array,
  rows: number,
  rowOf: (i: number) => number,
  isMatch: (row: number) => boolean,
  block: Block,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  for (let count = query.k + SPARE; ; count *= 4) {
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
    const sure = count >= rows || last < Math.max(kth, top.floor) - SCORE_MARGIN;
    if (!sure) continue;
    offerBest(matches, block, query, top);
    return;
  }
}
