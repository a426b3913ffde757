import { describe, expect, it } from 'vitest';
import type { ImportSight, ProductWrite, Store, WriteStatus } from '../../../src/store/store.js';
import type { UseFixture } from './fixture.js';
import { put, remove as deleteOf } from './writes.js';

const TENANT = 'shop';

/** The n-th content of a product. */
const putOf = (id: string, n: number) => put(id, { title: `${id} ${n}` });

async function write(
  store: Store,
  writes: readonly ProductWrite[],
  imported?: ImportSight,
): Promise<WriteStatus[]> {
  const own = writes.map((one) =>
    one.op === 'price' || imported === undefined ? one : { ...one, imported },
  );
  return (await store.write(TENANT, own)).statuses;
}

const sightOf = async (store: Store, number: number): Promise<ImportSight> => ({
  number,
  asOf: await store.head(TENANT),
});

/** What imports see: their tenant as it was when they were taken, and the imports before them. */
export function importsContract(use: UseFixture): void {
  describe('writes of an import', () => {
    it('replace and delete what was there when it was taken', async () => {
      const { store } = use();
      await write(store, [putOf('a', 1), putOf('b', 1)]);
      const sight = await sightOf(store, 1);
      const statuses = await write(store, [putOf('a', 2), deleteOf('b'), putOf('c', 1)], sight);
      expect(statuses).toEqual(['applied', 'applied', 'applied']);
      const heads = await store.heads(TENANT, ['a', 'b', 'c']);
      expect(heads.map((head) => head?.imported)).toEqual([1, 1, 1]);
    });

    it('leave what others wrote since as they wrote it', async () => {
      const { store } = use();
      await write(store, [putOf('a', 1), putOf('b', 1), putOf('c', 1)]);
      const sight = await sightOf(store, 1);
      await write(store, [putOf('a', 2), deleteOf('b'), putOf('new', 1)]);
      const rows = [putOf('a', 3), putOf('b', 3), putOf('new', 3), deleteOf('a'), putOf('c', 3)];
      expect(await write(store, rows, sight)).toEqual([
        ...['stale', 'stale', 'stale', 'stale', 'applied'],
      ]);
      expect(await write(store, [putOf('a', 2)], sight)).toEqual(['unchanged']);
      // Whoever writes without an import is not asked.
      expect(await write(store, [putOf('c', 4)])).toEqual(['applied']);
      expect((await store.heads(TENANT, ['c']))[0]?.imported).toBeUndefined();
      expect(await write(store, [putOf('c', 5)], sight)).toEqual(['stale']);
    });

    it('see those of earlier imports and their own, and none of later ones', async () => {
      const { store } = use();
      const [first, second] = [await sightOf(store, 1), await sightOf(store, 2)];
      await write(store, [putOf('a', 1), putOf('b', 1)], first);
      await write(store, [putOf('a', 2), deleteOf('b')], second);
      expect(await write(store, [putOf('a', 3)], second)).toEqual(['applied']);
      expect(await write(store, [putOf('a', 4), putOf('b', 4)], first)).toEqual(['stale', 'stale']);
    });

    it('go by the version of a row where that is higher', async () => {
      const { store } = use();
      const sight = await sightOf(store, 1);
      const versioned = (n: number, feedVersion: number) => ({ ...putOf('a', n), feedVersion });
      await write(store, [versioned(1, 5)]);
      const rows = [versioned(2, 4), versioned(2, 5), versioned(2, 6)];
      expect(await write(store, rows, sight)).toEqual(['stale', 'stale', 'applied']);
    });

    it('are not held up by a change of prices alone', async () => {
      const { store } = use();
      await write(store, [putOf('a', 1)]);
      const sight = await sightOf(store, 1);
      await write(store, [{ op: 'price', id: 'a', list: 1, entry: { price: 3 } }]);
      const [head] = await store.heads(TENANT, ['a']);
      expect(head?.contentVersion).toBeLessThan(head?.version ?? 0);
      expect(await write(store, [putOf('a', 2)], sight)).toEqual(['applied']);
      await write(store, [{ op: 'price', id: 'a', list: 1, entry: { price: 4 } }]);
      expect((await store.heads(TENANT, ['a']))[0]?.imported).toBe(1);
    });
  });
}
