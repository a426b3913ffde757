import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { feedPages } from '../../src/store/feed-pages.js';
import type { FeedPage, StoreReader } from '../../src/store/store.js';

const LIMIT = 2;
const number = (bytes: Uint8Array | undefined): number => bytes?.[0] ?? 0;

/** A feed of many writers: what follows a version that is still being written is not shown. */
class Feed {
  head = 0;
  /** Latest version by id. */
  readonly latest = new Map<string, number>();
  readonly open = new Set<number>();
  /** What happens before a page is read. */
  meanwhile: () => void = () => undefined;

  write(id: string, isOpen = false): void {
    this.head += 1;
    this.latest.set(id, this.head);
    if (isOpen) this.open.add(this.head);
  }

  readonly reader = {
    head: async () => Uint8Array.of(this.head),
    covers: (position: Uint8Array | undefined, mark: Uint8Array) =>
      number(position) >= number(mark),
    readFeed: async (_tenant: string, after: Uint8Array | undefined): Promise<FeedPage> => {
      this.meanwhile();
      const safe = Math.min(this.head, ...[...this.open].map((version) => version - 1));
      const found = [...this.latest]
        .filter(([, version]) => version > number(after) && version <= safe)
        .sort(([, a], [, b]) => a - b);
      const entries = found.slice(0, LIMIT).map(([id, version]) => {
        return { id, version, category: 'Mice', deleted: false, bytes: 1 };
      });
      const atEnd = entries.length === found.length;
      const position = Uint8Array.of(
        atEnd ? Math.max(safe, number(after)) : (entries.at(-1)?.version ?? 0),
      );
      return { entries, position, atEnd, expired: false };
    },
  } as unknown as StoreReader;
}

let feed: Feed;
beforeEach(() => {
  vi.useFakeTimers();
  feed = new Feed();
});
afterEach(() => {
  vi.useRealTimers();
});

async function read(after?: number): Promise<Set<string>> {
  const known = new Set<string>();
  const reading = (async () => {
    const from = after === undefined ? undefined : Uint8Array.of(after);
    for await (const { entries } of feedPages(feed.reader, 't', from, LIMIT)) {
      for (const { id } of entries) known.add(id);
    }
  })();
  let isOver = false;
  void reading.finally(() => (isOver = true));
  while (!isOver) await vi.advanceTimersByTimeAsync(100);
  await reading;
  return known;
}

describe('a feed that is read from its start', () => {
  test('has what is written again where it stands still', async () => {
    for (const id of ['a', 'b', 'c']) feed.write(id);
    feed.write('d', true);
    feed.write('b');
    let reads = 0;
    feed.meanwhile = () => {
      if (++reads === 10) feed.open.clear();
    };
    expect([...(await read())].sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('lacks nothing that was there all along, whatever is written meanwhile and by whom', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const step = fc.record({ id: fc.constantFrom(...ids), isOpen: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 8 }),
        async (all) => {
          feed = new Feed();
          for (const id of ids) feed.write(id);
          const steps = [...all];
          feed.meanwhile = () => {
            const now = steps.shift();
            // In the end every write ends.
            if (now === undefined) feed.open.clear();
            for (const { id, isOpen } of now ?? []) feed.write(id, isOpen);
          };
          expect([...(await read())].sort()).toEqual(ids);
        },
      ),
    );
  });

  test('is over where nothing is written, after as many pages as it has', async () => {
    for (const id of ['a', 'b', 'c']) feed.write(id);
    const readFeed = vi.spyOn(feed.reader, 'readFeed');
    await read();
    expect(readFeed).toHaveBeenCalledTimes(2);
  });
});

test('a feed that is read on from a position ends where it stands still', async () => {
  for (const id of ['a', 'b', 'c']) feed.write(id);
  feed.write('d', true);
  expect([...(await read(1))]).toEqual(['b', 'c']);
});
