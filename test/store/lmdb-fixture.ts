import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbReader, openLmdbStore } from '../../src/store/lmdb/open.js';
import type { StoreReader } from '../../src/store/store.js';
import type { StoreFixture } from './contract/fixture.js';

/** An empty folder for one test. */
export async function makeFolder(): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'omnisearch-store-'));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

export async function makeLmdbStore(): Promise<StoreFixture & { dir: string }> {
  const { dir, remove } = await makeFolder();
  const opened: StoreReader[] = [];
  const keep = <T extends StoreReader>(reader: T): T => {
    opened.push(reader);
    return reader;
  };
  return {
    dir,
    store: keep(await openLmdbStore({ dir })),
    openReader: async () => keep(await openLmdbReader({ dir })),
    secondWriter: async () => keep(await openLmdbStore({ dir })),
    close: async () => {
      for (const reader of opened.reverse()) await reader.close();
      await remove();
    },
  };
}
