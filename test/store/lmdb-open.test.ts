import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabases } from '../../src/store/lmdb/databases.js';
import { textKey } from '../../src/store/lmdb/keys.js';
import type { Table } from '../../src/store/lmdb/table.js';
import { openLmdbReader, openLmdbStore } from '../../src/store/lmdb/open.js';
import { put, remove } from './contract/writes.js';
import { makeFolder } from './lmdb-fixture.js';

const T = 'shop';
let folder: Awaited<ReturnType<typeof makeFolder>>;

beforeEach(async () => {
  folder = await makeFolder();
});

afterEach(async () => {
  await folder.remove();
});

describe('opening the LMDB store', () => {
  it('finds everything again, under the same id', async () => {
    const dir = join(folder.dir, 'deep', 'store');
    const first = await openLmdbStore({ dir });
    await first.setModel({ name: 'starter', fingerprint: 'f', dimensions: 8 });
    const { mark } = await first.write(T, [put('a'), put('b'), remove('b')]);
    const { position } = await first.readFeed(T, undefined, 10);
    await first.close();
    const second = await openLmdbStore({ dir });
    expect(second.storeId).toBe(first.storeId);
    expect((await second.model())?.name).toBe('starter');
    expect((await second.documents(T, ['a', 'b'])).map((d) => d?.product.id)).toEqual([
      'a',
      undefined,
    ]);
    expect(second.covers(position, mark)).toBe(true);
    expect(await second.behind(T, position, 10)).toBe(0);
    await second.close();
  });

  it('has another id for every store', async () => {
    const ids = new Set<string>();
    for (const name of ['a', 'b', 'c']) {
      const store = await openLmdbStore({ dir: join(folder.dir, name) });
      ids.add(store.storeId);
      await store.close();
    }
    expect(ids.size).toBe(3);
  });

  it('refuses to read where there is no store yet, and makes nothing', async () => {
    const dir = join(folder.dir, 'none');
    const unavailable = expect.objectContaining({ code: 'unavailable' }) as Error;
    await expect(openLmdbReader({ dir })).rejects.toEqual(unavailable);
    await mkdir(dir);
    await writeFile(join(dir, 'data.mdb'), '');
    await expect(openLmdbReader({ dir })).rejects.toEqual(unavailable);
    // A writer that was killed just after it made the file.
    const raw = open({ path: dir, noSubdir: false, overlappingSync: false });
    await raw.close();
    await expect(openLmdbReader({ dir })).rejects.toEqual(unavailable);
    const store = await openLmdbStore({ dir });
    const reader = await openLmdbReader({ dir });
    expect(reader.storeId).toBe(store.storeId);
    await reader.close();
    await store.close();
  });

  it('refuses a store of a newer format, a file and a folder that is none', async () => {
    const dir = join(folder.dir, 'newer');
    const store = await openLmdbStore({ dir });
    await store.close();
    const db = openDatabases(dir, false);
    await db.root.childTransaction(() => db.meta.put(Buffer.from('format'), Buffer.from('999 ')));
    await db.root.close();
    const newer = expect.objectContaining({
      code: 'unavailable',
      message: expect.stringContaining('format 999') as string,
    }) as Error;
    await expect(openLmdbReader({ dir })).rejects.toEqual(newer);
    await expect(openLmdbStore({ dir })).rejects.toEqual(newer);

    const unavailable = expect.objectContaining({ code: 'unavailable' }) as Error;
    const file = join(folder.dir, 'file');
    await writeFile(file, 'x');
    await expect(openLmdbStore({ dir: file })).rejects.toEqual(unavailable);
    const garbage = join(folder.dir, 'garbage');
    await mkdir(garbage);
    await writeFile(join(garbage, 'data.mdb'), 'not a database'.repeat(1000));
    await expect(openLmdbStore({ dir: garbage })).rejects.toEqual(unavailable);
    await expect(openLmdbReader({ dir: garbage })).rejects.toEqual(unavailable);
  });

  it('rejects after close, closes twice, and ends what was under way', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    const writes = Array.from({ length: 10 }, (_, i) => store.write(T, [put(`p${i}`)]));
    await store.close();
    expect((await Promise.all(writes)).flatMap((w) => w.statuses)).toEqual(
      Array(10).fill('applied'),
    );
    await store.close();
    const unavailable = expect.objectContaining({ code: 'unavailable' }) as Error;
    await expect(store.documents(T, ['a'])).rejects.toEqual(unavailable);
    await expect(store.write(T, [put('a')])).rejects.toEqual(unavailable);
    const again = await openLmdbStore({ dir: folder.dir });
    expect(await again.productCount()).toBe(10);
    await again.close();
  });

  it('leaves nothing behind of products that are gone', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    const moves = ['A', 'B', 'C'].map((category) =>
      put('b', { category, rest: { [category]: 1 } }),
    );
    await store.write(T, [put('a'), remove('a'), put('a', { title: 'x' }), remove('a'), ...moves]);
    await store.write(T, [remove('b'), put('c'), remove('c')]);
    await store.purgeTombstones(Date.now() + 1000);
    await store.close();
    const { root, damage, meta, tenants, changes, vectors, ...others } = openDatabases(
      folder.dir,
      true,
    );
    const keys = (table: Table): number => [...table.keys({})].length;
    const counts = Object.entries(others).map(([name, table]) => [name, keys(table)]);
    expect(damage.list()).toEqual([]);
    expect(counts.filter(([, count]) => count !== 0)).toEqual([]);
    for (const id of ['a', 'b', 'c']) expect(vectors.get(textKey(T, id))).toBeUndefined();
    expect([keys(meta) > 0, keys(tenants), keys(changes)]).toEqual([true, 1, 1]);
    await root.close();
  });

  it('has room for more readers than LMDB gives by default', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    await store.write(T, [put('a')]);
    const readers = await Promise.all(
      Array.from({ length: 200 }, () => openLmdbReader({ dir: folder.dir })),
    );
    const counts = await Promise.all(readers.map((reader) => reader.productCount()));
    expect(counts).toEqual(Array(200).fill(1));
    for (const reader of readers) await reader.close();
    await store.close();
  });

  it('applies nothing of a transaction that throws, and goes on', async () => {
    const store = await openLmdbStore({ dir: folder.dir });
    // An id that cannot be in a key, after one that can: the transaction throws half way.
    const bad = { ...put('b'), id: undefined as unknown as string };
    Object.defineProperty(bad, 'id', {
      get: () => {
        throw new Error('half way');
      },
    });
    const failing = store.write(T, [put('a'), bad]);
    const good = store.write(T, [put('c')]);
    await expect(failing).rejects.toEqual(expect.objectContaining({ code: 'unavailable' }));
    expect((await good).statuses).toEqual(['applied']);
    const documents = await store.documents(T, ['a', 'c']);
    expect(documents.map((d) => d?.product.id)).toEqual([undefined, 'c']);
    expect(await store.productCount()).toBe(1);
    await store.close();
  });
});
