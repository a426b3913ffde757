import type { FeedPage, Position, StoreReader } from './store.js';

/** Between two looks at a feed that stands still before something that is written. */
const LOOK_AGAIN_MS = 100;

/** Pages of what was written during a reading: whoever has not met the end by then is slower than those who write. */
const MAX_MORE_PAGES = 64;

/**
 * The pages of a tenant's feed behind `after` (undefined: from its start), up to what was written
 * before the first was read: under steady writes the end of the feed may never be met.
 *
 * A page may be `expired`, that is without entries: whoever goes on then gets the feed from its
 * start, and has to forget what the pages before have said.
 *
 * From its start on the feed is read until no product can be missing. The feed has each product at its latest
 * version alone, so one that is written again before its page is read is met behind what was written before;
 * and there the feed may stand still for a while, where a writer has died (decision 0014). Whoever has read up to a
 * position before has an older version of it meanwhile; who begins has none, and waits, with empty pages.
 */
export async function* feedPages(
  store: StoreReader,
  tenant: string,
  after: Position | undefined,
  limit: number,
  maxBytes?: number,
): AsyncGenerator<FeedPage, void> {
  let goal = await store.head(tenant);
  let position = after;
  let isFull = after === undefined;
  /** Read since all was met that was there when the reading began. */
  let morePages = 0;
  let isPastStart = false;
  for (;;) {
    const page = await store.readFeed(tenant, position, limit, maxBytes);
    yield page;
    if (page.expired) {
      [position, isFull] = [undefined, true];
      continue;
    }
    position = page.position;
    const isThere = store.covers(position, goal);
    isPastStart ||= isThere;
    if (isPastStart) morePages += 1;
    if (!isFull && (isThere || page.atEnd)) return;
    if (isFull && isThere) {
      goal = await store.head(tenant);
      const isAll = page.atEnd && store.covers(position, goal);
      if (isAll || morePages >= MAX_MORE_PAGES) return;
    } else if (page.atEnd) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
