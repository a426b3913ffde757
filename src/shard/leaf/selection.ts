import type { Budget } from '../../core/budget.js';
import { Bitset } from '../index/bitset.js';
import type { CategoryRange } from '../index/segment-reader.js';
import type { SegmentView } from '../index/segment-view.js';
import type { AskedFilter, Columns } from './asked-filter.js';
import { isWhole, isWithin, type HashRange, type PartitionSet } from './partition-set.js';

/** Which rows of a view a query may return. */
export interface Selection {
  /** How many live rows match. */
  count: number;
  /** The matching live rows; undefined when every live row of `ranges` (or of the view) does. */
  mask: Bitset | undefined;
  /** The categories asked for, where the view is sorted; undefined when that is all of them. */
  ranges: readonly CategoryRange[] | undefined;
}

/** How many of the rows [from, to), all of them of the ranges asked for, are selected. */
export function countIn(
  view: SegmentView,
  { mask }: Selection,
  { from, to }: Pick<CategoryRange, 'from' | 'to'>,
): number {
  return mask?.count(from, to) ?? to - from - view.dead.count(from, to);
}

/** Rows looked at between two looks at the budget. */
const CHUNK_ROWS = 16_384;

/**
 * The live rows of `view` in `partitions`, where that is told without a look at each row: undefined
 * where a partition holds only some of a category.
 */
export function selectWhole(view: SegmentView, partitions: PartitionSet): Selection | undefined {
  if (view.ranges === undefined) {
    return partitions.hasAllOf(view) ? everything(view, undefined) : undefined;
  }
  const { ranges, isCut } = partitions.rangesOf(view.ranges);
  return isCut ? undefined : everything(view, ranges);
}

/** All live rows of those categories, or of all. */
export function everything(
  view: SegmentView,
  ranges: readonly CategoryRange[] | undefined,
): Selection {
  if (ranges === undefined) {
    return { count: view.rows - view.deadCount, mask: undefined, ranges };
  }
  let count = 0;
  for (const { from, to } of ranges) count += to - from - view.dead.count(from, to);
  return { count, mask: undefined, ranges };
}

/**
 * The live rows of `view` in `partitions` that match the filter asked for. Those of the rows that
 * were looked at, when the budget is spent first.
 */
export async function select(
  view: SegmentView,
  partitions: PartitionSet,
  asked: AskedFilter | undefined,
  columns: Columns,
  budget: Budget,
): Promise<Selection> {
  const inPartitions = await selectPartitions(view, partitions, budget);
  if (asked === undefined) return inPartitions;
  const mask = await asked.rows(view, columns, budget);
  mask.andNot(sized(view.dead, view.rows));
  if (inPartitions.mask !== undefined) mask.and(inPartitions.mask);
  else if (inPartitions.ranges !== undefined) {
    mask.and(rangesMask(view.rows, inPartitions.ranges));
  }
  budget.spend(mask.words.length);
  return { count: mask.count(), mask, ranges: inPartitions.ranges };
}

/** The live rows of `view` in `partitions`; those that were looked at, when the budget is spent first. */
export async function selectPartitions(
  view: SegmentView,
  partitions: PartitionSet,
  budget: Budget,
): Promise<Selection> {
  return selectWhole(view, partitions) ?? (await selectCut(view, partitions, budget));
}

/** Some rows of some categories, each told by its hash. */
async function selectCut(
  view: SegmentView,
  partitions: PartitionSet,
  budget: Budget,
): Promise<Selection> {
  const mask = new Bitset(view.rows);
  const runs =
    view.ranges === undefined ? bufferRuns(view, partitions) : rangeRuns(view, partitions);
  for (const { from, to, hashesOf } of runs) {
    for (let row = from; row < to; row++) {
      const hashes = hashesOf(row);
      if (isWhole(hashes) || isWithin(view.hash(row), hashes)) mask.add(row);
    }
    if (budget.spend(to - from) && !(await budget.pause())) break;
  }
  mask.andNot(sized(view.dead, view.rows));
  const ranges = view.ranges && partitions.rangesOf(view.ranges).ranges;
  return { count: mask.count(), mask, ranges };
}

interface CutRun {
  from: number;
  to: number;
  hashesOf: (row: number) => readonly HashRange[];
}

function* rangeRuns(view: SegmentView, partitions: PartitionSet): Iterable<CutRun> {
  for (const { category, from, to } of view.ranges ?? []) {
    const hashes = partitions.of(category);
    if (hashes.length === 0) continue;
    const hashesOf = (): readonly HashRange[] => hashes;
    for (let at = from; at < to; at += CHUNK_ROWS) {
      yield { from: at, to: Math.min(to, at + CHUNK_ROWS), hashesOf };
    }
  }
}

function* bufferRuns(view: SegmentView, partitions: PartitionSet): Iterable<CutRun> {
  const { names, codes } = view.categoryCodes ?? { names: [], codes: [] };
  const hashes = names.map((name) => partitions.of(name));
  const hashesOf = (row: number): readonly HashRange[] => hashes[codes[row] as number] ?? [];
  for (let at = 0; at < view.rows; at += CHUNK_ROWS) {
    yield { from: at, to: Math.min(view.rows, at + CHUNK_ROWS), hashesOf };
  }
}

/** By the deleted rows of a segment, a set that stays as it is: the next delete goes into another one. */
const liveOf = new WeakMap<Bitset, Bitset>();

/** The selected rows as a set that others have as well: not to be changed. */
export function liveRows(view: SegmentView, selection: Selection): Bitset {
  const { mask, ranges } = selection;
  if (mask !== undefined) return mask;
  // A write buffer grows.
  if (ranges !== undefined || view.ranges === undefined) return liveMask(view, selection);
  let live = liveOf.get(view.dead);
  if (live === undefined) {
    live = liveMask(view, selection);
    liveOf.set(view.dead, live);
  }
  return live;
}

/** The selected rows as a set of the caller's own. */
export function liveMask(view: SegmentView, { mask, ranges }: Selection): Bitset {
  if (mask !== undefined) return mask.copy();
  const all = rangesMask(view.rows, ranges ?? [{ from: 0, to: view.rows }]);
  return all.andNot(sized(view.dead, view.rows));
}

function rangesMask(rows: number, ranges: readonly Pick<CategoryRange, 'from' | 'to'>[]): Bitset {
  const mask = new Bitset(rows);
  for (const { from, to } of ranges) mask.addRange(from, to);
  return mask;
}

/** A write buffer's bitmap has room for rows to come. */
function sized(set: Bitset, rows: number): Bitset {
  return set.size === rows ? set : new Bitset(rows, set.words.subarray(0, (rows + 31) >>> 5));
}
