import { accessSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OmniError } from '../../core/errors.js';
import type { Store, StoreReader } from '../store.js';
import { DamageLog } from '../damage-log.js';
import { openDatabases, type Databases } from './databases.js';
import { storeError } from '../errors.js';
import { checkFolder, prepareFolder } from './folder.js';
import { DataFile, makePrivate, readIdentity, writeIdentity } from './identity.js';
import { initialiseMeta, readMeta, readStoreId } from './meta.js';
import { OpenLock } from './open-lock.js';
import { LmdbReader } from './reader.js';
import { checkStore } from './store-check.js';
import { LmdbStore } from './writer.js';

export interface LmdbStoreOptions {
  /** The store's own folder; made when it is not there. */
  dir: string;
  /** A write that is not on disk by then rejects with `unavailable`; it may still be applied. */
  writeTimeoutMs?: number;
  /** How long the check of its pages may hold up the opening; then there is one beside. */
  checkMs?: number;
  /** Until then the one beside waits: whoever starts needs the core. */
  checkAfterMs?: number;
  /** How often, while nothing is being written, the memory for what was read is given back. */
  tendMs?: number;
}

const DEFAULT_WRITE_TIMEOUT_MS = 30_000;
const DEFAULT_TEND_MS = 10_000;
const DEFAULT_CHECK_MS = 1_000;
const DEFAULT_CHECK_AFTER_MS = 5_000;
/** What the check reads in a millisecond where a core is free, at best. */
const CHECKED_BYTES_PER_MS = 256 * 1024;

/**
 * Opens the store in `dir` for reading and writing, creating it if need be. Waits for the lock of a
 * writer in another process; within one process, open it
 * before any reader, and a second one only while nothing is being written. Rejects with
 * `unavailable` when the folder cannot be used, has lost its data or is of another format.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  const { dir, writeTimeoutMs = DEFAULT_WRITE_TIMEOUT_MS, checkMs = DEFAULT_CHECK_MS } = options;
  const { tendMs = DEFAULT_TEND_MS, checkAfterMs = DEFAULT_CHECK_AFTER_MS } = options;
  return opened(dir, async () => {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const damage = new DamageLog();
    const hasData = await prepareFolder(dir, (await readIdentity(dir)) !== undefined);
    const isChecked = !hasData || (checkMs > 0 && (await checkedBefore(dir, damage, checkMs)));
    return locked(dir, async (lock) => {
      // Anew: another process may have made the store since.
      const identity = await readIdentity(dir);
      const db = openDatabases(dir, false, isChecked ? damage : undefined);
      return closingOnError(db, async () => {
        if (identity === undefined) {
          await db.root.childTransaction(() => initialiseMeta(db));
          await writeIdentity(dir, readStoreId(db));
        }
        const storeId = identifiedStore(db, dir, identity);
        await makePrivate(dir);
        const again = (): Databases => reopen(dir, false, storeId, damage);
        const checks = { checkAfterMs: isChecked ? undefined : checkAfterMs };
        const options = { writeTimeoutMs, tendMs, ...checks };
        return new LmdbStore(db, storeId, new DataFile(dir), lock, options, again);
      });
    });
  });
}

/**
 * Opens the store in `dir` for reading only, beside a writer in another process. Rejects with
 * `unavailable` when there is no store yet, or one of another format.
 */
export async function openLmdbReader({ dir }: { dir: string }): Promise<StoreReader> {
  return opened(dir, async () => {
    const identity = await readIdentity(dir);
    await checkFolder(dir);
    return locked(dir, async (lock) => {
      const db = openDatabases(dir, true);
      return closingOnError(db, async () => {
        const storeId = identifiedStore(db, dir, identity);
        const again = (): Databases => reopen(dir, true, storeId, db.damage);
        return new LmdbReader(db, storeId, new DataFile(dir), lock, again);
      });
    });
  });
}

/** Runs `open` while nobody else opens or commits; what it returns keeps the lock's files. */
async function locked<T>(dir: string, open: (lock: OpenLock) => Promise<T>): Promise<T> {
  const lock = await OpenLock.in(dir);
  try {
    return await lock.opening(() => open(lock));
  } catch (error) {
    await lock.close();
    throw error;
  }
}

/**
 * Before LMDB sees the file, as a damaged page may end the process then. False when that takes too long
 * or another process writes; throws `unavailable` when it is damaged.
 */
async function checkedBefore(dir: string, damage: DamageLog, checkMs: number): Promise<boolean> {
  const file = new DataFile(dir);
  // It would end in the middle, and begin again beside.
  if (statSync(file.path).size > checkMs * CHECKED_BYTES_PER_MS) return false;
  const outcome = await checkStore(file, false, damage, AbortSignal.timeout(checkMs));
  if (typeof outcome !== 'string') file.damage = outcome.damage;
  file.checkSound();
  return outcome === 'sound';
}

/** The store's id; `unavailable` when the folder's is another, or nobody has given it one. */
function identifiedStore(db: Databases, dir: string, identity: string | undefined): string {
  if (identity === undefined || readMeta(db, 'storeId') === identity) return readStoreId(db);
  const message = `data.mdb in ${dir} is of another store than store.json: put the right one back`;
  throw new OmniError('unavailable', message);
}

/** Throws where there is another store by now, or none: LMDB would make its folder. */
function reopen(dir: string, isReader: boolean, storeId: string, damage: DamageLog): Databases {
  accessSync(join(dir, 'data.mdb'));
  const db = openDatabases(dir, isReader, damage);
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
