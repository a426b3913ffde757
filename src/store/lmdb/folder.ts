import { constants } from 'node:fs';
import { access, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';

/**
 * The store's folder, looked at before LMDB sees it: where lmdb-js cannot open an environment it
 * ends the process with a segmentation fault instead of throwing.
 */

/** LMDB's own mark and version of its data format, behind the first page's header. */
const MAGIC_OFFSET = 24;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;

/**
 * Checks that LMDB can work in the folder, and whether there is a data file; with `isStore` there has
 * to be. Throws what the file system throws.
 */
export async function prepareFolder(dir: string, isStore: boolean): Promise<boolean> {
  await checkAccess(dir);
  const hasData = await checkHeader(dir);
  if (hasData || !isStore) return hasData;
  const message = `the store in ${dir} has lost its data.mdb: put it back, or remove the folder`;
  throw new OmniError('unavailable', message);
}

/** Checks that there is a store to be read. LMDB would make folder and file itself. */
export async function checkFolder(dir: string): Promise<void> {
  if (!(await checkHeader(dir))) {
    throw new OmniError('unavailable', `there is no store in ${dir} yet`, {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  await checkAccess(dir);
}

/** Readers too write to the lock file. */
async function checkAccess(dir: string): Promise<void> {
  await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  for (const name of ['data.mdb', 'lock.mdb']) {
    try {
      await access(join(dir, name), constants.R_OK | constants.W_OK);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
}

/** False when the data file is absent or empty; throws when it is not LMDB's. */
async function checkHeader(dir: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(join(dir, 'data.mdb'), 'r');
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAGIC_OFFSET + 8), 0);
    if (bytesRead === 0) return false;
    const magic = bytesRead === buffer.length ? buffer.readUInt32LE(MAGIC_OFFSET) : 0;
    if (magic === MAGIC && buffer.readUInt32LE(MAGIC_OFFSET + 4) === DATA_VERSION) return true;
    throw new OmniError('unavailable', `what is in ${dir} is not a store`);
  } finally {
    await file.close();
  }
}

export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** A new file survives power loss only when its folder was flushed too. */
export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
