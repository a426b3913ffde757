import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Partition, Store } from '../../src/store/store.js';
import { damage, keysOf, misplace, rename } from './damage.js';
import { makeFolder } from './lmdb-fixture.js';
import { put, remove } from './contract/writes.js';
import { serving } from './place.js';

const T = 'shop';
const PARTITION: Partition = {
  id: 'm',
  categories: ['Mice'],
  from: 0,
  to: 2 ** 32,
  replicas: serving('s1'),
  epoch: 1,
};
let folder: Awaited<ReturnType<typeof makeFolder>>;
let store: Store;

async function reopen(): Promise<Store> {
  await store.close();
  store = await openLmdbStore({ dir: folder.dir });
  return store;
}

/** Closes the store, changes a byte of `table` under `key`, and opens it again. */
async function damaged(table: string, key: string | Buffer): Promise<Store> {
  await store.close();
  await damage(folder.dir, table, key);
  store = await openLmdbStore({ dir: folder.dir });
  return store;
}

const ids = async () => {
  const { entries } = await store.readFeed(T, undefined, 10);
  return entries.map(({ id }) => id).sort();
};
const titles = async () => {
  const documents = await store.documents(T, ['a', 'b']);
  return documents.map((document) => document?.product.title);
};

beforeEach(async () => {
  folder = await makeFolder();
  store = await openLmdbStore({ dir: folder.dir });
  await store.replacePlacement(T, [PARTITION], 0);
  await store.write(T, [put('a'), put('b'), put('gone'), remove('gone')]);
  await store.records.put('tenant', T, { state: 'active' }, 0);
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

describe('a damaged value', () => {
  it('of a document is named and left out, and nothing else is', async () => {
    await damaged('documents', 'shop\0a');
    expect(await titles()).toEqual([undefined, 'title of b']);
    expect((await store.rows(T, ['a', 'b'])).map((row) => row?.product.id)).toEqual([
      undefined,
      'b',
    ]);
    expect(store.damaged()).toEqual([{ tenant: T, id: 'a', what: 'documents' }]);
    expect(await ids()).toEqual(['a', 'b', 'gone']);
    expect(await store.productCount()).toBe(2);
  });

  it('is noticed where a byte of the file changed', async () => {
    await store.write(T, [put('a', { rest: { price: 1_234_567 } })]);
    await store.close();
    const file = join(folder.dir, 'data.mdb');
    const bytes = readFileSync(file);
    for (let at = bytes.indexOf('1234567'); at >= 0; at = bytes.indexOf('1234567', at + 1)) {
      bytes.write('9', at);
    }
    writeFileSync(file, bytes);
    store = await openLmdbStore({ dir: folder.dir });
    expect(await titles()).toEqual([undefined, 'title of b']);
  });

  it('is noticed under the key of another', async () => {
    await store.close();
    await misplace(folder.dir, 'documents', 'shop\0a', 'shop\0b');
    store = await openLmdbStore({ dir: folder.dir });
    expect(await titles()).toEqual(['title of a', undefined]);
    expect(store.damaged()).toMatchObject([{ id: 'b', what: 'documents' }]);
  });

  it.each(['documents', 'vectors', 'heads'])(
    'of %s is overwritten by the same product',
    async (table) => {
      await damaged(table, 'shop\0a');
      const kept = await store.write(T, [put('a', { keepVectors: true })]);
      if (table === 'documents') expect(kept.statuses).toEqual(['applied']);
      else {
        // Its vectors cannot be kept: whoever asks again is told so, and brings them.
        expect(kept.statuses).toEqual(['conflict']);
        expect((await store.heads(T, ['a']))[0]?.embedHash ?? '').toBe('');
        expect((await store.write(T, [put('a')])).statuses).toEqual(['applied']);
      }
      expect(store.damaged()).toEqual([]);
      await reopen();
      expect(await titles()).toEqual(['title of a', 'title of b']);
      expect((await store.rows(T, ['a']))[0]?.model).toBe(put('a').model);
      expect(await ids()).toEqual(['a', 'b', 'gone']);
      expect(await store.productCount()).toBe(2);
      expect(await store.categories(T)).toEqual([{ category: 'Mice', products: 2 }]);
      expect(store.damaged()).toEqual([]);
    },
  );

  it.each(['documents', 'vectors', 'heads'])('of %s can be deleted', async (table) => {
    await damaged(table, 'shop\0a');
    expect((await store.write(T, [remove('a')])).statuses).toEqual(['applied']);
    await reopen();
    expect(await titles()).toEqual([undefined, 'title of b']);
    expect(await ids()).toEqual(['a', 'b', 'gone']);
    expect(await store.productCount()).toBe(1);
    expect(await store.purgeTombstones(Date.now() + 1_000)).toBe(2);
    expect(await ids()).toEqual(['b']);
    expect(store.damaged()).toEqual([]);
  });

  it('of a head that stands under another key is overwritten, and can be deleted', async () => {
    await store.close();
    await rename(folder.dir, 'heads', 'shop\0a', 'shop\0`');
    store = await openLmdbStore({ dir: folder.dir });
    expect(store.damaged()).toEqual([{ tenant: T, id: '`', what: 'heads' }]);
    expect((await store.write(T, [put('a')])).statuses).toEqual(['applied']);
    expect(await ids()).toEqual(['a', 'b', 'gone']);
    expect(await store.productCount()).toBe(2);
    await store.close();
    await rename(folder.dir, 'heads', 'shop\0a', 'shop\0c');
    store = await openLmdbStore({ dir: folder.dir });
    expect((await store.write(T, [remove('a')])).statuses).toEqual(['applied']);
    expect(await titles()).toEqual([undefined, 'title of b']);
    expect(await store.productCount()).toBe(1);
  });

  it('of a head whose document is damaged too costs that product alone', async () => {
    await damaged('documents', 'shop\0a');
    await damaged('heads', 'shop\0a');
    expect((await store.write(T, [put('a', { title: 'new' })])).statuses).toEqual(['applied']);
    expect(await titles()).toEqual(['new', 'title of b']);
    expect(await ids()).toEqual(['a', 'b', 'gone']);
    expect(await store.productCount()).toBe(2);
  });

  it('of a feed entry loses no product: its head tells what it said', async () => {
    const whole = await store.readFeed(T, undefined, 10);
    for (const key of await keysOf(folder.dir, 'feed')) await damaged('feed', key);
    expect(await store.readFeed(T, undefined, 10)).toEqual(whole);
    expect(store.damaged()).toHaveLength(3);
  });

  it('of what concerns a whole tenant is read from its copy', async () => {
    const before = await store.usage(T);
    const placement = await store.placement(T);
    await damaged('tenants', 'shop\0');
    await damaged('placements', 'shop\0');
    await damaged('records', 'tenant\0shop');
    await damaged('meta', 'products');
    expect(await store.usage(T)).toEqual(before);
    expect(await store.placement(T)).toEqual(placement);
    expect(await store.records.get('tenant', T)).toMatchObject({ value: { state: 'active' } });
    expect(await store.records.list('tenant', undefined, 10)).toHaveLength(1);
    expect(await store.productCount()).toBe(2);
    expect(store.damaged().map(({ what }) => what)).toContain('placements');
    await store.write(T, [put('c')]);
    expect((await store.usage(T)).products).toBe(3);
  });

  it('of the list of changes is restored from the tenants', async () => {
    for (const key of await keysOf(folder.dir, 'changes')) await damaged('changes', key);
    expect(await store.changedTenants(undefined, 10)).toMatchObject({ tenants: [T], atEnd: true });
  });
});
