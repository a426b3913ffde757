import type { MatchedWord } from '../../../query/leaf-result.js';
import type { TextQuery } from '../../../query/text-query.js';
import type { SegmentView } from '../../index/segment-view.js';
import { impactOn, type Postings } from '../../index/terms/postings.js';
import type { LeafHit } from '../leaf-hit.js';
import { AskedText, type AskedAlternative } from './asked-text.js';
import { postingsOf } from './view-text.js';

/** For each hit the words that it was found by, of the best alternative of each slot. */
export function matchedWords(hits: readonly LeafHit[], query: TextQuery): MatchedWord[][] {
  const { slots } = new AskedText(query);
  const postings = new KnownPostings();
  return hits.map((hit) =>
    slots.flatMap(({ alternatives }, slot) => {
      let best: MatchedWord[] = [];
      let most = 0;
      for (const alternative of alternatives) {
        const found = matchedBy(hit, postings.of(hit.view, alternative), alternative, slot);
        const least = Math.min(...found.map(({ impact }) => impact));
        const score = found.length === 0 ? 0 : (alternative.scores[least] as number);
        if (score > most) [best, most] = [found, score];
      }
      return best;
    }),
  );
}

/** Those of a write buffer are gathered anew each time that they are asked for. */
class KnownPostings {
  private readonly views = new Map<SegmentView, Map<AskedAlternative, readonly Postings[]>>();

  of(view: SegmentView, alternative: AskedAlternative): readonly Postings[] {
    const known = this.views.get(view) ?? new Map<AskedAlternative, readonly Postings[]>();
    this.views.set(view, known);
    const postings = known.get(alternative) ?? postingsOf(view, alternative.words) ?? [];
    known.set(alternative, postings);
    return postings;
  }
}

/** All words of the alternative; none where the hit lacks one. */
function matchedBy(
  { row }: LeafHit,
  postings: readonly Postings[],
  { words, weight }: AskedAlternative,
  slot: number,
): MatchedWord[] {
  const matched = postings.map((one, i): MatchedWord => {
    return { slot, word: words[i] as string, impact: impactOn(one, row), weight };
  });
  return matched.every(({ impact }) => impact > 0) ? matched : [];
}
