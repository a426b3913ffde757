import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ClientRecord } from '../../src/store/mongo/collections.js';
import { openMongoStore, openMongoReader } from '../../src/store/mongo/open.js';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import type { Store, StoreReader } from '../../src/store/store.js';
import { put } from './contract/writes.js';
import { dropDatabase, freshOptions } from './mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from './mongo-server.js';

const reason = whyNoServer();

describe.skipIf(reason !== undefined)(`connections${reason ? ` (${reason})` : ''}`, () => {
  let server: MongoServer | undefined;
  beforeAll(async () => {
    if (MONGODB_URL === undefined) server = await MongoServer.start();
  }, 300_000);
  afterAll(async () => server?.stop());

  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function open(more: Partial<MongoStoreOptions>): Promise<Store> {
    const options = { ...freshOptions(server), ...more };
    const store = await openMongoStore(options);
    closing.push(async () => {
      await store.close();
      await dropDatabase(options);
    });
    return store;
  }

  const openOf = (store: StoreReader): number => {
    const { idle, inUse } = store.connections?.() ?? { idle: NaN, inUse: NaN };
    return idle + inUse;
  };

  test('are counted while they are used and waited for, and none is lost', async () => {
    const store = await open({ maxPoolSize: 2 });
    const reads = Array.from({ length: 40 }, (_, n) => store.heads('shop', [String(n)]));
    await sleep(0);
    const busy = store.connections?.();
    expect(busy?.inUse).toBeLessThanOrEqual(2);
    expect(busy?.waiting).toBeGreaterThan(0);
    await Promise.all(reads);
    await expect.poll(() => store.connections?.()).toMatchObject({ inUse: 0, waiting: 0 });
    expect(openOf(store)).toBeGreaterThan(0);
    expect(openOf(store)).toBeLessThanOrEqual(2);
  });

  test('are closed once they were idle for long', async () => {
    const store = await open({ maxPoolSize: 8, maxIdleMs: 50 });
    await Promise.all(Array.from({ length: 40 }, (_, n) => store.heads('shop', [String(n)])));
    expect(openOf(store)).toBeGreaterThan(0);
    await expect.poll(() => openOf(store), { timeout: 20_000 }).toBe(0);
  });

  test('are shared: the share follows as processes come, go and die, and no more are open', async () => {
    const options = freshOptions(server);
    closing.push(() => dropDatabase(options));
    const shared = {
      ...{ ...options, connections: 24, maxPoolSize: 50 },
      shareTimes: { beatMs: 50, deadMs: 1_000 },
    };
    const limitOf = (each: StoreReader): number | undefined => each.connections?.().limit;
    const first = await openMongoStore(shared);
    closing.push(() => first.close());
    await expect.poll(() => limitOf(first)).toBe(20);
    const second = await openMongoReader(shared);
    await expect.poll(() => [first, second].map(limitOf)).toEqual([8, 8]);
    const most = { open: 0, waited: 0 };
    const reads = Array.from({ length: 200 }, async (_, n) => {
      await second.heads('shop', [String(n)]);
      const { waiting = 0 } = second.connections?.() ?? {};
      most.open = Math.max(most.open, openOf(second));
      most.waited = Math.max(most.waited, waiting);
    });
    await Promise.all(reads);
    expect(most.waited).toBeGreaterThan(0);
    // One more is for its beats.
    expect(most.open).toBeLessThanOrEqual(9);
    await second.close();
    await expect.poll(() => limitOf(first)).toBe(20);
    const client = new MongoClient(options.url);
    closing.push(() => client.close());
    const clients = client.db().collection<ClientRecord>('clients');
    const newest = await clients.findOne({});
    // One that is killed says nothing any more.
    await clients.insertOne({ _id: 'killed', at: newest?.at ?? new Date() });
    await expect.poll(() => limitOf(first)).toBe(8);
    await expect.poll(() => limitOf(first), { timeout: 10_000 }).toBe(20);
    expect(await clients.countDocuments()).toBe(1);
  });

  test('are few for who was silent for long, until it knows of the others', async () => {
    const options = freshOptions(server);
    const store = await open({
      ...{ ...options, connections: 24, maxPoolSize: 50 },
      shareTimes: { beatMs: 500, deadMs: 60_000 },
    });
    const limit = (): number | undefined => store.connections?.().limit;
    await expect.poll(limit).toBe(20);
    const client = new MongoClient(options.url);
    closing.push(() => client.close());
    const clients = client.db().collection<ClientRecord>('clients');
    // As after an outage, in which nobody could beat.
    await clients.updateMany({}, { $set: { at: new Date(0) } });
    await expect.poll(limit, { interval: 20 }).toBe(2);
    await expect.poll(limit).toBe(20);
    // The others took it for dead.
    await clients.deleteMany({});
    await expect.poll(limit, { interval: 20 }).toBe(2);
    await expect.poll(limit).toBe(20);
  });

  test('writes go on over a share of one connection', async () => {
    const store = await open({ connections: 1, maxPoolSize: 50 });
    expect(store.connections?.().limit).toBe(1);
    const ids = Array.from({ length: 20 }, (_, n) => String(n));
    const each = ids.map((id) => store.write(`shop${Number(id) % 3}`, [put(id)]));
    for (const { statuses } of await Promise.all(each)) expect(statuses).toEqual(['applied']);
    expect(await store.tenants()).toEqual(['shop0', 'shop1', 'shop2']);
    expect((await store.usage('shop0')).products).toBe(7);
  });

  test('are fewer after a server that went away', async () => {
    if (server === undefined) return;
    const store = await open({ maxPoolSize: 4, timeoutMs: 2_000, serverSelectionTimeoutMs: 500 });
    await store.heads('shop', ['a']);
    await server.kill();
    await expect(store.heads('shop', ['a'])).rejects.toMatchObject({ code: 'unavailable' });
    await expect.poll(() => openOf(store), { timeout: 20_000 }).toBe(0);
    expect(store.connections?.()).toEqual({ idle: 0, inUse: 0, waiting: 0, limit: 4 });
    await server.restart();
    await store.heads('shop', ['a']);
  });
});
