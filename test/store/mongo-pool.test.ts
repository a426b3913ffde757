import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openMongoStore } from '../../src/store/mongo/open.js';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import type { Store } from '../../src/store/store.js';
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

  const openOf = (store: Store): number => {
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

  test('are fewer after a server that went away', async () => {
    if (server === undefined) return;
    const store = await open({ maxPoolSize: 4, timeoutMs: 2_000, serverSelectionTimeoutMs: 500 });
    await store.heads('shop', ['a']);
    await server.kill();
    await expect(store.heads('shop', ['a'])).rejects.toMatchObject({ code: 'unavailable' });
    await expect.poll(() => openOf(store), { timeout: 20_000 }).toBe(0);
    expect(store.connections?.()).toEqual({ idle: 0, inUse: 0, waiting: 0 });
    await server.restart();
    await store.heads('shop', ['a']);
  });
});
