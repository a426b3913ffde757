import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { openMongoReader, openMongoStore } from '../../src/store/mongo/open.js';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import type { StoreReader } from '../../src/store/store.js';
import type { StoreFixture } from './contract/fixture.js';
import { MONGODB_URL, type MongoServer } from './mongo-server.js';

/** Options for a database of its own on `server`, or on the operator's. */
export function freshOptions(server: MongoServer | undefined): MongoStoreOptions {
  const database = `omnisearch-test-${randomUUID().slice(0, 8)}`;
  const url = server?.url(database) ?? withDatabase(MONGODB_URL ?? '', database);
  return { url, minPoolSize: 0, maxPoolSize: 10 };
}

function withDatabase(url: string, database: string): string {
  const [, start = '', , query = ''] = /^([^:]+:\/\/[^/?]+)(\/[^?]*)?(\?.*)?$/.exec(url) ?? [];
  return `${start}/${database}${query}`;
}

export async function dropDatabase({ url }: MongoStoreOptions): Promise<void> {
  const client = new MongoClient(url);
  await client.db().dropDatabase();
  await client.close();
}

export async function makeMongoStore(server: MongoServer | undefined): Promise<StoreFixture> {
  const options = freshOptions(server);
  const opened: StoreReader[] = [];
  const keep = <T extends StoreReader>(reader: T): T => {
    opened.push(reader);
    return reader;
  };
  return {
    store: keep(await openMongoStore(options)),
    openReader: async () => keep(await openMongoReader(options)),
    secondWriter: async () => keep(await openMongoStore(options)),
    close: async () => {
      for (const reader of opened.reverse()) await reader.close();
      await dropDatabase(options);
    },
  };
}
