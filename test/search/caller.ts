import { ByteBudget } from '../../src/core/byte-budget.js';
import type { SearchCaller } from '../../src/search/search-types.js';

/** A caller that stays, and whose bytes are bounded by `limitBytes` alone. */
export function anyCaller(
  signal = new AbortController().signal,
  limitBytes = Infinity,
): SearchCaller {
  const budget = new ByteBudget({ what: 'replies', limitBytes });
  return { signal, bytes: budget.lease('shop') };
}
