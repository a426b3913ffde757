import { copyFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLmdbReader, openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Store } from '../../src/store/store.js';
import { put } from './contract/writes.js';
import { makeFolder } from './lmdb-fixture.js';

const T = 'shop';
let folder: Awaited<ReturnType<typeof makeFolder>>;
let store: Store | undefined;
let data: string;

beforeEach(async () => {
  folder = await makeFolder();
  data = join(folder.dir, 'data.mdb');
  store = await openLmdbStore({ dir: folder.dir });
  await store.write(T, [put('a')]);
});
afterEach(async () => {
  await store?.close();
  await folder.remove();
});

async function closed(): Promise<void> {
  await store?.close();
  store = undefined;
}

const refused = (what: string): Error =>
  expect.objectContaining({
    code: 'unavailable',
    message: expect.stringMatching(new RegExp(`^[^\\n]*${what}[^\\n]*$`)) as string,
  }) as Error;

describe('the identity of an LMDB store', () => {
  it.each([
    ['emptied', () => truncateSync(data)],
    ['removed', () => rmSync(data)],
  ])('an %s data file is not taken for a new store', async (_, harm) => {
    await closed();
    harm();
    await expect(openLmdbStore({ dir: folder.dir })).rejects.toEqual(refused('lost its data.mdb'));
    await expect(openLmdbReader({ dir: folder.dir })).rejects.toEqual(refused('no store'));
  });

  it('a data file of another store is refused', async () => {
    await closed();
    const other = await openLmdbStore({ dir: join(folder.dir, 'other') });
    await other.close();
    copyFileSync(join(folder.dir, 'other', 'data.mdb'), data);
    await expect(openLmdbStore({ dir: folder.dir })).rejects.toEqual(refused('another store'));
    await expect(openLmdbReader({ dir: folder.dir })).rejects.toEqual(refused('another store'));
  });

  it.each([
    ['removed', () => rmSync(data)],
    [
      'replaced',
      () => {
        renameSync(data, `${data}.old`);
        writeFileSync(data, 'x');
      },
    ],
  ])('a data file that is %s while it is open stops writes and health', async (_, harm) => {
    const reader = await openLmdbReader({ dir: folder.dir });
    expect([await store?.healthy(), await reader.healthy()]).toEqual([undefined, undefined]);
    harm();
    await expect(store?.write(T, [put('b')])).rejects.toEqual(refused('put it back'));
    expect(await store?.healthy()).toMatch(/data\.mdb in .* is .*: put it back$/);
    expect(await reader.healthy()).toMatch(/data\.mdb in .* is .*: put it back$/);
    await reader.close();
  });

  it('goes on once the file is back, with all that was acknowledged', async () => {
    renameSync(data, `${data}.old`);
    await expect(store?.write(T, [put('b')])).rejects.toEqual(refused('put it back'));
    renameSync(`${data}.old`, data);
    expect(await store?.healthy()).toBeUndefined();
    await store?.write(T, [put('c')]);
    expect((await store?.documents(T, ['a', 'b', 'c']))?.map((d) => d?.product.id)).toEqual([
      'a',
      undefined,
      'c',
    ]);
  });

  it('is open to its owner alone', () => {
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(mode(folder.dir)).toBe('700');
    for (const name of ['data.mdb', 'lock.mdb', 'store.json']) {
      expect(mode(join(folder.dir, name))).toBe('600');
    }
  });

  it('is written where a start was cut off before', async () => {
    await closed();
    rmSync(join(folder.dir, 'store.json'));
    store = await openLmdbStore({ dir: folder.dir });
    expect(await store.productCount()).toBe(1);
    await closed();
    truncateSync(data);
    await expect(openLmdbStore({ dir: folder.dir })).rejects.toEqual(refused('lost its data.mdb'));
  });
});
