import { TopK } from '../core/top-k.js';
import type { SearchLeafReply } from '../protocol/messages.js';
import { hitsOf, type PartialHit } from '../query/leaf-result.js';
import type { Position } from '../store/store.js';

/** What all shards found together. */
export interface Merged {
  /** Best first. */
  hits: PartialHit[];
  /** No match is beyond these. */
  exhausted: boolean;
  /** What of the feed each shard had applied when it answered; undefined where it did not say. */
  positions: (Position | undefined)[];
}

/** The `k` best of all answers. */
export function mergeAnswers(answers: readonly SearchLeafReply[], k: number): Merged {
  const lists = answers.map(({ hits }) => hitsOf(hits));
  const held = lists.reduce((sum, list) => sum + list.length, 0);
  return {
    hits: mergeHits(lists, k),
    exhausted: held <= k && !answers.some(({ more }) => more),
    positions: answers.map(({ position }) => position),
  };
}

/**
 * The `k` best of all shards' hits, best first. While a partition moves, two shards may know a
 * product: the newer version counts, whatever its score.
 */
export function mergeHits(lists: readonly (readonly PartialHit[])[], k: number): PartialHit[] {
  const newest = new Map<string, PartialHit>();
  for (const hits of lists) {
    for (const hit of hits) {
      const seen = newest.get(hit.id);
      if (seen === undefined || hit.version > seen.version) newest.set(hit.id, hit);
    }
  }
  const top = new TopK<PartialHit>(k);
  for (const hit of newest.values()) top.offer(hit);
  return top.sorted();
}
