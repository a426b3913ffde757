import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabases } from '../../src/store/lmdb/databases.js';
import { textKey } from '../../src/store/lmdb/keys.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { encodeCount } from '../../src/store/lmdb/values.js';
import type { Store } from '../../src/store/store.js';
import { put, remove } from './contract/writes.js';
import { damage } from './damage.js';
import { makeFolder } from './lmdb-fixture.js';

const T = 'shop';
let folder: Awaited<ReturnType<typeof makeFolder>>;
let store: Store;

beforeEach(async () => {
  folder = await makeFolder();
  store = await openLmdbStore({ dir: folder.dir });
  const ids = Array.from({ length: 450 }, (_, i) => `p${i}`);
  await store.write(
    T,
    ids.map((id) => put(id)),
  );
  await store.write(T, [put('pan', { category: 'Pans', rest: { price: 1 } }), remove('p0')]);
  await store.close();
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

describe('counting a tenant anew', () => {
  it('puts right what is wrong, while others write', async () => {
    const db = openDatabases(folder.dir, false);
    await db.root.childTransaction(() => {
      db.categories.put(textKey(T, 'Mice'), encodeCount(7, 'Mice'));
      db.categories.put(textKey(T, 'Gone'), encodeCount(3, 'Gone'));
      db.fields.remove(textKey(T, 'price'));
    });
    await db.root.close();
    store = await openLmdbStore({ dir: folder.dir });
    const recounting = store.recount(T);
    await store.write(T, [put('new'), remove('p1'), remove('p2')]);
    expect(await recounting).toEqual([
      { kind: 'category', name: 'Gone', stored: 3, counted: 0 },
      { kind: 'category', name: 'Mice', stored: 7, counted: 449 },
      { kind: 'field', name: 'price', stored: 0, counted: 1 },
    ]);
    expect(await store.categories(T)).toEqual([
      { category: 'Mice', products: 448 },
      { category: 'Pans', products: 1 },
    ]);
    expect(await store.knownFields(T, ['price'])).toEqual([true]);
    expect(await store.recount(T)).toEqual([]);
    expect(await store.usage(T)).toMatchObject({ products: 449, categories: 2 });
  });

  it('forgets the fields of a damaged document that was overwritten', async () => {
    await damage(folder.dir, 'documents', `${T}\0pan`);
    store = await openLmdbStore({ dir: folder.dir });
    await store.write(T, [put('pan', { category: 'Pans', title: 'new' })]);
    expect(await store.knownFields(T, ['price'])).toEqual([true]);
    await store.recount(T);
    expect(await store.knownFields(T, ['price', 'title'])).toEqual([false, true]);
    expect(await store.recount(T)).toEqual([]);
    expect(await store.productCount()).toBe(450);
  });
});
