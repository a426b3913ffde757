import { Cancellation } from '../core/cancellation.js';
import { ByteBudget } from '../core/byte-budget.js';
import { MATCH_ALL } from '../filter/filter.js';
import type { RootSearch } from './root-search.js';

/** It ends then, however slow the machine. */
const MOST_MS = 200;
/** No tenant's name. */
const NOBODY = '*';
const TEXTS = [
  'wireless mouse under $20',
  'usb-c cable 2 m not black',
  'kyeboard',
  'X200 laptop 16 GB',
  'cheap headphones',
];

/**
 * Searches the empty catalogue of nobody again and again for a moment: until code has run some hundred
 * times it is a multiple slower, and the first callers after a start would wait for it.
 */
export async function warmUp(search: Pick<RootSearch, 'search'>): Promise<void> {
  const signal = new Cancellation();
  const bytes = new ByteBudget({ what: 'replies', limitBytes: 1 << 20 }).lease(NOBODY);
  const endMs = performance.now() + MOST_MS;
  const how = { filter: MATCH_ALL, fields: undefined, exact: false, explain: false };
  for (let i = 0; performance.now() < endMs; i++) {
    const query = TEXTS[i % TEXTS.length] ?? '';
    const request = { tenant: NOBODY, query, topK: 10, timeoutMs: MOST_MS, ...how };
    await search.search(request, { signal, bytes }).catch(() => undefined);
  }
}
