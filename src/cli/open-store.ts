import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toOmniError } from '../core/errors.js';
import { openLmdbReader, openLmdbStore } from '../store/lmdb/open.js';
import type { Store, StoreReader } from '../store/store.js';
import { StartError } from './run-role.js';

const WAIT_MS = 30_000;
const POLL_MS = 100;

/** The store that a `STORE_URL` names, for reading and writing. */
export async function openStore(storeUrl: string): Promise<Store> {
  return openLmdbStore({ dir: lmdbDir(storeUrl) });
}

/** The same for reading, waiting until its writer has made it. */
export async function openReader(storeUrl: string): Promise<StoreReader> {
  const dir = lmdbDir(storeUrl);
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    try {
      return await openLmdbReader({ dir });
    } catch (error) {
      const isMissing = toOmniError(error).code === 'unavailable';
      if (!isMissing || waitedMs >= WAIT_MS) throw error;
      await sleep(POLL_MS);
    }
  }
}

function lmdbDir(storeUrl: string): string {
  if (storeUrl.startsWith('lmdb:')) return resolve(storeUrl.slice('lmdb:'.length));
  throw new StartError('STORE_URL must be lmdb:DIR: this version has no other store');
}
