import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Deadline } from '../core/deadline.js';
import type { JsonObject, JsonValue, Product } from '../core/product.js';
import { matchesProduct } from '../filter/evaluate.js';
import type { Filter } from '../filter/filter.js';
import type { PartialHit } from '../shard-client/shard-fleet.js';
import type { StoreReader } from '../store/store.js';
import type { ReplyBudget } from './reply-budget.js';
import type { Hit } from './search-types.js';

export interface JoinQuery {
  tenant: string;
  topK: number;
  filter: Filter;
  /** Fields to return; undefined for all but the vector. */
  fields: readonly string[] | undefined;
}

export interface Joined {
  hits: Hit[];
  /** The deadline passed on the way: these hits are not all. */
  late: boolean;
}

/**
 * Turns partial hits into hits with the store's documents, which have the last word: what the store
 * no longer holds, or what no longer matches the filter, is dropped (invariant 2). Rejects
 * `too_large` when the documents are more than a reply may hold.
 */
export async function joinHits(
  store: StoreReader,
  query: JoinQuery,
  partial: readonly PartialHit[],
  budget: ReplyBudget,
  deadline: Deadline,
): Promise<Joined> {
  const hits: Hit[] = [];
  // The first k are nearly always enough; what they lack is taken from the over-fetch.
  for (let at = 0; at < partial.length && hits.length < query.topK;) {
    if (at > 0) {
      await nextTurn();
      if (deadline.expired) return { hits, late: true };
    }
    const wanted = Math.min(store.documentsAtOnce, query.topK - hits.length);
    const batch = partial.slice(at, at + wanted);
    at += batch.length;
    const products = await readProducts(store, query, batch);
    batch.forEach(({ id, score }, i) => {
      const read = products[i];
      if (read === undefined || !matchesProduct(query.filter, read.document)) return;
      const product = project(read, query.fields);
      budget.take(product);
      hits.push({ id, score, product });
    });
  }
  return { hits, late: false };
}

interface ReadProduct {
  document: Product;
  vector: Float32Array | undefined;
}

async function readProducts(
  store: StoreReader,
  { tenant, fields }: JoinQuery,
  batch: readonly PartialHit[],
): Promise<(ReadProduct | undefined)[]> {
  const ids = batch.map(({ id }) => id);
  if (fields?.includes('vector') === true) {
    const rows = await store.rows(tenant, ids);
    return rows.map((row) => row && { document: row.product, vector: row.vectors.text });
  }
  const versions = batch.map(({ version }) => version);
  const documents = await store.documents(tenant, ids, versions);
  return documents.map((found) => found && { document: found.product, vector: undefined });
}

function project(
  { document, vector }: ReadProduct,
  fields: readonly string[] | undefined,
): JsonObject {
  if (fields === undefined) return document;
  const picked: [string, JsonValue][] = [];
  for (const field of fields) {
    if (field === 'vector' && vector !== undefined) picked.push([field, Array.from(vector)]);
    else if (Object.hasOwn(document, field)) picked.push([field, document[field] as JsonValue]);
  }
  return Object.fromEntries(picked);
}
