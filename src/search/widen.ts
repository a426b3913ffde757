import { ENOUGH } from '../query/result-set.js';
import type { TextQuery } from '../query/text-query.js';
import type { AskedShards } from './ask-shards.js';
import type { Asked } from './asked.js';
import type { Looked } from './look.js';
import type { FoundHit } from './merge-hits.js';
import { mergeView } from './merge-view.js';
import type { SearchRun } from './search-run.js';
import { filterOf, viewOf } from './views.js';

/** Whether a page shows products near to the query besides those of its result set, of which there are too few. */
export function isTooFew(
  { request, shop, walk }: SearchRun,
  { order }: Asked,
  { main, chosen }: Looked,
  { vector }: AskedShards,
): boolean {
  const isFirst = shop.from === 0 && walk?.at === undefined;
  const byMeaning = order === 'fused' && vector !== undefined && chosen?.isNamed === false;
  const isPlain = shop.sort.length === 0 && shop.group === undefined;
  return main.total < Math.min(ENOUGH, request.topK) && isFirst && byMeaning && isPlain;
}

/** The nearest products that match the filter, above the text's cutoff, as many as are missing to enough. */
export async function widened(
  run: SearchRun,
  asked: Asked,
  shards: AskedShards,
  inSet: readonly FoundHit[],
): Promise<FoundHit[]> {
  const view = viewOf(filterOf(run, asked), ENOUGH + inSet.length);
  const { answers } = await shards.ask({ views: [view], text: boundsOf(asked.words) });
  const known = new Set(inSet.map(({ id }) => id));
  const { cutoff = -Infinity } = asked.words ?? {};
  return mergeView(answers, 0, view, 'meaning')
    .hits.filter(({ id, scores, score }) => !known.has(id) && (scores?.vector ?? score) >= cutoff)
    .slice(0, ENOUGH - inSet.length)
    .map((hit) => ({
      ...hit,
      scores: { text: 0, vector: hit.score, type: 0, exact: 0 },
      isWidened: true,
    }));
}

/** What of the words every hit obeys; undefined where nothing does. */
function boundsOf(words: TextQuery | undefined): TextQuery | undefined {
  if (words?.phrases === undefined && words?.excluded === undefined) return undefined;
  const { phrases, excluded, analyzer, generation } = words;
  return {
    ...{ slots: [], analyzer, generation },
    ...(phrases === undefined ? {} : { phrases }),
    ...(excluded === undefined ? {} : { excluded }),
  };
}
