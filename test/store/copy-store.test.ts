import { place, serving } from './place.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { digestTenant } from '../../src/store/catalogue-pages.js';
import { copyStore } from '../../src/jobs/copy-store.js';
import type { Store } from '../../src/store/store.js';
import { PriceLists } from '../../src/tenancy/price-lists.js';
import type { StoreFixture } from './contract/fixture.js';
import { put, remove } from './contract/writes.js';
import { makeLmdbStore } from './lmdb-fixture.js';
import { makeMongoStore } from './mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from './mongo-server.js';

const TENANTS = ['shop', 'other'];
const PRODUCTS = 400;
const MODEL = { name: 'm', fingerprint: 'f', dimensions: 8 };
const reason = whyNoServer();
let server: MongoServer | undefined;
let opened: StoreFixture[] = [];

beforeAll(async () => {
  if (reason === undefined && MONGODB_URL === undefined) server = await MongoServer.start();
});
afterEach(async () => {
  for (const fixture of opened) await fixture.close();
  opened = [];
});
afterAll(() => server?.stop());

async function keep(fixture: Promise<StoreFixture>): Promise<Store> {
  opened.push(await fixture);
  return (await fixture).store;
}

async function fill(store: Store): Promise<void> {
  await store.setModel(MODEL);
  for (const tenant of TENANTS) {
    const partition = { id: `Mice-${tenant}`, categories: ['Mice'], from: 0, to: 2 ** 32 };
    await place(store, tenant, [{ ...partition, replicas: serving('s2'), epoch: 3 }]);
    const products = Array.from({ length: PRODUCTS }, (_, i) =>
      put(`p${i}`, { title: `${tenant} ${i}`, ...(i % 2 === 0 ? { feedVersion: i } : {}) }),
    );
    await store.write(tenant, products);
    await store.write(tenant, [
      remove('p1'),
      remove('p3'),
      put('p4', { feedVersion: 9, title: 'x' }),
    ]);
    const list = await new PriceLists(store.records).ensure(tenant, 'gold');
    await store.write(
      tenant,
      products.map(({ id }, i) => ({ op: 'price', id, list, entry: { price: i / 7 } })),
    );
  }
}

/** A reader's `rows` that fails after some calls: a copy that is cut off. */
function failingAfter(store: Store, calls: number): Store {
  let left = calls;
  return new Proxy(store, {
    get(target, property) {
      const member = Reflect.get(target, property) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (property === 'rows' && left-- <= 0) throw new Error('cut off');
        return member.apply(target, args);
      };
    },
  });
}

describe.skipIf(reason !== undefined)(`copying a store${reason ? ` (${reason})` : ''}`, () => {
  it('LMDB to MongoDB and back: the same products, vectors and placement', async () => {
    const source = await keep(makeLmdbStore());
    const mongo = await keep(makeMongoStore(server));
    const back = await keep(makeLmdbStore());
    await fill(source);
    for (const [from, to] of [
      [source, mongo],
      [mongo, back],
    ] as const) {
      const copied = await copyStore(from, to);
      expect(copied.map(({ tenant }) => tenant).sort()).toEqual([...TENANTS].sort());
      for (const { products, written, equal } of copied) {
        expect({ products, written, equal }).toEqual({
          products: PRODUCTS - 2,
          written: PRODUCTS - 2,
          equal: true,
        });
      }
      expect(await to.model()).toEqual(MODEL);
      for (const tenant of TENANTS) {
        const { partitions } = await from.placement(tenant);
        expect((await to.placement(tenant)).partitions).toEqual(partitions);
      }
    }
    for (const tenant of TENANTS) {
      const digests = [await digestTenant(source, tenant), await digestTenant(back, tenant)];
      expect(digests[1]?.hex).toBe(digests[0]?.hex);
      const ids = Array.from({ length: PRODUCTS }, (_, i) => `p${i}`);
      const prices = await Promise.all([source, back].map((each) => each.prices(tenant, ids)));
      const [said, copied] = prices.map((all) => all.map((one) => one?.prices));
      expect(copied).toEqual(said);
      expect(said?.filter((packed) => packed !== undefined)).toHaveLength(PRODUCTS - 2);
      expect(await new PriceLists(back.records).find(tenant, 'gold')).toBe(1);
    }
  });

  it('goes on where it was cut off, carries out deletes, and says what differs', async () => {
    const source = await keep(makeLmdbStore());
    const mongo = await keep(makeMongoStore(server));
    await fill(source);
    await expect(copyStore(failingAfter(source, 1), mongo)).rejects.toThrow('cut off');
    const there = await mongo.productCount();
    expect(there).toBeGreaterThan(0);
    const resumed = await copyStore(source, mongo);
    const written = resumed.reduce((sum, tenant) => sum + tenant.written, 0);
    expect(written).toBe(2 * (PRODUCTS - 2) - there);
    await source.write('shop', [remove('p10'), put('p11', { title: 'changed' })]);
    const again = await copyStore(source, mongo);
    expect(again.map(({ written: count }) => count).sort()).toEqual([0, 2]);
    expect(again.every(({ equal }) => equal)).toBe(true);
    await mongo.write('shop', [put('only here')]);
    const differs = (await copyStore(source, mongo)).find(({ tenant }) => tenant === 'shop');
    expect(differs?.equal).toBe(false);
  });

  it('does not mix vectors of two models', async () => {
    const source = await keep(makeLmdbStore());
    const mongo = await keep(makeMongoStore(server));
    await fill(source);
    await mongo.setModel({ ...MODEL, fingerprint: 'another' });
    await mongo.write('shop', [put('a')]);
    const refused = expect.objectContaining({ code: 'invalid_field' }) as Error;
    await expect(copyStore(source, mongo)).rejects.toEqual(refused);
  });
});
