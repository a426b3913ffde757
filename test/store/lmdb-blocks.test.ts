import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabases } from '../../src/store/lmdb/databases.js';
import { numberKey } from '../../src/store/lmdb/keys.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { ProductWrite, PutProduct, Store } from '../../src/store/store.js';
import { put, remove } from './contract/writes.js';
import { damage, damageKey, keysOf } from './damage.js';
import { makeFolder } from './lmdb-fixture.js';

const T = 'shop';
let folder: Awaited<ReturnType<typeof makeFolder>>;
let store: Store;

beforeEach(async () => {
  folder = await makeFolder();
  store = await openLmdbStore({ dir: folder.dir });
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

/** A product with a vector of so many floats, which `round` determines. */
function sized(id: string, dimensions: number, round = 0): PutProduct {
  const title = `${id} ${dimensions} ${round}`;
  return { ...put(id, { title }), vectors: { text: vectorOf(dimensions, round) } };
}

function vectorOf(dimensions: number, round: number): Float32Array {
  return Float32Array.from({ length: dimensions }, (_, i) => round + i / 3);
}

async function vectorsOf(ids: string[]): Promise<(Float32Array | undefined)[]> {
  return (await store.rows(T, ids)).map((row) => row?.vectors.text);
}

/** Bytes of the pages that a vector takes, in all tables that hold parts of it. */
async function bytesAVector(count: number): Promise<number> {
  await store.close();
  const { root } = openDatabases(folder.dir, true);
  let bytes = 0;
  for (const name of ['vectors', 'blocks', 'free']) {
    const stats = root.openDB(name, { encoding: 'binary' }).getStats() as Record<string, number>;
    const { pageSize = 0, overflowPages = 0 } = stats;
    const { treeBranchPageCount = 0, treeLeafPageCount = 0 } = stats;
    bytes += pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages);
  }
  await root.close();
  store = await openLmdbStore({ dir: folder.dir });
  return bytes / count;
}

/** `count` ids in an order that is none. */
function scattered(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}-${(i * 7919) % count}`);
}

async function writeAll(writes: ProductWrite[]): Promise<void> {
  for (let i = 0; i < writes.length; i += 500) await store.write(T, writes.slice(i, i + 500));
}

describe('vectors in blocks', () => {
  it('come back as they were written last, whatever their lengths were', async () => {
    const lengths = [1, 220, 230, 249, 250, 512, 768, 1536].map((n) => fc.constant(n));
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      dimensions: fc.option(fc.oneof(...lengths), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 6 }),
        async (all) => {
          const expected = new Map<string, Float32Array>();
          await store.write(
            T,
            ['a', 'b', 'c', 'd'].map((id) => remove(id)),
          );
          for (const [round, steps] of all.entries()) {
            const writes = steps.map(({ id, dimensions }) =>
              dimensions === undefined ? remove(id) : sized(id, dimensions, round),
            );
            await store.write(T, writes);
            for (const write of writes) {
              if (write.op !== 'put' || write.vectors === 'keep') expected.delete(write.id);
              else expected.set(write.id, write.vectors.text);
            }
          }
          const ids = ['a', 'b', 'c', 'd'];
          expect(await vectorsOf(ids)).toEqual(ids.map((id) => expected.get(id)));
          expect(store.damaged()).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('of 512 dimensions take at most 2,400 bytes, also when they are written again', async () => {
    const ids = scattered(3_000, 'p');
    await writeAll(ids.map((id) => sized(id, 512)));
    expect(await bytesAVector(ids.length)).toBeLessThan(2_400);
    const again = ids.filter((_, i) => i % 2 === 0);
    await writeAll(again.map((id) => sized(id, 512, 1)));
    expect(await bytesAVector(ids.length)).toBeLessThan(2_400);
  });

  it('give their room to new ones when they are deleted', async () => {
    const ids = scattered(2_000, 'p');
    await writeAll(ids.map((id) => sized(id, 512)));
    await store.close();
    const before = await keysOf(folder.dir, 'blocks');
    store = await openLmdbStore({ dir: folder.dir });
    const gone = ids.filter((_, i) => i % 2 === 0);
    await writeAll(gone.map((id) => remove(id)));
    await writeAll(gone.map((id) => sized(`new-${id}`, 512)));
    await store.close();
    expect(await keysOf(folder.dir, 'blocks')).toHaveLength(before.length);
    expect(await keysOf(folder.dir, 'free')).toEqual([]);
    store = await openLmdbStore({ dir: folder.dir });
  });
});

describe('a damaged block', () => {
  beforeEach(async () => {
    await store.write(T, [sized('a', 512), sized('b', 512)]);
    await store.close();
    await damage(folder.dir, 'blocks', numberKey(2));
  });
  const isNamed = () => expect(store.damaged()).toEqual([{ tenant: T, id: 'a', what: 'vectors' }]);

  it('is named as its vector when the store is opened, and costs that vector alone', async () => {
    store = await openLmdbStore({ dir: folder.dir });
    isNamed();
    expect((await vectorsOf(['a', 'b'])).map((vector) => vector?.length)).toEqual([undefined, 512]);
    expect((await store.heads(T, ['a']))[0]?.embedHash).toBe('');
  });

  it('is named when it is read, and overwritten by the same product', async () => {
    store = await openLmdbStore({ dir: folder.dir, checkMs: 0, checkAfterMs: 1e9 });
    expect(store.damaged()).toEqual([]);
    expect(await vectorsOf(['a'])).toEqual([undefined]);
    isNamed();
    expect((await store.write(T, [sized('a', 512)])).statuses).toEqual(['applied']);
    expect(store.damaged()).toEqual([]);
    expect((await vectorsOf(['a']))[0]).toHaveLength(512);
  });

  it('is given to another once its product is deleted', async () => {
    store = await openLmdbStore({ dir: folder.dir });
    await store.write(T, [remove('a')]);
    await store.write(T, [sized('c', 512)]);
    expect((await vectorsOf(['b', 'c'])).map((vector) => vector?.length)).toEqual([512, 512]);
    expect(store.damaged()).toEqual([]);
  });
});

it('a free block whose number is damaged is never given to a product', async () => {
  await store.write(T, [sized('a', 512), sized('b', 512)]);
  await store.write(T, [remove('a')]);
  await store.close();
  const [free = ''] = await keysOf(folder.dir, 'free');
  await damage(folder.dir, 'free', free);
  store = await openLmdbStore({ dir: folder.dir });
  await store.write(T, [sized('c', 512, 1)]);
  expect(await vectorsOf(['b', 'c'])).toEqual([vectorOf(512, 0), vectorOf(512, 1)]);
});

it.each([0, 5, 2 ** 40, 2 ** 63])(
  'where the number of the last block became %d, new vectors are whole, and none is read with a part of another',
  async (changed) => {
    await store.write(T, [sized('a', 512), sized('b', 512)]);
    await store.close();
    await damageKey(folder.dir, 'blocks', numberKey(4), numberKey(changed));
    store = await openLmdbStore({ dir: folder.dir, checkMs: 0, checkAfterMs: 1e9 });
    await store.write(T, [sized('c', 512, 1), sized('d', 512, 2)]);
    await store.write(T, [sized('e', 512, 3)]);
    const fresh = [1, 2, 3].map((round) => vectorOf(512, round));
    expect(await vectorsOf(['c', 'd', 'e'])).toEqual(fresh);
    // Where keys are out of order also others are not found.
    const [a = vectorOf(512, 0), b] = await vectorsOf(['a', 'b']);
    expect([a, b]).toEqual([vectorOf(512, 0), undefined]);
  },
);
