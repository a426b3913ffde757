import type { Bitset } from '../../index/bitset.js';
import type { SegmentView } from '../../index/segment-view.js';
import type { Columns } from '../asked-filter.js';
import type { PlannedStep } from '../search-trace.js';
import type { Selection } from '../selection.js';
import type { ViewText } from '../words/view-text.js';

/** A segment or write buffer, with what of it all views of a search have in common. */
export interface Block {
  view: SegmentView;
  /** Of every field that the search is about. */
  columns: Columns;
  /** The live rows of the partitions asked for. */
  selection: Selection;
  /** The same as a set: not to be changed. */
  rows: Bitset;
  /** Undefined where words do not matter. */
  words: ViewText | undefined;
}

/** A step over some rows of a block, as an explanation shows it. */
export function describePart(
  { view }: Block,
  plan: PlannedStep['plan'],
  rows: Bitset,
): PlannedStep {
  return { block: view.name, categories: null, matches: rows.count(), plan, rows: view.rows };
}

/** Units of work of an operation on a set of so many rows. */
export function setUnits(rows: number): number {
  return 1 + rows / ROWS_A_UNIT;
}

const ROWS_A_UNIT = 256;
