import type { JsonValue, Product } from '../core/product.js';
import type { StoredDocument, StoreReader } from '../store/store.js';
import { shownFields } from '../tenancy/narrowed-catalogue.js';
import { fieldValue } from '../text/field-text.js';
import type { FoundHit } from './merge-hits.js';
import { DIVERSE_POOL } from './page.js';
import { RERANK_WINDOW } from './rerank.js';
import type { SearchRequest } from './search-types.js';

/**
 * At most `limit` hits of one value among the first window: what is too many of a value comes behind it, in
 * its order. Products without a value are not alike.
 */
export async function diversify(
  hits: readonly FoundHit[],
  { field, limit }: { field: string; limit: number },
  { tenant, narrowing }: Pick<SearchRequest, 'tenant' | 'narrowing'>,
  store: Pick<StoreReader, 'documents' | 'documentsAtOnce'>,
): Promise<FoundHit[]> {
  const pool = hits.slice(0, DIVERSE_POOL);
  const documents: (StoredDocument | undefined)[] = [];
  for (let at = 0; at < pool.length; at += store.documentsAtOnce) {
    const ids = pool.slice(at, at + store.documentsAtOnce).map(({ id }) => id);
    documents.push(...(await store.documents(tenant, ids)));
  }
  const taken = new Map<JsonValue, number>();
  const first: FoundHit[] = [];
  const behind: FoundHit[] = [];
  pool.forEach((hit, i) => {
    const product = documents[i]?.product;
    const shown = product && (shownFields(narrowing, product) as Product);
    const values = shown === undefined ? [] : [fieldValue(shown, field) ?? []].flat();
    const isAlike = values.some((value) => (taken.get(value) ?? 0) >= limit);
    if (isAlike || first.length >= RERANK_WINDOW) {
      behind.push(hit);
      return;
    }
    first.push(hit);
    for (const value of values) taken.set(value, (taken.get(value) ?? 0) + 1);
  });
  return [...first, ...behind, ...hits.slice(DIVERSE_POOL)];
}
