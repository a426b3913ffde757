import type { Budget } from '../../core/budget.js';
import { TopK } from '../../core/top-k.js';
import type { Filter } from '../../filter/filter.js';
import type { Searcher } from '../index/searcher.js';
import type { SegmentView } from '../index/segment-view.js';
import { AskedFilter, type Columns } from './asked-filter.js';
import { columnsOf } from './columns-of.js';
import type { LeafHit, LeafRun } from './leaf-hit.js';
import type { PartitionSet } from './partition-set.js';
import { searchVectors, type SelectedView } from './search-vectors.js';
import { select, selectWhole } from './selection.js';

/** What is looked for, whatever rows there are. */
interface LeafRequest extends Omit<LeafRun, 'ef' | 'budget' | 'filtered' | 'codes'> {
  filter: Filter | undefined;
  /** Width of a graph search at least; without it each graph's own. */
  ef?: number;
}

interface LeafResult {
  hits: LeafHit[];
  /** Live rows that match, as far as they were looked at. */
  matches: number;
}

const NO_COLUMNS: Columns = new Map();

/**
 * The k best live matches of `partitions` by vector, best first, in as many turns as the budget cuts them into:
 * all of them see what `searcher` sees. A short search is one turn from here to its end, unless a
 * column must be read first.
 */
export async function leafSearch(
  searcher: Searcher,
  partitions: PartitionSet,
  request: LeafRequest,
  budget: Budget,
): Promise<LeafResult> {
  const { filter, k } = request;
  const asked = filter && new AskedFilter(filter);
  const selected = await selectAll(searcher.views, partitions, asked, budget);
  const run = { ef: 0, ...request, filtered: asked !== undefined, budget };
  const top = new TopK<LeafHit>(k);
  await searchVectors(selected, run, top);
  const matches = selected.reduce((sum, { selection }) => sum + selection.count, 0);
  return { hits: top.sorted(), matches };
}

/** The matches of each view that has any. */
async function selectAll(
  views: readonly SegmentView[],
  partitions: PartitionSet,
  asked: AskedFilter | undefined,
  budget: Budget,
): Promise<SelectedView[]> {
  const columns = asked && (await columnsOf(views, asked.fields, budget));
  const selected: SelectedView[] = [];
  for (const [i, view] of views.entries()) {
    if (budget.isSpent()) break;
    const whole = asked === undefined ? selectWhole(view, partitions) : undefined;
    const selection =
      whole ?? (await select(view, partitions, asked, columns?.[i] ?? NO_COLUMNS, budget));
    if (selection.count > 0) selected.push({ view, selection });
  }
  return selected;
}
