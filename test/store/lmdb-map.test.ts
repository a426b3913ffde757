import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { put } from './contract/writes.js';
import { makeFolder } from './lmdb-fixture.js';

const T = 'shop';
/** 98 MB of vectors. */
const ROWS = 6_000;
const DIMENSIONS = 4_096;
const BATCH = 500;
let folder: Awaited<ReturnType<typeof makeFolder>>;

beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

/** What of the store's file is resident here. */
function mappedBytes(): number {
  const smaps = readFileSync('/proc/self/smaps', 'utf8');
  const sizes = smaps.matchAll(/ \S*\/data\.mdb\n(?:.*\n)*?Rss: +(\d+) kB/g);
  return [...sizes].reduce((sum, [, size]) => sum + Number(size), 0) * 1024;
}

it.skipIf(process.platform !== 'linux')(
  'a writer gives back the memory for what it read and wrote, and fails nobody meanwhile',
  async () => {
    const store = await openLmdbStore({ dir: folder.dir, tendMs: 10 });
    const text = new Float32Array(DIMENSIONS).fill(0.5);
    for (let from = 0; from < ROWS; from += BATCH) {
      const ids = Array.from({ length: BATCH }, (_, i) => `p${from + i}`);
      const writes = ids.map((id) => ({ ...put(id), vectors: { text } }));
      await store.write(T, writes);
    }
    const readers = [0, 1, 2].map(async (reader) => {
      for (let i = reader; i < ROWS; i += 3) {
        expect((await store.rows(T, [`p${i}`]))[0]).toBeDefined();
        if (i % 10 === reader) await sleep(1);
      }
    });
    const writing = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) {
        await store.write(T, [put('again', { title: `again ${i}` })]);
        await sleep(5);
      }
    };
    await Promise.all([...readers, writing()]);
    await expect.poll(mappedBytes, { timeout: 20_000 }).toBeLessThan(ROWS * DIMENSIONS);
    expect((await store.documents(T, ['again']))[0]?.product.title).toBe('again 49');
    expect(await store.productCount()).toBe(ROWS + 1);
    expect(await store.healthy()).toBeUndefined();
    await store.close();
  },
);
