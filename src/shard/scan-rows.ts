import type { TopK } from '../core/top-k.js';
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
  scanGathered(block, selection, plan.scattered, query, top);
  const tookUs = (performance.now() - startMs) * 1_000;
  query.costs.observe('gather', plan.gathered, dimensions, tookUs);
}

function scanWhole(
  block: Block,
  { mask }: Selection,
  { slab, from, to }: Stretch,
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
  scattered: readonly Stretch[],
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  let batch: number[] = [];
  const scan = (): void => {
    const rows = batch;
    batch = [];
    const data = gather(block.vectors, rows);
    scanUntilSure(
      data,
      rows.length,
      (i) => rows[i] as number,
      () => true,
      block,
      query,
      top,
    );
  };
  for (const { from, to } of scattered) {
    for (const row of mask?.rows(from, to) ?? liveRows(block, from, to)) {
      if (batch.push(row) === GATHER_ROWS) scan();
    }
  }
  if (batch.length > 0) scan();
}

function liveRows(block: Block, from: number, to: number): Uint32Array {
  const rows: number[] = [];
  for (let row = from; row < to; row++) if (!block.dead.has(row)) rows.push(row);
  return Uint32Array.from(rows);
}

/**
 * Scans with the float32 kernel, asking for more until what was left out is surely below what is
 * kept: by more than the margin between the kernel and the score. Where the best rows are none that
 * match, the second scan asks for so many that all of those could come first.
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
  let count = query.k + SPARE;
  for (;;) {
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
    if (!sure) {
      let others = 0;
      for (let i = 0; i < rows; i++) if (!isMatch(rowOf(i))) others += 1;
      count = Math.max(4 * count, others + query.k + SPARE);
      continue;
    }
    offerBest(matches, block, query, top);
    return;
  }
}
