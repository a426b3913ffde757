import { CatalogueDigest } from './digest.js';
import { feedPages } from './feed-pages.js';
import type { FeedPage, StoredHead, StoredRow, StoreReader } from './store.js';

const PAGE_ENTRIES = 256;
const PAGE_BYTES = 8 * 1024 * 1024;

/** A live product with what ingest noted of it. */
export interface FullRow {
  row: StoredRow;
  head: StoredHead;
}

/** A tenant's feed from its start to its head; begins again when it expires. */
export function catalogueFeed(store: StoreReader, tenant: string): AsyncGenerator<FeedPage, void> {
  return feedPages(store, tenant, undefined, PAGE_ENTRIES, PAGE_BYTES);
}

/** Those of `ids` that are live, with everything that is stored of them. */
export async function readFull(
  store: StoreReader,
  tenant: string,
  ids: readonly string[],
): Promise<FullRow[]> {
  const [rows, heads] = await Promise.all([store.rows(tenant, ids), store.heads(tenant, ids)]);
  return rows.flatMap((row, i) => {
    const head = heads[i];
    // Changed between the two reads: its new entry is met further on.
    return row === undefined || head?.version !== row.version ? [] : [{ row, head }];
  });
}

/** Digest and count of a tenant that is not being written meanwhile. */
export async function digestTenant(store: StoreReader, tenant: string): Promise<CatalogueDigest> {
  const digest = new CatalogueDigest();
  for await (const { entries } of catalogueFeed(store, tenant)) {
    const live = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
    for (const { row, head } of await readFull(store, tenant, live)) digest.add(row, head);
  }
  return digest;
}
