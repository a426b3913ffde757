import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbReader, openLmdbStore } from '../../src/store/lmdb/open.js';
import { OpenLock } from '../../src/store/lmdb/open-lock.js';
import type { Store, StoreReader } from '../../src/store/store.js';
import { put } from './contract/writes.js';
import { makeFolder } from './lmdb-fixture.js';

const T = 'shop';
/** Long enough that whoever does not wait is through. */
const A_WHILE_MS = 150;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let lock: OpenLock;

beforeEach(async () => {
  folder = await makeFolder();
  lock = await OpenLock.in(folder.dir);
});
afterEach(async () => {
  await lock.close();
  await folder.remove();
});

/** Something that goes on until it is ended, and what has happened, in order. */
function pending(): { until: Promise<void>; end: () => void } {
  let end: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (end = resolve));
  return { until, end };
}

describe('openings of an LMDB store and commits to it', () => {
  it('no write is committed while another process opens', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    const { until, end } = pending();
    const opening = lock.opening(() => until);
    const order: string[] = [];
    const write = store.write(T, [put('a')]).then(() => order.push('written'));
    await sleep(A_WHILE_MS);
    expect(await store.productCount()).toBe(0);
    order.push('opened');
    end();
    await Promise.all([opening, write]);
    expect(order).toEqual(['opened', 'written']);
    expect(await store.productCount()).toBe(1);
    await store.close();
  });

  it.each([
    ['for writing', (dir: string): Promise<Store> => openLmdbStore({ dir })],
    ['for reading', (dir: string): Promise<StoreReader> => openLmdbReader({ dir })],
  ])('nobody opens %s while another process commits', async (_, openOne) => {
    await (await openLmdbStore({ dir: folder.dir })).close();
    const { until, end } = pending();
    const commit = lock.writing(() => until);
    const order: string[] = [];
    const opened = openOne(folder.dir).then((store) => {
      order.push('opened');
      return store;
    });
    await sleep(A_WHILE_MS);
    order.push('committed');
    end();
    await commit;
    await (await opened).close();
    expect(order).toEqual(['committed', 'opened']);
  });

  it('an opening comes between commits of two writers that overlap', async () => {
    const other = await OpenLock.in(folder.dir);
    const both = [pending(), pending()] as const;
    const commits = [lock.writing(() => both[0].until), other.writing(() => both[1].until)];
    const opener = await OpenLock.in(folder.dir);
    const order: string[] = [];
    const opening = opener.opening(() => void order.push('opened'));
    await sleep(A_WHILE_MS / 3);
    both[0].end();
    await commits[0];
    // This one came after the opening, which still waits for the other.
    const next = lock.writing(async () => void order.push('committed'));
    await sleep(A_WHILE_MS / 3);
    expect(order).toEqual([]);
    both[1].end();
    await Promise.all([...commits, opening, next]);
    expect(order).toEqual(['opened', 'committed']);
    await Promise.all([other.close(), opener.close()]);
  });

  it('a reader that has read much goes on reading while another process commits', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    await store.write(T, [put('a')]);
    const reader = await openLmdbReader({ dir: folder.dir });
    const { until, end } = pending();
    const commit = lock.writing(() => until);
    // Past what makes it let its map go.
    for (let i = 0; i < 3_000; i++) expect((await reader.documents(T, ['a']))[0]).toBeDefined();
    end();
    await commit;
    await reader.close();
    await store.close();
  });

  it('who never gets its turn is told so', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    const { until, end } = pending();
    const opening = lock.opening(() => until);
    await expect(store.write(T, [put('a')])).rejects.toMatchObject({ code: 'unavailable' });
    end();
    await opening;
    await store.write(T, [put('b')]);
    expect(await store.productCount()).toBe(1);
    await store.close();
  }, 60_000);
});
