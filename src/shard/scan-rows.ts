import type { TopK } from '../core/top-k.js';
import type { Block } from './block.js';
import { scanSlab } from './engine/exact-scan.js';
import type { Candidates } from './engine/graph.js';
import { offerBest, SCORE_MARGIN, type LeafHit, type LeafQuery } from './leaf-hit.js';
import type { Selection } from './selection.js';

/** Candidates asked for beyond k, so that ties and rounding rarely need a second scan. */
const SPARE = 16;
/** Rows copied together before a scan of scattered matches. */
const GATHER_ROWS = 1_024;
/** A slab of which this share matches is scanned whole rather than gathered. */
const WHOLE_SHARE = 0.3;

/** Compares the query with every selected row and offers the best: exact, whatever the kernel. */
export function scanRows(
  block: Block,
  selection: Selection,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  const { slabs, starts } = block.vectors;
  for (let slab = 0; slab < slabs.length; slab++) {
    const from = starts[slab] as number;
    const to = starts[slab + 1] as number;
    if (!isSelected(selection, from, to)) continue;
    scanOneSlab(block, selection, slab, from, to, query, top);
  }
}

function isSelected({ ranges }: Selection, from: number, to: number): boolean {
  return ranges?.some((range) => range.from < to && from < range.to) ?? true;
}

function scanOneSlab(
  block: Block,
  { mask }: Selection,
  slab: number,
  from: number,
  to: number,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  const matching = mask?.count(from, to) ?? to - from - block.dead.count(from, to);
  if (matching === 0) return;
  const isMatch = (row: number): boolean => mask?.has(row) ?? !block.dead.has(row);
  if (matching >= (to - from) * WHOLE_SHARE) {
    const data = block.vectors.slab(slab);
    scanUntilSure(data, to - from, (i) => from + i, isMatch, block, query, top);
    return;
  }
  const rows = mask === undefined ? liveRows(block, from, to) : mask.rows(from, to);
  const { dimensions } = block.vectors;
  const gathered = new Float32Array(Math.min(GATHER_ROWS, rows.length) * dimensions);
  for (let at = 0; at < rows.length; at += GATHER_ROWS) {
    const batch = rows.subarray(at, at + GATHER_ROWS);
    batch.forEach((row, i) => gathered.set(block.vectors.view(row), i * dimensions));
    const rowOf = (i: number): number => batch[i] as number;
    scanUntilSure(gathered, batch.length, rowOf, () => true, block, query, top);
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
