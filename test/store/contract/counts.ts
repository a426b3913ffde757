import { describe, expect, it } from 'vitest';
import type { StoreReader } from '../../../src/store/store.js';
import type { UseFixture } from './fixture.js';
import { put, remove } from './writes.js';

const T = 'shop';

async function counts(store: StoreReader, tenant = T): Promise<Record<string, number>> {
  const list = await store.categories(tenant);
  return Object.fromEntries(list.map(({ category, products }) => [category, products]));
}

/** Categories, products and fields: counted exactly through every kind of write. */
export function countsContract(use: UseFixture): void {
  describe('counts', () => {
    it('counts live products of each category', async () => {
      const { store } = use();
      const long = 'k'.repeat(256);
      await store.write(T, [
        put('a', { category: 'Mice' }),
        put('b', { category: 'Mice' }),
        put('c', { category: long }),
        put('d', { category: `${long.slice(1)}l` }),
      ]);
      await store.write('other', [put('a', { category: 'Mice' })]);
      expect(await counts(store)).toEqual({ Mice: 2, [long]: 1, [`${long.slice(1)}l`]: 1 });
      expect(await store.productCount()).toBe(5);
      await store.write(T, [
        put('a', { category: 'Mice' }), // unchanged
        put('a', { category: 'Mice', title: 'new title' }),
        put('b', { category: 'Keyboards' }),
        remove('c'),
        remove('c'),
        put('d', { category: 'x', ifVersion: 1_000_000 }),
      ]);
      expect(await counts(store)).toEqual({ Mice: 1, Keyboards: 1, [`${long.slice(1)}l`]: 1 });
      expect(await counts(store, 'other')).toEqual({ Mice: 1 });
      expect(await store.productCount()).toBe(4);
      await store.write(T, [remove('a'), remove('b'), remove('d')]);
      expect(await counts(store)).toEqual({});
      expect(await store.productCount()).toBe(1);
    });

    it('knows a field as long as a live product has it', async () => {
      const { store } = use();
      const long = `attributes.${'n'.repeat(5000)}`;
      const fields = ['price', 'attributes.Größe in cm', 'attributes', 'brand', 'title', long];
      expect(await store.knownFields(T, fields)).toEqual(Array(6).fill(false));
      const attributes = { 'Größe in cm': 4, ['n'.repeat(5000)]: true };
      await store.write(T, [
        put('a', { rest: { price: 1, brand: null, attributes } }),
        put('b', { rest: { price: 2 } }),
      ]);
      expect(await store.knownFields(T, fields)).toEqual([true, true, false, false, true, true]);
      expect(await store.knownFields('other', fields)).toEqual(Array(6).fill(false));
      await store.write(T, [put('a', { rest: { brand: 'Acme' } })]);
      expect(await store.knownFields(T, fields)).toEqual([true, false, false, true, true, false]);
      await store.write(T, [remove('b')]);
      expect(await store.knownFields(T, fields)).toEqual([false, false, false, true, true, false]);
      await store.write(T, [remove('a')]);
      expect(await store.knownFields(T, fields)).toEqual(Array(6).fill(false));
    });

    it('knows an attribute, not a top-level field of that name', async () => {
      const { store } = use();
      const rest = { 'attributes.x': 1, attributes: { y: 2 } };
      await store.write(T, [put('a', { rest })]);
      expect(await store.knownFields(T, ['attributes.x', 'attributes.y'])).toEqual([false, true]);
    });
  });
}
