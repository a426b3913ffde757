import { MongoClient, type Document } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectionsOf } from '../../src/store/mongo/collections.js';
import { missingIndexes } from '../../src/store/mongo/indexes.js';
import { openMongoReader, openMongoStore } from '../../src/store/mongo/open.js';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import type { Store } from '../../src/store/store.js';
import { eventually } from './contract/fixture.js';
import { put, remove } from './contract/writes.js';
import { dropDatabase, freshOptions } from './mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from './mongo-server.js';
import { serving } from './place.js';

const T = 'shop';
const PARTITION = {
  ...{ id: 'A-0-1', categories: ['A'], from: 0, to: 2 ** 32, epoch: 1 },
  replicas: serving('s1'),
};
const reason = whyNoServer();
let server: MongoServer | undefined;
let options: MongoStoreOptions;

/** Every method of a store once, so that every query is asked. */
async function useAll(store: Store): Promise<void> {
  await store.setModel({ name: 'm', fingerprint: 'f', dimensions: 8 });
  await store.replacePlacement(T, [PARTITION], 0);
  await store.replacePlacement(T, [{ ...PARTITION, replicas: serving('s2') }], 1);
  await store.replacePlacement(T, [], 2);
  await store.records.put('tenant', T, {}, 0);
  await store.records.put('tenant', T, { state: 'active' }, 1);
  await store.records.get('tenant', T);
  await store.records.list('tenant', 'a', 10);
  await store.records.remove('tenant', T, 2);
  const ids = Array.from({ length: 50 }, (_, i) => `p${i}`);
  await store.write(
    T,
    ids.map((id) => put(id, { rest: { price: 1 } })),
  );
  await store.write(T, [remove('p1'), put('p2', { rest: { price: 2 }, keepVectors: true })]);
  await store.model();
  await store.documents(T, ids);
  await store.rows(T, ids);
  await store.heads(T, ids);
  const { position } = await store.readFeed(T, undefined, 10);
  await store.readFeed(T, position, 10);
  await store.behind(T, position, 10);
  await store.tenants();
  await store.changedTenants((await store.changedTenants(undefined, 10)).position, 10);
  await store.usage(T);
  await store.placement(T);
  await store.categories(T);
  await store.productCount();
  await store.knownFields(T, ['price', 'none']);
  await store.purgeTombstones(Date.now() + 60_000);
  await store.write(
    T,
    ids.map((id) => remove(id)),
  );
  await store.productCount();
}

describe.skipIf(reason !== undefined)(`MongoDB queries${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    if (MONGODB_URL === undefined) server = await MongoServer.start();
    options = freshOptions(server);
  });
  afterAll(async () => {
    await dropDatabase(options);
    await server?.stop();
  });

  it('every query uses an index, as far as the server can tell', async () => {
    const store = await openMongoStore(options);
    const client = new MongoClient(options.url);
    const db = client.db();
    expect(await missingIndexes(collectionsOf(db))).toEqual([]);
    const profiled = await db.command({ profile: 2 }).then(
      () => true,
      () => false,
    );
    await useAll(store);
    if (profiled) {
      await db.command({ profile: 0 });
      const scans: Document[] = await db
        .collection('system.profile')
        .find({ planSummary: /COLLSCAN/, ns: { $not: /system\.profile/ } })
        .toArray();
      expect(scans.map(({ ns, command }) => [ns, command] as unknown)).toEqual([]);
    }
    await store.close();
    await client.close();
  });

  it('a reader does not open a store that lacks an index, and a writer makes it', async () => {
    const client = new MongoClient(options.url);
    const collections = collectionsOf(client.db());
    await collections.products.dropIndex('tombstones');
    const refused = expect.objectContaining({ code: 'unavailable' }) as Error;
    await expect(openMongoReader(options)).rejects.toEqual(refused);
    await (await openMongoStore(options)).close();
    await (await openMongoReader(options)).close();
    await client.close();
  });

  it('is unavailable, in time, where no server is', async () => {
    const nowhere = { url: 'mongodb://127.0.0.1:1/x', serverSelectionTimeoutMs: 100 };
    const unavailable = expect.objectContaining({ code: 'unavailable' }) as Error;
    await expect(openMongoStore(nowhere)).rejects.toEqual(unavailable);
    await expect(openMongoReader(nowhere)).rejects.toEqual(unavailable);
  });

  it('tells of a tenant that was written, where the server has change streams', async () => {
    const store = await openMongoStore(options);
    const client = new MongoClient(options.url);
    const hello = await client.db().command({ hello: 1 });
    const told: string[] = [];
    const watch = store.watch?.((tenant) => told.push(tenant));
    let n = 0;
    if (hello['setName'] !== undefined) {
      await eventually('the change stream tells', async () => {
        await store.write(T, [put('watched', { title: String((n += 1)) })]);
        return told.includes(T);
      });
    }
    await watch?.close();
    await client.close();
    await store.close();
  });
});
