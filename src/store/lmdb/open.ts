import { accessSync } from 'node:fs';
import { join } from 'node:path';
import type { Store, StoreReader } from '../store.js';
import { openDatabases, type Databases } from './databases.js';
import { storeError } from './errors.js';
import { checkFolder, prepareFolder, syncFolder } from './folder.js';
import { initialiseMeta, readStoreId } from './meta.js';
import { LmdbReader } from './reader.js';
import { LmdbStore } from './writer.js';

export interface LmdbStoreOptions {
  /** The store's own folder; made when it is not there. */
  dir: string;
  /** A write that is not on disk by then rejects with `unavailable`; it may still be applied. */
  writeTimeoutMs?: number;
}

const DEFAULT_WRITE_TIMEOUT_MS = 30_000;

/**
 * Opens the store in `dir` for reading and writing, creating it if need be. Waits for the lock of a
 * writer in another process; within one process, open it
 * before any reader, and a second one only while nothing is being written. Rejects with `unavailable` when the folder cannot be used or is of a newer format.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  const { dir, writeTimeoutMs = DEFAULT_WRITE_TIMEOUT_MS } = options;
  return opened(dir, async () => {
    await prepareFolder(dir);
    const db = openDatabases(dir, false);
    return closingOnError(db, async () => {
      await db.root.childTransaction(() => initialiseMeta(db));
      await syncFolder(dir);
      return new LmdbStore(db, readStoreId(db), writeTimeoutMs);
    });
  });
}

/**
 * Opens the store in `dir` for reading only, beside a writer in another process. Rejects with
 * `unavailable` when there is no store yet, or one of a newer format.
 */
export async function openLmdbReader({ dir }: { dir: string }): Promise<StoreReader> {
  return opened(dir, async () => {
    await checkFolder(dir);
    const db = openDatabases(dir, true);
    return closingOnError(db, async () => {
      const storeId = readStoreId(db);
      return new LmdbReader(db, storeId, () => reopen(dir, storeId));
    });
  });
}

/** Throws where there is another store by now, or none: LMDB would make its folder. */
function reopen(dir: string, storeId: string): Databases {
  accessSync(join(dir, 'data.mdb'));
  const db = openDatabases(dir, true);
  if (readStoreId(db) === storeId) return db;
  void db.root.close();
  throw new Error('it is another store than before');
}

async function opened<T>(dir: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw storeError(error, `the store in ${dir} cannot be opened`);
  }
}

async function closingOnError<T>(db: Databases, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await db.root.close();
    throw error;
  }
}
