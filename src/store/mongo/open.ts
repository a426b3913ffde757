import { OmniError } from '../../core/errors.js';
import type { Store, StoreReader } from '../store.js';
import { Connection } from './connection.js';
import { createIndexes, missingIndexes } from './indexes.js';
import { initialiseMeta, readStoreId } from './meta.js';
import type { MongoStoreOptions } from './options.js';
import { MongoReader } from './reader.js';
import { MongoStore } from './writer.js';

/**
 * Opens the store for reading and writing, making it and its indexes if need be. Rejects with
 * `unavailable` when no server answers in time or the store is of another format.
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<Store> {
  return opened(options, async (connection) => {
    await createIndexes(connection.collections);
    await initialiseMeta(connection.collections);
    const storeId = await readStoreId(connection.collections);
    return new MongoStore(connection, storeId, (await connection.features()).transactions);
  });
}

/**
 * Opens the store for reading only. Rejects with `unavailable` when no server answers in time, and
 * when there is no store yet, one of another format, or one without its indexes.
 */
export async function openMongoReader(options: MongoStoreOptions): Promise<StoreReader> {
  return opened(options, async (connection) => {
    const storeId = await readStoreId(connection.collections);
    const missing = await missingIndexes(connection.collections);
    if (missing.length > 0) {
      throw new OmniError('unavailable', `the store lacks the index ${missing.join(', ')}`);
    }
    return new MongoReader(connection, storeId);
  });
}

async function opened<T>(
  options: MongoStoreOptions,
  make: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await Connection.open(options);
  try {
    return await connection.run(() => make(connection), 'its opening');
  } catch (error) {
    await connection.close();
    throw error;
  }
}
