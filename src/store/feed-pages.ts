import type { FeedPage, Position, StoreReader } from './store.js';

/**
 * The pages of a tenant's feed behind `after` (undefined: from its start), up to what was written
 * before the first was read: under steady writes the end of the feed may never be met.
 *
 * A page may be `expired`, that is without entries: whoever goes on then gets the feed from its
 * start, and has to forget what the pages before have said.
 */
export async function* feedPages(
  store: StoreReader,
  tenant: string,
  after: Position | undefined,
  limit: number,
  maxBytes?: number,
): AsyncGenerator<FeedPage, void> {
  const goal = await store.head(tenant);
  let position = after;
  for (;;) {
    const page = await store.readFeed(tenant, position, limit, maxBytes);
    yield page;
    if (!page.expired && (page.atEnd || store.covers(page.position, goal))) return;
    position = page.expired ? undefined : page.position;
  }
}
