import { describe, expect, it } from 'vitest';
import type { ProductWrite, Store } from '../../../src/store/store.js';
import type { UseFixture } from './fixture.js';
import { MODEL, put, remove, vectorOf } from './writes.js';

const T = 'shop';

async function statuses(store: Store, ...writes: ProductWrite[]): Promise<string[]> {
  return (await store.write(T, writes)).statuses;
}

async function head(store: Store, id: string) {
  return (await store.heads(T, [id]))[0];
}

/** Documents, vectors and heads: what is read is what was written. */
export function readingContract(use: UseFixture): void {
  describe('reading', () => {
    it('gives back documents as sent, in the order asked, and undefined for what is not there', async () => {
      const { store } = use();
      const rest = {
        price: 0.1,
        tags: ['ä', '\u0000', '😀'],
        attributes: { 'a.b c': null },
        __x: {},
      };
      await store.write(T, [put('a', { rest }), put('b'), put('c'), remove('c')]);
      const [b, none, a, gone, again] = await store.documents(T, ['b', 'nothing', 'a', 'c', 'b']);
      expect(a?.product).toEqual({ ...rest, id: 'a', title: 'title of a', category: 'Mice' });
      expect(b?.product.id).toBe('b');
      expect(again).toEqual(b);
      expect(none).toBeUndefined();
      expect(gone).toBeUndefined();
    });

    it('keeps a key named __proto__ and changes no prototype', async () => {
      const { store } = use();
      const rest = JSON.parse('{"__proto__": {"polluted": true}}') as object;
      const write = put('a');
      Object.defineProperty(write.product, '__proto__', {
        ...Object.getOwnPropertyDescriptor(rest, '__proto__'),
        enumerable: true,
      });
      await store.write(T, [write]);
      const product = (await store.documents(T, ['a']))[0]?.product;
      expect(JSON.stringify(product)).toContain('"__proto__":{"polluted":true}');
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    });

    it('gives back vectors bit by bit, with their model', async () => {
      const { store } = use();
      await store.write(T, [put('a', { title: 'one' }), put('b', { title: 'two' })]);
      const [b, a, none] = await store.rows(T, ['b', 'a', 'c']);
      expect(a?.vectors.text).toEqual(vectorOf('one'));
      expect(b?.vectors.text).toEqual(vectorOf('two'));
      expect(a?.model).toBe(MODEL);
      expect(a?.product.title).toBe('one');
      expect(none).toBeUndefined();
      const documents = await store.documents(T, ['a']);
      expect(documents[0]?.version).toBe(a?.version);
    });

    it('keeps a description of a megabyte', async () => {
      const { store } = use();
      const description = 'é\n'.repeat(400_000);
      await store.write(T, [put('a', { rest: { description } })]);
      expect((await store.documents(T, ['a']))[0]?.product['description']).toBe(description);
    });

    it('tells ids and tenants apart that share a beginning or look alike', async () => {
      const { store } = use();
      const long = 'x'.repeat(255);
      const ids = [
        'a',
        'a\u0000',
        'a\u0000b',
        'ab',
        'é',
        'e\u0301',
        '\uffff',
        '😀',
        '\u0000',
        long,
      ];
      ids.push(`${long}y`, `${long}z`, '😀'.repeat(64), ' ', '"', '\\', '/', '\n', 'constructor');
      const tenants = ['a', 'ab', 'a-b', 'a_', 'b'];
      for (const tenant of tenants) {
        await store.write(
          tenant,
          ids.map((id) => put(id, { title: `${tenant} ${id}` })),
        );
      }
      for (const tenant of tenants) {
        const titles = (await store.documents(tenant, ids)).map((d) => d?.product.title);
        expect(titles).toEqual(ids.map((id) => `${tenant} ${id}`));
      }
      await store.write(
        'a',
        ids.map((id) => remove(id)),
      );
      expect((await store.documents('ab', ids)).every((d) => d !== undefined)).toBe(true);
      expect((await store.documents('a', ids)).every((d) => d === undefined)).toBe(true);
      expect((await store.tenants()).sort()).toEqual([...tenants].sort());
    });

    it('shows a reader what was written after it opened', async () => {
      const { store, openReader } = use();
      const reader = await openReader();
      expect(reader.storeId).toBe(store.storeId);
      expect(reader.storeId).toMatch(/^[0-9a-f]{32}$/);
      for (let i = 0; i < 20; i++) {
        const id = `p${i}`;
        await store.write(T, [put(id)]);
        expect((await reader.documents(T, [id]))[0]?.product.id).toBe(id);
        await store.write(T, [remove(id)]);
        expect(await reader.documents(T, [id])).toEqual([undefined]);
      }
    });

    it('keeps the model', async () => {
      const { store, openReader } = use();
      const reader = await openReader();
      expect(await reader.model()).toBeUndefined();
      await store.setModel({ name: 'starter', fingerprint: 'f1', dimensions: 8 });
      expect(await reader.model()).toEqual({ name: 'starter', fingerprint: 'f1', dimensions: 8 });
      await store.setModel({ name: 'clip', fingerprint: 'f2', dimensions: 512 });
      expect(await store.model()).toEqual({ name: 'clip', fingerprint: 'f2', dimensions: 512 });
    });
  });
}

