import { describe, expect, it } from 'vitest';
import type { Spool, SpoolName } from '../../../src/store/spool.js';
import type { UseFixture } from './fixture.js';

const FEED: SpoolName = { tenant: 'shop', name: 'feed-1.rows' };

async function namesOf(spool: Spool, limit = 100): Promise<string[]> {
  const found = await spool.list(undefined, limit);
  return found.map(({ tenant, name, last }) => `${tenant} ${name} ${last}`);
}

/** Bytes that some work goes through, in numbered chunks under a name. */
export function spoolContract(use: UseFixture): void {
  describe('the spool', () => {
    it('gives back each chunk by its number, to every writer', async () => {
      const { store, secondWriter } = use();
      const bytes = Buffer.from([0, 1, 255, 10]);
      await store.spool.put(FEED, 0, bytes);
      await store.spool.put(FEED, 1, Buffer.alloc(1_000_000, 7));
      const other = await secondWriter();
      expect(await other.spool.get(FEED, 0)).toEqual(bytes);
      expect((await other.spool.get(FEED, 1))?.length).toBe(1_000_000);
      expect(await other.spool.get(FEED, 2)).toBeUndefined();
      expect(await other.spool.get({ ...FEED, tenant: 'shop2' }, 0)).toBeUndefined();
      await other.spool.put(FEED, 0, Buffer.from('again'));
      expect((await store.spool.get(FEED, 0))?.toString()).toBe('again');
    });

    it('lists what there is by tenant and name, some at a time', async () => {
      const { store } = use();
      const { spool } = store;
      const chunk = Buffer.from('x');
      for (const tenant of ['b', 'a-1', 'a']) {
        for (const name of ['one.rows', 'one', 'two']) await spool.put({ tenant, name }, 0, chunk);
      }
      for (const number of [3, 300, 70_000]) {
        await spool.put({ tenant: 'a', name: 'one' }, number, chunk);
      }
      const all = await spool.list(undefined, 100);
      expect(all).toHaveLength(9);
      expect(all.filter(({ tenant }) => tenant === 'a')).toEqual(
        expect.arrayContaining([
          { tenant: 'a', name: 'one', last: 70_000 },
          { tenant: 'a', name: 'one.rows', last: 0 },
          { tenant: 'a', name: 'two', last: 0 },
        ]),
      );
      const walked = [];
      for (let after: SpoolName | undefined; ; after = walked.at(-1)) {
        const found = await spool.list(after, 2);
        walked.push(...found);
        if (found.length < 2) break;
      }
      expect(walked).toEqual(all);
    });

    it('removes one name in steps, and nothing of another', async () => {
      const { store } = use();
      const { spool } = store;
      for (let i = 0; i < 5; i++) await spool.put(FEED, i, Buffer.from('x'));
      const beside = ['feed-1', 'feed-1.rows2', 'feed-10.rows'];
      for (const name of beside) await spool.put({ ...FEED, name }, 0, Buffer.from('x'));
      expect(await spool.remove(FEED, 2)).toBe(false);
      expect(await spool.remove(FEED, 2)).toBe(false);
      expect(await spool.remove(FEED, 2)).toBe(true);
      expect(await spool.remove(FEED, 2)).toBe(true);
      expect((await namesOf(spool)).sort()).toEqual(beside.map((name) => `shop ${name} 0`).sort());
    });
  });
}
