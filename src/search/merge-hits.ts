import { TopK } from '../core/top-k.js';
import type { PartialHit } from '../shard-client/shard-fleet.js';

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
