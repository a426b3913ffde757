import { compareBytes } from '../core/ids.js';
import {
  fusedScore,
  type HitColumns,
  type HitScores,
  type MatchedWord,
  type PartialHit,
} from '../query/leaf-result.js';
import { compareSorted, type SortKey, type SortValue } from '../query/sort.js';

/** A hit, with what its score consists of and what orders it. */
export interface FoundHit extends PartialHit {
  /** Undefined for a search by vector. */
  scores?: HitScores;
  /** What kind of product it is, see `HitTypes`. */
  type?: Uint8Array | undefined;
  /** What it matched by, where an explanation was asked for. */
  matched?: readonly MatchedWord[] | undefined;
  /** Of the order asked for, or the score as shards know it: where a walk goes on behind it. */
  keys: readonly SortValue[];
  /** It is not of the result set, but near. */
  isWidened?: true;
  /** Where hits are grouped: what its group is. */
  group?: FoundGroup;
}

/** Products of the result set that have one value of a field. */
interface FoundGroup {
  /** Null: a product without a value, by itself. */
  value: string | number | boolean | null;
  /** Products in it. */
  size: number;
  /** The first of them, in the order asked for. */
  members: readonly FoundHit[];
}

/** What makes a score: a text's words and meaning together, a text's meaning alone, or a vector. */
export type MergeOrder = 'fused' | 'meaning' | 'vector';

/**
 * The `k` first of all shards' hits. While a partition moves, two shards may know a product: the newer
 * version counts, wherever it stands.
 */
export function mergeHits(
  found: readonly FoundHit[][],
  k: number,
  sort: readonly SortKey[] = [],
): FoundHit[] {
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.length > k ? only.slice(0, k) : only;
  const isNewest = newestOf(found);
  const compare = orderOf(sort);
  const merged: FoundHit[] = [];
  const heads = found.map(() => 0);
  while (merged.length < k) {
    let best = -1;
    for (let i = 0; i < found.length; i++) {
      const hit = found[i]?.[heads[i] as number];
      if (hit === undefined) continue;
      const other = best === -1 ? undefined : found[best]?.[heads[best] as number];
      if (other === undefined || compare(hit, other) < 0) best = i;
    }
    if (best === -1) break;
    const hit = found[best]?.[heads[best] as number] as FoundHit;
    heads[best] = (heads[best] as number) + 1;
    if (isNewest(hit)) merged.push(hit);
  }
  return merged;
}

const BY_SCORE: readonly SortKey[] = [{ field: '_score', order: 'desc' }];

/** By values that products have, missing ones last whatever the direction; ties by id. Of no keys: by score. */
function orderOf(sort: readonly SortKey[]): (a: FoundHit, b: FoundHit) => number {
  const keys = sort.length === 0 ? BY_SCORE : sort;
  return (a, b) => compareSorted(keys, a.keys, b.keys) || compareBytes(a.id, b.id);
}

/** Whether a hit is the newest version of its product, and the first of that. */
function newestOf(lists: readonly (readonly FoundHit[])[]): (hit: FoundHit) => boolean {
  const newest = new Map<string, FoundHit>();
  for (const hit of lists.flat()) {
    const seen = newest.get(hit.id);
    if (seen === undefined || hit.version > seen.version) newest.set(hit.id, hit);
  }
  return (hit) => newest.get(hit.id) === hit;
}

/** Columns as hits, one by one. */
export function foundHits(
  { ids, versions, types, scores, sort }: HitColumns,
  matched: readonly (readonly MatchedWord[])[] | undefined,
  order: MergeOrder,
): FoundHit[] {
  return ids.map((id, i) => {
    const text = scores.text?.[i] ?? 0;
    const vector = scores.vector?.[i] ?? 0;
    const exact = scores.exact?.[i] ?? 0;
    const boost = scores.boost?.[i] ?? 0;
    const isText = scores.text !== undefined;
    const rank = isText ? fusedScore(text, vector, exact, boost) : vector + boost;
    const hit: FoundHit = {
      id,
      version: versions[i] as number,
      score: order === 'fused' ? rank : vector + boost,
      keys: sort?.map((values) => values[i] ?? null) ?? [rank],
    };
    if (order === 'vector') return hit;
    hit.scores = { text, vector, type: 0, exact };
    if (scores.boost !== undefined) hit.scores.boost = boost;
    hit.type = types?.sets[types.of[i] as number];
    hit.matched = matched?.[i];
    return hit;
  });
}
