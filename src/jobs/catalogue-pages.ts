import type { FeedEntry, StoredHead, StoredRow, StoreReader } from '../store/store.js';
import { CatalogueDigest } from '../store/digest.js';

const PAGE_ENTRIES = 256;

/** A live product with what ingest noted of it. */
export interface FullRow {
  row: StoredRow;
  head: StoredHead;
}

/** A tenant's feed from its start to its end, page by page; begins again when it expires. */
export async function* feedPages(
  store: StoreReader,
  tenant: string,
): AsyncGenerator<FeedEntry[], void> {
  let position: Uint8Array | undefined;
  for (;;) {
    const page = await store.readFeed(tenant, position, PAGE_ENTRIES);
    yield page.entries;
    if (page.atEnd) return;
    position = page.expired ? undefined : page.position;
  }
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
  for await (const entries of feedPages(store, tenant)) {
    const live = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
    for (const { row, head } of await readFull(store, tenant, live)) digest.add(row, head);
  }
  return digest;
}
