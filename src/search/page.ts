import { RERANK_WINDOW } from './rerank.js';
import type { SearchRequest, ShopOptions } from './search-types.js';

/** Hits of the order that are looked at to keep those of one value apart. */
export const DIVERSE_POOL = 200;

/** Hits beyond a page, to refill what the join drops. */
const overFetch = (topK: number): number => topK + 4 + (topK >> 2);

/**
 * How many hits of the order a page takes: those before it, its own, and as many as are ranked anew together,
 * so that every page is a slice of one order. 0 where only counts are asked for.
 */
export function hitsNeeded(
  { topK }: Pick<SearchRequest, 'topK'>,
  { from, diversify, sort }: Pick<ShopOptions, 'from' | 'diversify' | 'sort'>,
  isReranked: boolean,
): number {
  if (topK === 0) return 0;
  const isByScore = sort.length === 0;
  const window = isReranked && isByScore ? RERANK_WINDOW : 0;
  const pool = diversify !== undefined && isByScore ? DIVERSE_POOL : 0;
  return Math.max(from + overFetch(topK), window, pool);
}
