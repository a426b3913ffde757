import type { Deadline } from '../core/deadline.js';
import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { entryOf, pricedProduct } from '../core/price-entries.js';
import type { Product } from '../core/product.js';
import type { StoredRow, StoreReader } from '../store/store.js';
import { shownProduct } from '../tenancy/narrowed-catalogue.js';
import { readInTime } from './failures.js';
import { PLAIN_SHOP, type SearchRequest } from './search-types.js';

/**
 * A search for what is like a product, as one by its vector, without the product itself. Rejects `not_found`
 * for a product that is not there, or that the caller's key hides.
 *
 * @param list number of the price list that counts
 */
export async function byItsVector(
  request: SearchRequest,
  store: Pick<StoreReader, 'rows'>,
  fingerprint: string,
  list: number | undefined,
  deadline: Deadline,
): Promise<SearchRequest> {
  const { similarTo: id, tenant, narrowing, shop = PLAIN_SHOP } = request;
  if (id === undefined) return request;
  const [row] = await readInTime(store.rows(tenant, [id]), deadline, 'the product');
  if (row === undefined || shownProduct(narrowing, productOf(row, list)) === undefined)
    throw new OmniError('not_found', `there is no product ${id}`, { field: 'id' });
  if (row.model !== fingerprint) {
    const details = { retryAfterMs: RETRY_AFTER_MS };
    throw new OmniError('unavailable', 'its vector is of another model', details);
  }
  const hidden = [...shop.hidden, id];
  return { ...request, query: row.vectors.text, shop: { ...shop, hidden } };
}

/** As the list has it. */
function productOf({ product, prices }: StoredRow, list: number | undefined): Product {
  const entry = list === undefined ? undefined : entryOf(prices, list);
  return entry === undefined ? product : pricedProduct(product, entry);
}
