import { closeSync, copyFileSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DamageLog } from '../../src/store/damage-log.js';
import { DataFile } from '../../src/store/lmdb/identity.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { checkPages } from '../../src/store/lmdb/page-check.js';
import { checkStore } from '../../src/store/lmdb/store-check.js';
import type { Store } from '../../src/store/store.js';
import { put, remove } from './contract/writes.js';
import { makeFolder } from './lmdb-fixture.js';

const T = 'shop';
const PAGE_BYTES = 4096;
const LEAF = 2;
const ids = Array.from({ length: 400 }, (_, i) => `product-${i}`);
let folder: Awaited<ReturnType<typeof makeFolder>>;
let file: string;

beforeEach(async () => {
  folder = await makeFolder();
  file = join(folder.dir, 'data.mdb');
  const store = await openLmdbStore({ dir: folder.dir });
  await store.write(
    T,
    ids.map((id) => put(id)),
  );
  // Values with pages of their own, and free pages.
  await store.write(T, [put('long', { title: 'long '.repeat(2_000) }), remove(ids[7] ?? '')]);
  for (const id of ids.slice(10, 30)) await store.write(T, [put(id, { title: `again ${id}` })]);
  await store.close();
});
afterEach(() => folder.remove());

/** All keys and values in order, as the check reads them, and what it says. */
async function read(): Promise<{ outcome: unknown; damaged: number; contents: string }> {
  const contents: string[] = [];
  const damage = new DamageLog();
  const signal = new AbortController().signal;
  const outcome = await checkPages(
    file,
    false,
    (table, key, value) => contents.push(table + key.toString('hex') + value.toString('hex')),
    signal,
  );
  if (outcome === 'sound') await checkStore(new DataFile(folder.dir), false, damage, signal);
  return { outcome, damaged: damage.list().length, contents: contents.join() };
}

/** Where in the file pages of `kind` begin that hold `text`. */
function pagesWith(text: string, kind: number): number[] {
  const bytes = readFileSync(file);
  const starts = Array.from({ length: bytes.length / PAGE_BYTES }, (_, i) => i * PAGE_BYTES);
  return starts.filter(
    (at) =>
      bytes.readUInt16LE(at + 18) === kind && bytes.subarray(at, at + PAGE_BYTES).includes(text),
  );
}

/** Makes the pages of the vectors' blocks useless: nothing reads them when a store is opened. */
function damageVectors(): void {
  const bytes = readFileSync(file);
  // The name of the model stands in blocks of vectors only.
  for (const at of pagesWith(put('a').model, LEAF)) bytes.writeUInt16LE(3, at + 20);
  writeFileSync(file, bytes);
}

describe('the check of the pages', () => {
  it('notices each changed byte that changes anything', async () => {
    const whole = await read();
    expect(whole).toMatchObject({ outcome: 'sound', damaged: 0 });
    const sound = join(folder.dir, 'sound');
    copyFileSync(file, sound);
    const size = readFileSync(file).length;
    const anywhere = fc.integer({ min: 2 * PAGE_BYTES, max: size - 1 });
    const inHeaders = fc
      .tuple(fc.integer({ min: 2, max: size / PAGE_BYTES - 1 }), fc.integer({ min: 0, max: 63 }))
      .map(([page, at]) => page * PAGE_BYTES + at);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(anywhere, inHeaders),
        fc.integer({ min: 0, max: 7 }),
        async (at, bit) => {
          copyFileSync(sound, file);
          const handle = openSync(file, 'r+');
          writeSync(handle, Buffer.of((readFileSync(sound)[at] ?? 0) ^ (1 << bit)), 0, 1, at);
          closeSync(handle);
          const found = await read();
          const isNoticed = found.outcome !== 'sound' || found.damaged > 0;
          expect(isNoticed || found.contents === whole.contents).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('notices a changed name of a table, which would be an empty table', async () => {
    for (const [name, changed] of [
      ['tombstones\0', 'tombrtones\0'],
      ['documents\0', 'documents\u0001'],
    ] as const) {
      const bytes = readFileSync(file);
      for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
        bytes.write(changed, at, 'latin1');
      }
      writeFileSync(file, bytes);
      expect((await read()).outcome).toMatchObject({
        damage: expect.stringContaining('has a table of an unknown name') as unknown,
      });
    }
  });

  it('ends the opening of a damaged store with a line that names the table', async () => {
    damageVectors();
    await expect(openLmdbStore({ dir: folder.dir })).rejects.toThrow(
      /^data\.mdb in .* is damaged, put a good copy back: blocks: page \d+ has wrong/,
    );
  });
});

describe('a store that was opened before its pages were checked', () => {
  let store: Store;
  const open = async () =>
    (store = await openLmdbStore({ dir: folder.dir, checkMs: 0, checkAfterMs: 0 }));
  afterEach(() => store.close());

  it('says that it is damaged once that is known, answers on, and takes no writes', async () => {
    damageVectors();
    await open();
    const line = expect.stringContaining('blocks: page') as unknown;
    expect(await store.checked?.()).toEqual(line);
    expect(await store.healthy()).toEqual(line);
    expect(await store.productCount()).toBe(400);
    await expect(store.write(T, [put('new')])).rejects.toMatchObject({ message: line });
  });

  it('is sound however much is written meanwhile', async () => {
    await open();
    const checked = new AbortController();
    const checking = store.checked?.().finally(() => checked.abort());
    for (let i = 0; i < 200 && !checked.signal.aborted; i++) {
      await store.write(T, [put(ids[i] ?? '', { title: `new ${i}` })]);
    }
    expect(await checking).toBeUndefined();
  });

  it('names damaged values that nobody has read', async () => {
    const bytes = readFileSync(file);
    for (const at of pagesWith('title of product-9', LEAF)) {
      bytes.write('T', bytes.indexOf('title of product-9', at));
    }
    writeFileSync(file, bytes);
    await open();
    expect(await store.checked?.()).toBeUndefined();
    expect(store.damaged()).toContainEqual(
      expect.objectContaining({ tenant: T, what: 'documents' }) as unknown,
    );
  });
});
