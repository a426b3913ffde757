import { TopK } from '../core/top-k.js';
import type { SearchLeafReply } from '../protocol/messages.js';
import {
  fusedScore,
  hitsOf,
  type HitScores,
  type MatchedWord,
  type PartialHit,
} from '../query/leaf-result.js';

/** A hit of a text, with what its score consists of. */
export interface FoundHit extends PartialHit {
  /** Undefined for a search by vector. */
  scores?: HitScores;
  /** What kind of product it is, see `HitTypes`. */
  type?: Uint8Array | undefined;
  /** What it matched by, where an explanation was asked for. */
  matched?: readonly MatchedWord[] | undefined;
}

/** What all shards found together. */
export interface Merged {
  /** Best first. */
  hits: FoundHit[];
  /** No match is beyond these. */
  exhausted: boolean;
}

/** What orders the hits: a text's words and meaning together, a text's meaning alone, or a vector. */
export type MergeOrder = 'fused' | 'meaning' | 'vector';

/** The `k` best of all answers. */
export function mergeAnswers(
  answers: readonly SearchLeafReply[],
  k: number,
  order: MergeOrder,
): Merged {
  const lists = answers.map((answer) =>
    order === 'vector' ? hitsOf(answer.hits) : textHits(answer, order),
  );
  const held = lists.reduce((sum, list) => sum + list.length, 0);
  return {
    hits: mergeHits(lists, k),
    exhausted: held <= k && !answers.some(({ more }) => more),
  };
}

/**
 * The `k` best of all shards' hits, best first. While a partition moves, two shards may know a
 * product: the newer version counts, whatever its score.
 */
export function mergeHits<T extends PartialHit>(lists: readonly (readonly T[])[], k: number): T[] {
  const newest = new Map<string, T>();
  for (const hits of lists) {
    for (const hit of hits) {
      const seen = newest.get(hit.id);
      if (seen === undefined || hit.version > seen.version) newest.set(hit.id, hit);
    }
  }
  const top = new TopK<T>(k);
  for (const hit of newest.values()) top.offer(hit);
  return top.sorted();
}

/**
 * Where the first hit is named by the query, those that share no word with it are left out: who types a
 * model number wants no neighbours of its meaning.
 */
export function namedFirst(merged: Merged): Merged {
  if ((merged.hits[0]?.scores?.exact ?? 0) === 0) return merged;
  const hits = merged.hits.filter(({ scores }) => scores?.text !== 0 || scores.exact !== 0);
  return { hits, exhausted: merged.exhausted || hits.length < merged.hits.length };
}

function textHits(
  { hits, explanation }: SearchLeafReply,
  order: Exclude<MergeOrder, 'vector'>,
): FoundHit[] {
  const { ids, versions, types } = hits;
  return ids.map((id, i) => {
    const text = hits.scores.text?.[i] ?? 0;
    const vector = hits.scores.vector?.[i] ?? 0;
    const exact = hits.scores.exact?.[i] ?? 0;
    return {
      id,
      version: versions[i] as number,
      score: order === 'meaning' ? vector : fusedScore(text, vector, exact),
      scores: { text, vector, type: 0, exact },
      type: types?.sets[types.of[i] as number],
      matched: explanation?.matched?.[i],
    };
  });
}
