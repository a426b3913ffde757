import type { Budget } from '../../../core/budget.js';
import type { LeafView } from '../../../query/result-set.js';
import { Bitset } from '../../index/bitset.js';
import type { SegmentView } from '../../index/segment-view.js';
import { everything } from '../selection.js';
import { hashedRows } from '../set/hashed-rows.js';
import { setUnits, type Block } from './block.js';
import type { Matches } from './matches.js';
import { CategoriesPart, rowsOf, type ViewPart, type ViewTask } from './view-task.js';

/** The rows of each view, of those that any may show. */
export async function tasksOf(
  views: readonly LeafView[],
  shown: readonly ViewPart[],
  matches: Matches,
  budget: Budget,
): Promise<ViewTask[]> {
  const tasks: ViewTask[] = [];
  for (const view of views) {
    const parts: ViewPart[] = [];
    let total = 0;
    for (const { block, rows: all, near } of shown) {
      if (budget.isSpent()) break;
      const part = ofWholeCategories(block, all, view) ?? {
        ...{ block, rows: await viewRows(block, all, view, matches, budget), near },
      };
      const count = rowsOf(part);
      if (count > 0) parts.push(part);
      total += count;
    }
    tasks.push({ view, parts, total });
  }
  return tasks;
}

/** Undefined where it takes a look at each row to tell which are shown. */
function ofWholeCategories(
  block: Block,
  shown: Bitset,
  { filter, categories, only }: LeafView,
): ViewPart | undefined {
  const { view, selection } = block;
  const isByCategory = categories !== undefined && filter === undefined && only === undefined;
  if (!isByCategory || shown !== block.rows || selection.mask !== undefined) return undefined;
  const sorted = selection.ranges ?? view.ranges;
  if (sorted === undefined) return undefined;
  const ranges = sorted.filter(({ category }) => categories.includes(category));
  return new CategoriesPart(block, everything(view, ranges));
}

/**
 * The rows of a block that a view shows: of `shown`, what all views have in common, itself or a copy. Some of them,
 * where the budget is spent first.
 */
async function viewRows(
  block: Block,
  shown: Bitset,
  { filter, categories, only }: LeafView,
  matches: Matches,
  budget: Budget,
): Promise<Bitset> {
  if (categories === undefined && only === undefined && filter === undefined) return shown;
  const rows = shown.copy();
  if (categories !== undefined) rows.and(ofCategories(block.view, new Set(categories)));
  if (only !== undefined) {
    const wanted = new Bitset(rows.size);
    for (const row of await hashedRows(block.view, only, budget)) wanted.add(row);
    rows.and(wanted);
  }
  budget.spend(setUnits(rows.size));
  if (filter !== undefined && rows.count() > 0) await matches.keep(rows, filter, block);
  return rows;
}

function ofCategories(view: SegmentView, wanted: ReadonlySet<string>): Bitset {
  const rows = new Bitset(view.rows);
  for (const { category, from, to } of view.ranges ?? []) {
    if (wanted.has(category)) rows.addRange(from, to);
  }
  const { names, codes } = view.categoryCodes ?? { names: [], codes: [] };
  const isWanted = names.map((name) => wanted.has(name));
  if (isWanted.includes(true)) {
    for (let row = 0; row < view.rows; row++) {
      if (isWanted[codes[row] as number] === true) rows.add(row);
    }
  }
  return rows;
}
