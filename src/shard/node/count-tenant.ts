import type { Budget } from '../../core/budget.js';
import type { CountWords, WordCounts } from '../../protocol/messages.js';
import { countWords } from '../leaf/words/count-words.js';
import type { CountableTenant } from './partition-choice.js';
import { checkServed } from './search-tenant.js';
import type { SearchTools } from './search-tools.js';

/** Answers the first phase of a search by words, as of the turn in which it begins. */
export async function countTenant(
  request: CountWords,
  budget: Budget,
  tenant: CountableTenant,
  { model, pins }: Pick<SearchTools, 'model' | 'pins'>,
): Promise<WordCounts> {
  const startedMs = performance.now();
  const { index, allReady: ready, assignment } = tenant;
  checkServed({ model: request.model, words: request }, index, model);
  const searcher = index.searcher();
  const { live } = searcher;
  let pinned: string | undefined;
  try {
    const counted = await countWords(searcher, request, budget);
    if (request.pin === true && live > 0) {
      pinned = pins.keep(index, searcher, budget.deadline.remainingMs());
    }
    return {
      type: 'word-counts',
      live,
      ...counted,
      ready,
      counter: assignment.counter,
      timedOut: budget.wasSpent,
      tookMs: performance.now() - startedMs,
      ...(pinned === undefined ? {} : { searcher: pinned }),
    };
  } finally {
    if (pinned === undefined) searcher.release();
  }
}
