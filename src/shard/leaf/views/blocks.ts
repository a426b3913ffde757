import type { Budget } from '../../../core/budget.js';
import type { Filter } from '../../../filter/filter.js';
import { Bitset } from '../../index/bitset.js';
import type { Searcher } from '../../index/searcher.js';
import type { SegmentView } from '../../index/segment-view.js';
import { AskedFilter } from '../asked-filter.js';
import { columnsOf } from '../columns-of.js';
import type { PartitionSet } from '../partition-set.js';
import { liveMask, liveRows, select } from '../selection.js';
import type { AskedText } from '../words/asked-text.js';
import { ViewText } from '../words/view-text.js';
import { setUnits, type Block } from './block.js';

export interface BlockRequest {
  partitions: PartitionSet;
  /** Of all columns that are needed. */
  fields: readonly string[];
  /** Undefined where words do not matter. */
  text: AskedText | undefined;
  /** Rows that do not match are left out. */
  within: Filter | undefined;
  /** Rows of a later version are left out. */
  until: number | undefined;
}

/** The segments and write buffers that have rows of the partitions asked for. */
export async function blocksOf(
  { views }: Searcher,
  { partitions, fields, within, text, until }: BlockRequest,
  budget: Budget,
): Promise<Block[]> {
  const columns = await columnsOf(views, fields, budget);
  const blocks: Block[] = [];
  const filter = within && new AskedFilter(within);
  for (const [i, view] of views.entries()) {
    if (budget.isSpent()) break;
    let selection = await select(view, partitions, filter, columns[i] ?? NO_COLUMNS, budget);
    if (selection.count === 0) continue;
    let rows = liveRows(view, selection);
    if (until !== undefined && until < latest(view)) {
      rows = liveMask(view, selection);
      await leaveLater(view, rows, until, budget);
      selection = { ...selection, mask: rows, count: rows.count() };
    }
    budget.spend(setUnits(view.rows));
    const words = text && (await ViewText.of(view, text, budget));
    blocks.push({ view, columns: columns[i] ?? NO_COLUMNS, selection, rows, words });
  }
  return blocks;
}

const NO_COLUMNS = new Map();

/** Rows looked at between two looks at the budget. */
const SLICE_ROWS = 16_384;

/** Takes out the rows of a later version. */
async function leaveLater(
  view: SegmentView,
  rows: Bitset,
  until: number,
  budget: Budget,
): Promise<void> {
  for (let from = 0; from < view.rows; from += SLICE_ROWS) {
    const to = Math.min(view.rows, from + SLICE_ROWS);
    for (const row of rows.rows(from, to)) if (view.version(row) > until) rows.delete(row);
    if (budget.spend(to - from) && !(await budget.pause())) {
      rows.and(firstRows(view.rows, to));
      return;
    }
  }
}

function firstRows(size: number, count: number): Bitset {
  const rows = new Bitset(size);
  rows.addRange(0, count);
  return rows;
}

/** The latest version of a segment's rows as of their first walk: most began after all of them were written. */
const latestOf = new WeakMap<object, number>();

function latest(view: SegmentView): number {
  // A write buffer grows.
  if (view.ranges === undefined) return Infinity;
  let latest = latestOf.get(view.terms);
  if (latest === undefined) {
    latest = -Infinity;
    for (let row = 0; row < view.rows; row++) latest = Math.max(latest, view.version(row));
    latestOf.set(view.terms, latest);
  }
  return Math.max(latest, view.latestPrice);
}
