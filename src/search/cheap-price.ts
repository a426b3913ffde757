import type { Filter } from '../filter/filter.js';
import type { StoredDocument } from '../store/store.js';

/** So many of the best hits tell which prices are low. */
export const PRICED_HITS = 200;
/** The lowest third is cheap. */
const CHEAP_SHARE = 1 / 3;

/** The prices of those products that have one. */
export function pricesOf(documents: readonly (StoredDocument | undefined)[]): number[] {
  return documents
    .flatMap((document) => document?.product['price'] ?? [])
    .filter((price) => typeof price === 'number');
}

/** Up to which of these prices a product counts as cheap; undefined where there is none. */
export function cheapPrice(prices: readonly number[]): number | undefined {
  const sorted = prices.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * CHEAP_SHARE) - 1)];
}

export function upToPrice(value: number): Filter {
  return { kind: 'range', field: 'price', op: 'lte', value };
}
