import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/settings.js';
import { OmniError } from '../core/errors.js';
import type { MongoStoreOptions } from '../store/mongo/options.js';
import type { Store, StoreReader } from '../store/store.js';

const WAIT_MS = 30_000;
const POLL_MS = 100;
const LMDB = 'lmdb:';

/** The store that `STORE_URL`, or another URL, names, for reading and writing, once it answers. */
export async function openStore(config: Config, url = config.storeUrl): Promise<Store> {
  if (isLmdb(url)) {
    const { openLmdbStore } = await import('../store/lmdb/open.js');
    return openLmdbStore({ dir: lmdbDir(url) });
  }
  const { openMongoStore } = await import('../store/mongo/open.js');
  return patiently(() => openMongoStore(mongoOptions(config, url)));
}

/** The same for reading, waiting until its writer has made it. */
export async function openReader(config: Config): Promise<StoreReader> {
  return patiently(() => openReaderOnce(config));
}

/** Tries again for a bounded time what may mend itself, as an error says by naming a time. */
export async function patiently<T>(open: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + WAIT_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const mayPass = error instanceof OmniError && error.retryAfterMs !== undefined;
      if (!mayPass || performance.now() > endMs) throw error;
      await sleep(POLL_MS);
    }
  }
}

async function openReaderOnce(config: Config): Promise<StoreReader> {
  const { storeUrl } = config;
  if (isLmdb(storeUrl)) {
    const { openLmdbReader } = await import('../store/lmdb/open.js');
    return openLmdbReader({ dir: lmdbDir(storeUrl) });
  }
  const { openMongoReader } = await import('../store/mongo/open.js');
  return openMongoReader(mongoOptions(config, storeUrl));
}

/** Whether the URL names a store that one machine has for itself. */
export function isLmdb(url: string): boolean {
  return url.startsWith(LMDB);
}

function lmdbDir(url: string): string {
  return resolve(url.slice(LMDB.length));
}

function mongoOptions(config: Config, url: string): MongoStoreOptions {
  const { storeCompression, storeMaxPool, storeMinPool } = config;
  return {
    url,
    minPoolSize: Math.min(storeMinPool, storeMaxPool),
    maxPoolSize: storeMaxPool,
    connections: config.storeConnections,
    maxIdleMs: config.storeMaxIdleMs,
    timeoutMs: config.storeTimeoutMs,
    serverSelectionTimeoutMs: config.storeSelectionTimeoutMs,
    leaseMs: config.storeLeaseMs,
    compressors: storeCompression === 'none' ? [] : [storeCompression],
  };
}
