import type { SearchLeafReply } from '../protocol/messages.js';
import type { FacetCounts, LeafView, LeafViewResult } from '../query/result-set.js';
import { mergeFacets } from './merge-facets.js';
import { mergeGroups } from './group-hits.js';
import { foundHits, mergeHits, type FoundHit, type MergeOrder } from './merge-hits.js';

/** What all shards together came to in one view. */
export interface MergedView {
  /** As many as the view asked for, in its order; of groups the first of each. */
  hits: FoundHit[];
  /** Products, or groups, of the set that match the filter. */
  total: number;
  /** No match is beyond these. */
  exhausted: boolean;
  /** One a facet of the view. */
  facets: FacetCounts[];
}

/** View number `at` of all answers, as one. */
export function mergeView(
  answers: readonly SearchLeafReply[],
  at: number,
  { k, sort, facets, group }: LeafView,
  order: MergeOrder,
): MergedView {
  const parts = answers.flatMap(({ views, explanation }) => {
    const result = views[at];
    return result === undefined ? [] : [{ result, matched: explanation?.matched }];
  });
  const results = parts.map(({ result }) => result);
  const common = {
    exhausted: !results.some(({ more }) => more),
    facets: (facets ?? []).map((_, i) => mergeFacets(facetParts(results, i))),
  };
  const lists = parts.map(({ result, matched }) => foundHits(result.hits, matched, order));
  if (group !== undefined) {
    const { heads, total } = mergeGroups(results, lists, sort);
    const exhausted = common.exhausted && heads.length <= k;
    return { ...common, hits: heads.slice(0, k), total, exhausted };
  }
  const held = lists.reduce((sum, list) => sum + list.length, 0);
  return {
    ...common,
    hits: mergeHits(lists, k, sort),
    total: results.reduce((sum, { total }) => sum + total, 0),
    exhausted: common.exhausted && held <= k,
  };
}

function facetParts(results: readonly LeafViewResult[], i: number): FacetCounts[] {
  return results.flatMap(({ facets }) => facets?.[i] ?? []);
}