/** What each write comes to. */
export function writingContract(use: UseFixture): void {
  describe('writing', () => {
    it('applies in order, and says unchanged only when nothing differs', async () => {
      const { store } = use();
      const first = put('a', { title: 'one' });
      expect(await statuses(store, first, first, put('a', { title: 'two' }), first)).toEqual([
        'applied',
        'unchanged',
        'applied',
        'applied',
      ]);
      expect(await statuses(store, { ...first, contentHash: 'other' })).toEqual(['applied']);
      const sameContent = { ...first, contentHash: 'other', embedHash: 'other' };
      expect(await statuses(store, sameContent)).toEqual(['applied']);
    });

    it('gives versions that grow with every applied write, also across delete and re-create', async () => {
      const { store } = use();
      const versions: number[] = [];
      for (const write of [put('a'), put('a', { title: '2' }), remove('a'), put('a'), put('a')]) {
        await store.write(T, [write]);
        versions.push((await head(store, 'a'))?.version ?? 0);
      }
      const [v1 = 0, v2 = 0, v3 = 0, v4 = 0, v5 = 0] = versions;
      expect(v1).toBeGreaterThan(0);
      expect(v2).toBeGreaterThan(v1);
      expect(v3).toBeGreaterThan(v2);
      expect(v4).toBeGreaterThan(v3);
      expect(v5).toBe(v4); // The last one was unchanged.
    });

    it('deletes what is there, and says missing of what is not', async () => {
      const { store } = use();
      expect(await statuses(store, remove('a'))).toEqual(['missing']);
      expect(await store.tenants()).toEqual([]);
      expect(await statuses(store, put('a'), remove('a'), remove('a'))).toEqual([
        'applied',
        'applied',
        'missing',
      ]);
      const tombstone = await head(store, 'a');
      expect(tombstone).toMatchObject({ deleted: true, contentHash: '', embedHash: '' });
      expect(await store.rows(T, ['a'])).toEqual([undefined]);
      expect(await statuses(store, put('a'))).toEqual(['applied']);
    });

    it('keeps vectors when asked to, if they are the ones meant', async () => {
      const { store } = use();
      const keep = (id: string, title: string, price: number) =>
        put(id, { title, rest: { price }, keepVectors: true });
      expect(await statuses(store, keep('a', 'one', 1))).toEqual(['conflict']);
      await store.write(T, [put('a', { title: 'one' })]);
      expect(await statuses(store, keep('a', 'one', 2))).toEqual(['applied']);
      const row = (await store.rows(T, ['a']))[0];
      expect(row?.product['price']).toBe(2);
      expect(row?.vectors.text).toEqual(vectorOf('one'));
      expect(await statuses(store, keep('a', 'two', 3), keep('a', 'one', 2))).toEqual([
        'conflict',
        'unchanged',
      ]);
      expect((await store.documents(T, ['a']))[0]?.version).toBe(row?.version);
      expect(await statuses(store, remove('a'), keep('a', 'one', 4))).toEqual([
        'applied',
        'conflict',
      ]);
    });

    it('does nothing for a conflict, and goes on with the others', async () => {
      const { store } = use();
      await store.write(T, [put('a')]);
      const version = (await head(store, 'a'))?.version ?? 0;
      expect(
        await statuses(
          store,
          put('a', { title: 'x', ifVersion: version + 1 }),
          put('a', { title: 'x', ifVersion: 0 }),
          remove('a', { ifVersion: version + 1 }),
          put('b', { ifVersion: 7 }),
          put('c', { ifVersion: 0 }),
          put('a', { title: 'y', ifVersion: version }),
          remove('a', { ifVersion: version }),
        ),
      ).toEqual(['conflict', 'conflict', 'conflict', 'conflict', 'applied', 'applied', 'conflict']);
      const documents = await store.documents(T, ['a', 'b', 'c']);
      expect(documents.map((d) => d?.product.title)).toEqual(['y', undefined, 'title of c']);
      const now = (await head(store, 'a'))?.version ?? 0;
      expect(await statuses(store, remove('a', { ifVersion: now }))).toEqual(['applied']);
      expect(await statuses(store, put('a', { ifVersion: 0 }))).toEqual(['applied']);
    });

    it('takes an empty list of writes', async () => {
      const { store } = use();
      await store.write(T, [put('a')]);
      const { statuses: none, mark } = await store.write(T, []);
      expect(none).toEqual([]);
      expect(store.covers(undefined, mark)).toBe(false);
    });
  });
}

