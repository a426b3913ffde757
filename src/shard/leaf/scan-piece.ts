import type { TopK } from '../../core/top-k.js';
import { Codes } from '../engine/codes.js';
import { scanCodes, scanSlab } from '../engine/exact-scan.js';
import type { Candidates } from '../engine/graph.js';
import type { SegmentView } from '../index/segment-view.js';
import { leastOf, offerDownTo, SCORE_MARGIN, type LeafHit, type LeafRun } from './leaf-hit.js';
import type { Selection } from './selection.js';

/** What the steps of one scan have in common. */
export interface Scan {
  view: SegmentView;
  selection: Selection;
  run: LeafRun;
  /** Takes the best. */
  top: TopK<LeafHit>;
}

/** Rows that a kernel scans at once. */
export interface Piece {
  rows: number;
  /** The view's row of one of them, by its number. */
  rowOf: (i: number) => number;
  isMatch: (row: number) => boolean;
}

/** A way to compare the vectors of a piece with the query. */
export interface Kernel {
  /** The `count` best of them by the kernel. */
  find: (count: number) => Candidates;
  /** The kernel and the score differ by no more. */
  margin: number;
}

/** The first `rows` vectors of `data`, which starts at offset 0 of its buffer. */
export function byFloats(data: Float32Array, rows: number, run: LeafRun): Kernel {
  return { find: (count) => scanSlab(data, rows, run.vector, count), margin: SCORE_MARGIN };
}

export function byCodes(codes: Codes, run: LeafRun): Kernel {
  run.codes ??= Codes.of(run.vector);
  const query = run.codes;
  return { find: (count) => scanCodes(codes, query, count), margin: codes.errorWith(query) };
}

/**
 * Takes the `count` best of a piece by a kernel and offers those that match. False, and nothing offered, unless what was
 * left out is surely below what is kept.
 */
export function scanPiece(
  { rows, rowOf, isMatch }: Piece,
  { find, margin }: Kernel,
  count: number,
  { view, run, top }: Scan,
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
  const least = leastOf(matches, margin, run, top);
  const isSure = count >= rows || last < least;
  if (isSure) offerDownTo(least, matches, view, run, top);
  return isSure;
}
