import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageOf } from '../../src/backup/backup-source.js';
import { readingCursor } from '../../src/backup/cursors.js';
import { ExportDesk } from '../../src/backup/export-desk.js';
import { digestTenant } from '../../src/store/catalogue-pages.js';
import type { FeedPage, Position, Store } from '../../src/store/store.js';
import { openPlace, product, type Place } from './place.js';

const PRODUCTS = 12;

let place: Place;
beforeEach(async () => {
  place = await openPlace();
  for (let i = 0; i < PRODUCTS; i++) await place.ingest.upsertOne('shop', product(`p${i}`));
});
afterEach(() => place.close());

/** The store as a reader meets it whose pages are small, or not complete yet. */
function storeWith(readFeed: Store['readFeed']): Store {
  return new Proxy(place.store, {
    get: (store, name) => {
      if (name === 'readFeed') return readFeed;
      const value = Reflect.get(store, name) as unknown;
      return typeof value === 'function' ? (value.bind(store) as unknown) : value;
    },
  });
}

async function exported(store: Store, since?: string) {
  const desk = new ExportDesk(store);
  let text = '';
  for (let cursor: string | undefined; ;) {
    let part = '';
    for await (const line of desk.products('shop', { cursor, since })) part += line;
    const page = pageOf(part);
    text += page?.text ?? '';
    if (page === undefined || page.end.cursor === null) return { text, end: page?.end };
    cursor = page.end.cursor;
  }
}

describe('an export', () => {
  it('has a product that is written before each of its pages is read, however many those are', async () => {
    let reads = 0;
    const hot = storeWith(async (tenant, after, _limit, bytes) => {
      reads += 1;
      // Two products a page: without the hot one there are 6, and its writes make more than any bound.
      if (reads < 150) await place.ingest.upsertOne('shop', product('p3', { price: reads }));
      if (reads < 150 && after !== undefined) {
        for (const id of ['p1', 'p2']) {
          await place.ingest.upsertOne('shop', product(id, { price: reads }));
        }
      }
      return place.store.readFeed(tenant, after, 2, bytes);
    });
    const { text } = await exported(hot);
    for (let i = 0; i < PRODUCTS; i++) expect(text).toContain(`{"put":{"id":"p${i}"`);
    expect((await digestTenant(place.store, 'shop')).products).toBe(PRODUCTS);
  });

  it('of what changed waits for what was written before, where the feed stands still', async () => {
    const first = await exported(place.store);
    await place.ingest.upsertOne('shop', product('p5', { price: 9 }));
    let looks = 0;
    // As where another writer, which has an earlier number, has not ended yet.
    const still = storeWith(async (tenant, after, limit, bytes): Promise<FeedPage> => {
      if (++looks > 2 || after === undefined)
        return place.store.readFeed(tenant, after, limit, bytes);
      return { entries: [], position: after, atEnd: true, expired: false };
    });
    const { text } = await exported(still, first.end?.position);
    expect(text).toContain('{"put":{"id":"p5"');
  });

  it('ends a page that has deletes alone', async () => {
    const first = await exported(place.store);
    await place.ingest.upsertOne('shop', product('p5', { price: 9 }));
    let reads = 0;
    const emptied = storeWith(async (_tenant, after): Promise<FeedPage> => {
      const entries = Array.from({ length: 256 }, (_, i) => ({
        ...{ id: `${reads}-${i}`.padEnd(500, 'x'), version: 1, deleted: true },
        ...{ category: 'c', bytes: 0 },
      }));
      reads += 1;
      return { entries, position: after as Position, atEnd: false, expired: false };
    });
    let lines = 0;
    const page = new ExportDesk(emptied).products('shop', { since: first.end?.position });
    for await (const line of page) lines += line.length;
    expect(lines).toBeLessThan(6 * 1024 * 1024);
    expect(reads).toBeLessThan(50);
  });

  it('says so where it is written faster than it is read', async () => {
    const goal = await place.store.head('shop');
    const reading = { position: undefined, goal, isFull: true, isPastStart: true };
    const cursor = readingCursor({ ...reading, isExhaustive: true, morePages: 20_001 });
    const lines = new ExportDesk(place.store).products('shop', { cursor });
    await expect(lines.next()).rejects.toThrow('written faster than it is read');
  });
});