/** The feed's own versions. */
export function feedVersionContract(use: UseFixture): void {
  describe('feed versions', () => {
    it('does not apply a put or delete that is older than what is stored', async () => {
      const { store } = use();
      await store.write(T, [put('a', { feedVersion: 5, title: 'five' })]);
      expect(
        await statuses(
          store,
          put('a', { feedVersion: 4, title: 'four' }),
          remove('a', { feedVersion: 4 }),
          put('a', { feedVersion: 5, title: 'five' }),
          put('a', { feedVersion: 5, title: 'five again' }),
          put('a', { feedVersion: 6, title: 'six' }),
        ),
      ).toEqual(['stale', 'stale', 'unchanged', 'applied', 'applied']);
      expect((await head(store, 'a'))?.feedVersion).toBe(6);
    });

    it('leaves a bar behind a versioned delete', async () => {
      const { store } = use();
      await store.write(T, [put('a', { feedVersion: 5 }), remove('a', { feedVersion: 8 })]);
      expect((await head(store, 'a'))?.feedVersion).toBe(8);
      expect(await statuses(store, put('a', { feedVersion: 7 }))).toEqual(['stale']);
      expect(await store.documents(T, ['a'])).toEqual([undefined]);
      expect(await statuses(store, remove('a', { feedVersion: 9 }))).toEqual(['missing']);
      expect(await statuses(store, put('a', { feedVersion: 8 }))).toEqual(['applied']);
    });

    it('leaves no bar behind an unversioned delete or put', async () => {
      const { store } = use();
      await store.write(T, [put('a', { feedVersion: 5 }), remove('a')]);
      expect((await head(store, 'a'))?.feedVersion).toBeUndefined();
      expect(await statuses(store, put('a', { feedVersion: 1 }))).toEqual(['applied']);
      expect(await statuses(store, put('a', { title: 'unversioned' }))).toEqual(['applied']);
      expect((await head(store, 'a'))?.feedVersion).toBeUndefined();
      expect(await statuses(store, put('a', { feedVersion: 1, title: 'old' }))).toEqual([
        'applied',
      ]);
    });

    it('keeps a version of 0 and one of 2^53 - 1', async () => {
      const { store } = use();
      const largest = Number.MAX_SAFE_INTEGER;
      await store.write(T, [put('a', { feedVersion: 0 }), put('b', { feedVersion: largest })]);
      expect((await head(store, 'a'))?.feedVersion).toBe(0);
      expect((await head(store, 'b'))?.feedVersion).toBe(largest);
      expect(await statuses(store, put('b', { feedVersion: largest - 1, title: 'x' }))).toEqual([
        'stale',
      ]);
    });
  });
}
