import { describe, expect, it } from 'vitest';
import type { ProductWrite, WriteStatus } from '../../../src/store/store.js';
import type { UseFixture } from './fixture.js';
import { put, remove } from './writes.js';

const T = 'shop';

function bounded(id: string, maxProducts: number, title?: string): ProductWrite {
  return { ...put(id, title === undefined ? {} : { title }), maxProducts };
}

/** No more products than a write allows, however many write. */
export function roomContract(use: UseFixture): void {
  describe('a bound of products', () => {
    it('refuses what would be one too many, and nothing else', async () => {
      const { store } = use();
      const first = await store.write(T, [bounded('a', 2), bounded('b', 2), bounded('c', 2)]);
      expect(first.statuses).toEqual(['applied', 'applied', 'full']);
      const second = await store.write(T, [
        bounded('a', 2, 'another title'),
        bounded('b', 2),
        bounded('c', 2),
        remove('x'),
      ]);
      expect(second.statuses).toEqual(['applied', 'unchanged', 'full', 'missing']);
      expect(await store.usage(T)).toMatchObject({ products: 2 });
      expect((await store.write(T, [put('c')])).statuses).toEqual(['applied']);
      // A smaller plan: what is there stays and may be changed.
      const third = await store.write(T, [bounded('a', 1, 'once more'), bounded('d', 1)]);
      expect(third.statuses).toEqual(['applied', 'full']);
      expect(await store.usage(T)).toMatchObject({ products: 3 });
    });

    it('has room again for what was deleted, also by the same call', async () => {
      const { store } = use();
      await store.write(T, [bounded('a', 2), bounded('b', 2)]);
      const swap = await store.write(T, [remove('a'), bounded('c', 2), bounded('d', 2)]);
      expect(swap.statuses).toEqual(['applied', 'applied', 'full']);
      await store.write(T, [remove('b')]);
      expect((await store.write(T, [bounded('a', 2)])).statuses).toEqual(['applied']);
      expect(await store.usage(T)).toMatchObject({ products: 2 });
    });

    it('holds where twenty writers of two processes race for the last places', async () => {
      const { store, secondWriter } = use();
      const writers = [store, await secondWriter()];
      const max = 300;
      await store.write(T, [put('w0-0'), put('w1-0')]);
      const statuses: WriteStatus[] = [];
      await Promise.all(
        Array.from({ length: 20 }, async (_, w) => {
          for (let batch = 0; batch < 5; batch++) {
            const ids = Array.from({ length: 5 }, (__, i) => `w${w}-${batch * 5 + i}`);
            const writer = writers[w % 2] ?? store;
            // Some are told again and again, some go and come, and one is wanted by all.
            const rows = [...ids.map((id) => bounded(id, max)), bounded('all', max)];
            if (batch % 2 === 1) rows.push(remove(`w${w}-0`), bounded(`w${w}-0`, max, 'back'));
            statuses.push(...(await writer.write(T, rows)).statuses);
          }
        }),
      );
      expect(statuses).toContain('full');
      expect(await store.usage(T)).toMatchObject({ products: max });
      expect(await store.recount(T)).toEqual([]);
    });
  });
}
