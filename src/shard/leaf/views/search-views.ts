import type { Budget } from '../../../core/budget.js';
import type { Searcher } from '../../index/searcher.js';
import { REFERENCE_COSTS } from '../cost-model.js';
import type { PartitionSet } from '../partition-set.js';
import { choose, type ChosenRows, type ChoosingRun } from '../set/choose.js';
import { AskedText } from '../words/asked-text.js';
import { blocksOf } from './blocks.js';
import { Looking, type ViewFound } from './looking.js';
import { shownRows } from './shown-rows.js';
import { neededFields, type ViewRequest } from './view-request.js';
import { tasksOf } from './view-rows.js';

export interface ViewsFound {
  chosen: ChosenRows | undefined;
  views: ViewFound[];
  /** The budget ended first: everything is as far as it was found until then. */
  timedOut: boolean;
}

/**
 * Looks at one result set of the live rows of `partitions`, which it chooses first where it is asked to, in each
 * of several ways: what does not depend on the way is done once.
 */
export async function searchViews(
  searcher: Searcher,
  partitions: PartitionSet,
  request: ViewRequest,
  budget: Budget,
): Promise<ViewsFound> {
  const { choose: choice, within, until } = request;
  const text = request.text && new AskedText(request.text);
  const about = { partitions, fields: neededFields(request), within, text, until };
  const blocks = await blocksOf(searcher, about, budget);
  const cutoff = text?.cutoff ?? -Infinity;
  const chosen = choice && (await choose(blocks, choice, cutoff, choosingRun(request, budget)));
  const shown = await shownRows(blocks, request, text, chosen, budget);
  const looking = new Looking(request, budget);
  const tasks = await tasksOf(request.views, shown, looking.matches, budget);
  return { chosen, views: await looking.all(tasks), timedOut: budget.wasSpent };
}

/** What graphs find is of the set as long as they are: by what a scan took lately it would come and go. */
function choosingRun(request: ViewRequest, budget: Budget): ChoosingRun {
  const { vector, exact, trace, within } = request;
  const costs = REFERENCE_COSTS;
  return { vector, exact, costs, trace, ef: 0, budget, filtered: within !== undefined };
}
