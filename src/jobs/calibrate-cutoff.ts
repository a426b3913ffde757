import { Budget } from '../core/budget.js';
import { Deadline } from '../core/deadline.js';
import { hashId } from '../core/ids.js';
import { score } from '../core/vector.js';
import type { Encoder } from '../embedding/encoder.js';
import { feedPages } from '../store/feed-pages.js';
import type { StoreReader, StoredRow } from '../store/store.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';

/** With fewer products the model's own cutoff serves. */
const LEAST_PRODUCTS = 1_000;
/** Calibrated anew once the catalogue is so many times larger. */
const GROWTH = 2;
const SAMPLED = 400;
/** Of a larger feed its beginning is sampled. */
const MAX_ENTRIES = 200_000;
const PAGE_ENTRIES = 1_000;
const ROWS_AT_ONCE = 100;
/** A query and a product of another kind are as near as this in one of a hundred cases. */
const QUANTILE = 0.99;
/** Steps of the histogram between -1 and 1. */
const STEPS = 2_000;
/** To compare two vectors, in units of work. */
const UNITS_A_PAIR = 4;

export interface CalibrationDeps {
  store: StoreReader;
  tenants: Pick<TenantDirectory, 'find' | 'keepCutoff'>;
  encoder: Encoder;
}

/**
 * Finds out for a catalogue how near a query is to what it does not mean: two neighbouring words of a
 * title, which are a query as shoppers type it, against products of other categories. What only one in
 * a hundred of those pairs reaches is the cutoff. It needs no judgments, and does not depend on how large
 * the catalogue is. Nothing is done while an earlier one still holds.
 */
export async function calibrateCutoff(
  { store, tenants, encoder }: CalibrationDeps,
  tenant: string,
  signal: AbortSignal,
): Promise<void> {
  const { fingerprint } = encoder.model;
  const record = await tenants.find(tenant);
  const { products } = await store.usage(tenant);
  const known = record?.cutoff;
  const holds = known?.model === fingerprint && products < GROWTH * known.products;
  if (record === undefined || holds || products < LEAST_PRODUCTS) return;
  const sample = await sampleOf(store, tenant, fingerprint, signal);
  const inputs = sample.map(({ product }) => {
    return { title: queryOf(product.id, product.title), brand: '', category: '', description: '' };
  });
  const queries = await encoder.embedProducts(inputs, { tenant, signal });
  const cosine = await unrelatedCosine(sample, queries, signal);
  if (cosine === undefined) return;
  await tenants.keepCutoff(tenant, { cosine, model: fingerprint, products });
}

/** Live products, the same whenever it is asked: those whose ids have the smallest hashes. */
async function sampleOf(
  store: StoreReader,
  tenant: string,
  model: string,
  signal: AbortSignal,
): Promise<StoredRow[]> {
  let first: { id: string; hash: number }[] = [];
  let seen = 0;
  const cut = (): void => {
    first = first.sort((a, b) => a.hash - b.hash).slice(0, SAMPLED);
  };
  for await (const { entries, expired } of feedPages(store, tenant, undefined, PAGE_ENTRIES)) {
    signal.throwIfAborted();
    if (expired) first = [];
    for (const { id, deleted } of entries) if (!deleted) first.push({ id, hash: hashId(id) });
    cut();
    seen += entries.length;
    if (seen >= MAX_ENTRIES) break;
  }
  const rows: StoredRow[] = [];
  for (let at = 0; at < first.length; at += ROWS_AT_ONCE) {
    signal.throwIfAborted();
    const ids = first.slice(at, at + ROWS_AT_ONCE).map(({ id }) => id);
    for (const row of await store.rows(tenant, ids)) if (row?.model === model) rows.push(row);
  }
  return rows;
}

/** Two neighbouring words of a title. */
function queryOf(id: string, title: string): string {
  const words = title.split(/\s+/);
  const at = hashId(id) % Math.max(1, words.length - 1);
  return words.slice(at, at + 2).join(' ');
}

/** Undefined where all are of one category. */
async function unrelatedCosine(
  rows: readonly StoredRow[],
  queries: readonly Float32Array[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const budget = new Budget(Deadline.after(Infinity), { signal });
  const counts = new Uint32Array(STEPS + 1);
  let pairs = 0;
  for (const [i, query] of queries.entries()) {
    const { category } = (rows[i] as StoredRow).product;
    for (const { product, vectors } of rows) {
      if (product.category === category) continue;
      const cosine = score(query, vectors.text);
      const step = Math.round(((Math.min(1, Math.max(-1, cosine)) + 1) / 2) * STEPS);
      counts[step] = (counts[step] as number) + 1;
      pairs += 1;
    }
    if (budget.spend(UNITS_A_PAIR * rows.length) && !(await budget.pause())) {
      signal.throwIfAborted();
    }
  }
  if (pairs === 0) return undefined;
  let below = 0;
  let step = 0;
  while (below + (counts[step] as number) < QUANTILE * pairs) below += counts[step++] as number;
  return (2 * step) / STEPS - 1;
}
