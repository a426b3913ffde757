import type { Budget } from '../../core/budget.js';
import type { CountWords, Moved, WordCounts } from '../../protocol/messages.js';
import type { SegmentView } from '../index/segment-view.js';
import { countWords } from '../leaf/words/count-words.js';
import { viewsMatching, viewsWithin } from '../leaf/words/within.js';
import {
  choosePartitions,
  type PartitionChoice,
  type SearchableTenant,
} from './partition-choice.js';
import { checkServed, rowsState } from './search-tenant.js';
import type { SearchTools } from './search-tools.js';

/** Answers the first phase of a search by words, as of the turn in which it begins. */
export async function countTenant(
  request: CountWords,
  budget: Budget,
  tenant: SearchableTenant,
  { model, pins }: Pick<SearchTools, 'model' | 'pins'>,
): Promise<WordCounts | Moved> {
  const startedMs = performance.now();
  const { index, readiness } = tenant;
  const { counter } = readiness.assignment;
  checkServed({ model: request.model, words: request }, index, model);
  // In the same turn, so that rows and placement are of one state.
  const choice = choosePartitions(tenant, request);
  if (choice === undefined) return { type: 'moved', counter };
  const { refused } = choice;
  const searcher = index.searcher();
  const state = rowsState(index, counter);
  let pinned: string | undefined;
  try {
    const { views } = searcher;
    const counting = await countedViews(request, views, choice, budget);
    const live = counting.reduce((sum, { rows, deadCount }) => sum + rows - deadCount, 0);
    const counted = await countWords(counting, request, budget);
    if (request.pin === true && live > 0) {
      pinned = pins.keep(index, searcher, budget.deadline.remainingMs());
    }
    return {
      type: 'word-counts',
      live,
      ...counted,
      ready: refused.length === 0,
      ...(refused.some(({ reason }) => reason === 'wrong_shard') ? { hasMoved: true } : {}),
      counter,
      timedOut: budget.wasSpent,
      tookMs: performance.now() - startedMs,
      ...state,
      ...(pinned === undefined ? {} : { searcher: pinned }),
    };
  } finally {
    if (pinned === undefined) searcher.release();
  }
}

/** As if only the rows were there that the request is about. */
async function countedViews(
  { within }: CountWords,
  views: readonly SegmentView[],
  { partitions, isAll }: Pick<PartitionChoice, 'partitions' | 'isAll'>,
  budget: Budget,
): Promise<readonly SegmentView[]> {
  if (within !== undefined) return viewsMatching(views, partitions, within, budget);
  return isAll ? views : viewsWithin(views, partitions, budget);
}
