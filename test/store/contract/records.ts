import { describe, expect, it } from 'vitest';
import type { UseFixture } from './fixture.js';

/** Small documents, changed by compare-and-set. */
export function recordsContract(use: UseFixture): void {
  describe('records', () => {
    it('are made, changed and removed where the revision is the expected one', async () => {
      const { store, openReader } = use();
      const { records } = await openReader();
      expect(await records.get('job', 'a')).toBeUndefined();
      expect(await store.records.put('job', 'a', { n: 1 }, 1)).toBe(false);
      expect(await store.records.put('job', 'a', { n: 1 }, 0)).toBe(true);
      expect(await store.records.put('job', 'a', { n: 2 }, 0)).toBe(false);
      expect(await records.get('job', 'a')).toEqual({ id: 'a', value: { n: 1 }, revision: 1 });
      const odd = { __proto__: null, '$a.b': ['x', null, { y: '\ud800' }] };
      expect(await store.records.put('job', 'a', odd, 1)).toBe(true);
      expect((await records.get('job', 'a'))?.value).toEqual({ ...odd });
      expect(await store.records.remove('job', 'a', 1)).toBe(false);
      expect(await store.records.remove('job', 'a', 2)).toBe(true);
      expect(await store.records.remove('job', 'a', 2)).toBe(false);
      expect(await records.get('job', 'a')).toBeUndefined();
      expect(await records.get('tenant', 'a')).toBeUndefined();
    });

    it('are listed by id, in byte order, a kind by itself', async () => {
      const { store } = use();
      const ids = ['b', 'a', '\uffee', 'é', 'a b', 'A'];
      for (const id of ids) await store.records.put('job', id, {}, 0);
      await store.records.put('jobs', 'x', {}, 0);
      await store.records.put('jo', 'x', {}, 0);
      const list = async (after?: string, limit = 10, before?: string) => {
        const found = await store.records.list('job', after, limit, before);
        const listed = found.map(({ id }) => id);
        expect(await store.records.ids('job', after, limit, before)).toEqual(listed);
        return listed;
      };
      expect(await list()).toEqual(['A', 'a', 'a b', 'b', 'é', '\uffee']);
      expect(await list('a', 2)).toEqual(['a b', 'b']);
      expect(await list('aa')).toEqual(['b', 'é', '\uffee']);
      expect(await list('A', 10, 'b')).toEqual(['a', 'a b']);
      expect(await list(undefined, 1, 'b')).toEqual(['A']);
      expect(await list('b', 10, 'a')).toEqual([]);
    });

    it('of long ids are listed by these', async () => {
      const { store } = use();
      const long = `a${'x'.repeat(1_500)}`;
      await store.records.put('job', long, { revision: 7 }, 0);
      expect(await store.records.ids('job', undefined, 10)).toEqual([long]);
      expect(await store.records.put('job', long, { text: '"revision":9' }, 1)).toBe(true);
      expect(await store.records.remove('job', long, 1)).toBe(false);
      expect(await store.records.remove('job', long, 2)).toBe(true);
    });

    it('let one of twenty racing writers win', async () => {
      const { store, secondWriter } = use();
      const other = await secondWriter();
      for (let revision = 0; revision < 3; revision++) {
        const won = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            (i % 2 === 0 ? store : other).records.put('job', 'a', { i }, revision),
          ),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        const { value } = (await store.records.get('job', 'a')) ?? {};
        expect(value).toEqual({ i: won.indexOf(true) });
      }
    });
  });
}
