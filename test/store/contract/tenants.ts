import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Partition, Position, Store, StoreReader } from '../../../src/store/store.js';
import { serving } from '../place.js';
import { Follower } from './follower.js';
import type { UseFixture } from './fixture.js';
import { put, remove } from './writes.js';

const MICE: Partition = {
  id: 'm',
  categories: ['Mice'],
  from: 0,
  to: 2 ** 32,
  replicas: serving('s1'),
  epoch: 1,
};

/** Everyone who changed after `after`, in pages of `limit`. */
async function changed(
  store: StoreReader,
  after: Position | undefined,
  limit = 100,
): Promise<{ tenants: string[]; position: Position }> {
  const tenants = new Set<string>();
  for (let at = after; ;) {
    const page = await store.changedTenants(at, limit);
    expect(page.tenants.length).toBeLessThanOrEqual(limit);
    for (const tenant of page.tenants) tenants.add(tenant);
    at = page.position;
    if (page.atEnd) return { tenants: [...tenants].sort(), position: at };
  }
}

async function dropAll(store: Store, tenant: string, limit: number): Promise<number> {
  for (let calls = 1; ; calls++) if (await store.dropTenant(tenant, limit)) return calls;
}

/** Who is there, what each has, who changed, and how one goes. */
export function tenantsContract(use: UseFixture): void {
  describe('tenants', () => {
    it('are those with products, tombstones or a placement, in byte order, in pages', async () => {
      const { store, openReader } = use();
      const reader = await openReader();
      expect(await reader.tenants()).toEqual([]);
      await store.write('b', [put('a')]);
      await store.write('a-1', [put('a'), remove('a')]);
      await store.write('made-up', [remove('a')]);
      await store.replacePlacement('a', [MICE], 0);
      await store.records.put('tenant', 'recorded', {}, 0);
      expect(await reader.tenants()).toEqual(['a', 'a-1', 'b']);
      expect(await reader.tenants(undefined, 2)).toEqual(['a', 'a-1']);
      expect(await reader.tenants('a', 1)).toEqual(['a-1']);
      expect(await reader.tenants('b')).toEqual([]);
    });

    it('that changed are told once each, and no others', async () => {
      const { store, openReader } = use();
      const reader = await openReader();
      for (const tenant of ['a', 'b', 'c', 'd']) await store.write(tenant, [put('x')]);
      const first = await changed(reader, undefined, 2);
      expect(first.tenants).toEqual(['a', 'b', 'c', 'd']);
      const none = await reader.changedTenants(first.position, 10);
      expect([none.tenants, none.atEnd]).toEqual([[], true]);

      await store.write('b', [put('y')]);
      await store.write('b', [put('z')]);
      await store.write('c', [put('x')]); // unchanged
      await store.replacePlacement('d', [MICE], 0);
      await store.records.put('tenant', 'a', { state: 'active' }, 0);
      await store.records.put('job', 'c', {}, 0);
      const second = await changed(reader, first.position, 1);
      expect(second.tenants).toEqual(['a', 'b', 'd']);
      expect((await changed(reader, second.position)).tenants).toEqual([]);
      await store.write('e', [put('x')]);
      expect((await changed(reader, second.position)).tenants).toEqual(['e']);
      expect((await changed(reader, first.position)).tenants).toEqual(['a', 'b', 'd', 'e']);
      expect((await changed(reader, new Uint8Array(3))).tenants).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    it('that change while others are told are told as well', async () => {
      const { store, openReader, secondWriter } = use();
      const [reader, other] = [await openReader(), await secondWriter()];
      const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
      const told = new Set<string>();
      let { position } = await reader.changedTenants(undefined, 10);
      const progress = { done: false };
      const writes = names.map((name, i) => (i % 2 === 0 ? store : other).write(name, [put('x')]));
      const writing = Promise.all(writes).then(() => (progress.done = true));
      for (let atEnd = false, wasDone = false; !(atEnd && wasDone);) {
        await nextTurn();
        wasDone = progress.done;
        const page = await reader.changedTenants(position, 3);
        for (const name of page.tenants) told.add(name);
        ({ position, atEnd } = page);
      }
      await writing;
      expect([...told].sort()).toEqual([...names].sort());
    });

    it('have a usage that is exact through every kind of write', async () => {
      const { store } = use();
      const nothing = { products: 0, categories: 0, fields: 0, bytes: 0 };
      expect(await store.usage('shop')).toEqual(nothing);
      await store.write('shop', [
        put('a', { rest: { price: 1 } }),
        put('b', { category: 'Pans', rest: { attributes: { x: 1, y: 2 } } }),
      ]);
      const full = await store.usage('shop');
      // id, title, category, price, attributes.x, attributes.y
      expect(full).toMatchObject({ products: 2, categories: 2, fields: 6 });
      expect(full.bytes).toBeGreaterThan(100);
      await store.write('shop', [put('c'), put('b', { category: 'Mice' }), put('a'), remove('c')]);
      const less = await store.usage('shop');
      expect(less).toMatchObject({ products: 2, categories: 1, fields: 3 });
      expect(less.bytes).toBeLessThan(full.bytes);
      await store.write('shop', [remove('a'), remove('b')]);
      expect(await store.usage('shop')).toEqual(nothing);
    });

    it('count the bytes of kept vectors, as the feed tells them', async () => {
      const { store } = use();
      await store.write('shop', [put('a'), put('b')]);
      await store.write('shop', [
        put('a', { rest: { note: 'x'.repeat(1000) }, keepVectors: true }),
      ]);
      const { entries } = await store.readFeed('shop', undefined, 10);
      const sum = entries.reduce((total, { bytes }) => total + bytes, 0);
      expect((await store.usage('shop')).bytes).toBe(sum);
      const [b, a] = entries;
      expect((a?.bytes ?? 0) - (b?.bytes ?? 0)).toBeGreaterThan(1000);
    });

    it('have a feed whose pages are bounded by bytes', async () => {
      const { store } = use();
      const note = 'x'.repeat(10_000);
      const writes = Array.from({ length: 9 }, (_, i) => put(`p${i}`, { rest: { note } }));
      await store.write('shop', [...writes, put('gone'), remove('gone')]);
      const sizes: number[] = [];
      let position: Position | undefined;
      for (let atEnd = false; !atEnd;) {
        const page = await store.readFeed('shop', position, 100, 35_000);
        sizes.push(page.entries.length);
        ({ position, atEnd } = page);
      }
      expect(sizes).toEqual([3, 3, 4]);
      // One entry always comes, however large.
      expect((await store.readFeed('shop', undefined, 100, 1)).entries).toHaveLength(1);
    });

    it('are dropped in steps, their placement first, and nothing of them stays', async () => {
      const { store } = use();
      const ids = Array.from({ length: 25 }, (_, i) => `p${i}`);
      await store.replacePlacement('shop', [MICE], 0);
      await store.write('other', [put('p0')]);
      await store.write('shop', [...ids.map((id) => put(id)), remove('p7')]);
      const { position } = await store.changedTenants(undefined, 10);
      expect(await store.dropTenant('shop', 10)).toBe(false);
      expect(await store.placement('shop')).toEqual({ counter: 2, partitions: [] });
      const late = { ...put('late'), partition: { id: 'm', epoch: 1 } };
      expect((await store.write('shop', [late])).statuses).toEqual(['conflict']);
      expect((await store.usage('shop')).products).toBeLessThan(24);
      await dropAll(store, 'shop', 10);
      expect(await store.tenants()).toEqual(['other']);
      expect((await changed(store, position)).tenants).toEqual(['shop']);
      expect(await store.categories('shop')).toEqual([]);
      expect(await store.knownFields('shop', ['title'])).toEqual([false]);
      expect((await store.heads('shop', ids)).every((head) => head === undefined)).toBe(true);
      expect(await store.purgeTombstones(Date.now() + 60_000)).toBe(0);
      expect(await store.productCount()).toBe(1);
      expect(await store.dropTenant('unheard-of', 10)).toBe(true);
    });

    it('that come again go on from their old numbers, and their followers begin anew', async () => {
      const { store } = use();
      let { mark } = await store.write('shop', [put('a'), put('b')]);
      const follower = new Follower(store, 'shop');
      await follower.catchUp(mark);
      const old = follower.held.get('b') ?? 0;
      await dropAll(store, 'shop', 1);
      ({ mark } = await store.write('shop', [put('c')]));
      await follower.catchUp(mark);
      expect(follower.rebuilds).toBe(1);
      expect(follower.ids()).toEqual(['c']);
      expect(follower.held.get('c')).toBeGreaterThan(old);
    });

    it('are counted anew without finding anything', async () => {
      const { store } = use();
      await store.write('shop', [put('a'), put('b', { category: 'Pans' }), put('c'), remove('c')]);
      expect(await store.recount('shop')).toEqual([]);
      expect(await store.recount('unheard-of')).toEqual([]);
    });
  });

  describe('health', () => {
    it('is good of a store that can be read and written', async () => {
      const { store, openReader } = use();
      expect(await store.healthy()).toBeUndefined();
      expect(await (await openReader()).healthy()).toBeUndefined();
      expect(store.damaged()).toEqual([]);
    });
  });
}
