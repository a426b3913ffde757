import type { FeedPage, Position, StoreReader, WriteMark } from './store.js';

/** Between two looks at a feed that stands still before something that is written. */
const LOOK_AGAIN_MS = 100;

/** Pages of what was written during a reading: whoever has not met the end by then is slower than those who write. */
const MAX_MORE_PAGES = 64;

/** Where a reading of a tenant's feed is: with it, whoever has it goes on. */
export interface FeedReading {
  /** Undefined: at the start. */
  position: Position | undefined;
  /** What has to be covered before it may end. */
  goal: WriteMark;
  /** From the start, so that no product may be missing. */
  isFull: boolean;
  isPastStart: boolean;
  /** It never ends before the end is met: of an export, which nobody follows on from at once. */
  isExhaustive: boolean;
  /** Read since all was met that was there when the reading began. */
  morePages: number;
}

/** Of the feed behind `after` (undefined: from its start); `isExhaustive`: until nothing can be missing, however long. */
export async function beginReading(
  store: Pick<StoreReader, 'head'>,
  tenant: string,
  after: Position | undefined,
  isExhaustive = false,
): Promise<FeedReading> {
  const goal = await store.head(tenant);
  const isFull = after === undefined;
  return { position: after, goal, isFull, isPastStart: false, isExhaustive, morePages: 0 };
}

/**
 * The next page of a reading, and how it goes on behind that: undefined where nothing can be missing any more.
 * Waits a moment where the feed stands still before its goal.
 */
export async function readOn(
  store: Pick<StoreReader, 'head' | 'readFeed' | 'covers'>,
  tenant: string,
  reading: FeedReading,
  limit: number,
  maxBytes?: number,
): Promise<{ page: FeedPage; next: FeedReading | undefined }> {
  const page = await store.readFeed(tenant, reading.position, limit, maxBytes);
  if (page.expired) return { page, next: { ...reading, position: undefined, isFull: true } };
  const { position } = page;
  const isThere = store.covers(position, reading.goal);
  const isPastStart = reading.isPastStart || isThere;
  const morePages = reading.morePages + (isPastStart ? 1 : 0);
  const next = { ...reading, position, isPastStart, morePages };
  const { isFull, isExhaustive } = reading;
  const isToTheEnd = isFull || isExhaustive;
  if (!isToTheEnd && (isThere || page.atEnd)) return { page, next: undefined };
  if (isToTheEnd && isThere) {
    // Each pass has what was written during the one before: they shrink where the reader is faster.
    next.goal = await store.head(tenant);
    const isAll = page.atEnd && store.covers(position, next.goal);
    const hasEnough = !isExhaustive && morePages >= MAX_MORE_PAGES;
    if (isAll || hasEnough) return { page, next: undefined };
  } else if (page.atEnd) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  return { page, next };
}

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
  store: Pick<StoreReader, 'head' | 'readFeed' | 'covers'>,
  tenant: string,
  after: Position | undefined,
  limit: number,
  maxBytes?: number,
): AsyncGenerator<FeedPage, void> {
  let reading: FeedReading | undefined = await beginReading(store, tenant, after);
  while (reading !== undefined) {
    const { page, next } = await readOn(store, tenant, reading, limit, maxBytes);
    yield page;
    reading = next;
  }
}
