import type { Budget } from '../../../core/budget.js';
import type { Filter } from '../../../filter/filter.js';
import type { Bitset } from '../../index/bitset.js';
import type { SegmentView } from '../../index/segment-view.js';
import { AskedFilter } from '../asked-filter.js';
import { columnsOf } from '../columns-of.js';
import type { PartitionSet } from '../partition-set.js';
import { liveMask, select, selectPartitions } from '../selection.js';

/** By the partitions and the dead rows of a segment: worked out once while both stand. */
const kept = new WeakMap<PartitionSet, WeakMap<Bitset, SegmentView>>();

/**
 * `views` as if only the rows of `partitions` were there: a node may hold rows that another one is asked
 * for. Those that were looked at, when the budget is spent first.
 */
export async function viewsWithin(
  views: readonly SegmentView[],
  partitions: PartitionSet,
  budget: Budget,
): Promise<SegmentView[]> {
  const within: SegmentView[] = [];
  for (const view of views) within.push(await viewWithin(view, partitions, budget));
  return within.filter(({ rows, deadCount }) => rows > deadCount);
}

async function viewWithin(
  view: SegmentView,
  partitions: PartitionSet,
  budget: Budget,
): Promise<SegmentView> {
  let known = kept.get(partitions);
  if (known === undefined) {
    known = new WeakMap();
    kept.set(partitions, known);
  }
  const before = known.get(view.dead);
  if (before !== undefined) return before;
  const within = view.withOnly(liveMask(view, await selectPartitions(view, partitions, budget)));
  // A write buffer goes on, and what the budget cut short is not all.
  if (view.ranges !== undefined && !budget.isSpent()) known.set(view.dead, within);
  return within;
}

/** The same, as if only those of its rows that match were there. */
export async function viewsMatching(
  views: readonly SegmentView[],
  partitions: PartitionSet,
  filter: Filter,
  budget: Budget,
): Promise<SegmentView[]> {
  const asked = new AskedFilter(filter);
  const columns = await columnsOf(views, asked.fields, budget);
  const matching: SegmentView[] = [];
  for (const [i, view] of views.entries()) {
    const selection = await select(view, partitions, asked, columns[i] ?? new Map(), budget);
    if (selection.count > 0) matching.push(view.withOnly(liveMask(view, selection)));
  }
  return matching;
}
