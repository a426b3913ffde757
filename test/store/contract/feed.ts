import { describe, expect, it } from 'vitest';
import { eventually, type UseFixture } from './fixture.js';
import { Follower, liveVersions } from './follower.js';
import { put, remove } from './writes.js';

const T = 'shop';
const soon = () => Date.now() + 1000;

export function feedContract(use: UseFixture): void {
  describe('the feed', () => {
    it('has each id once, at its latest state', async () => {
      const { store } = use();
      await store.write(T, [put('a'), put('b'), put('a', { title: 'new' }), remove('b'), put('c')]);
      const { mark } = await store.write(T, [put('a', { category: 'Keyboards' })]);
      await eventually('the feed shows all', async () => {
        const { position } = await store.readFeed(T, undefined, 10);
        return store.covers(position, mark);
      });
      const { entries, atEnd, expired } = await store.readFeed(T, undefined, 10);
      const byId = Object.fromEntries(entries.map((e) => [e.id, e]));
      expect(entries).toHaveLength(3);
      expect(byId).toMatchObject({
        a: { category: 'Keyboards', deleted: false },
        b: { deleted: true },
        c: { category: 'Mice', deleted: false },
      });
      const heads = await store.heads(T, ['a', 'b', 'c']);
      expect(heads.map((h) => h?.version)).toEqual(['a', 'b', 'c'].map((id) => byId[id]?.version));
      expect({ atEnd, expired }).toEqual({ atEnd: true, expired: false });
    });

    it('is read in pages, and goes on where it stopped', async () => {
      const { store, openReader } = use();
      const reader = await openReader();
      const ids = Array.from({ length: 25 }, (_, i) => `p${i}`);
      let { mark } = await store.write(
        T,
        ids.map((id) => put(id)),
      );
      const follower = new Follower(reader, T);
      await eventually('all wait', async () => (await reader.behind(T, undefined, 100)) === 25);
      expect(await reader.behind(T, undefined, 7)).toBe(7);
      expect(await follower.readPage(10)).toBe(false);
      expect(follower.held.size).toBe(10);
      expect(reader.covers(follower.position, mark)).toBe(false);
      expect(await reader.behind(T, follower.position, 100)).toBe(15);
      await follower.catchUp(mark, 10);
      expect(follower.ids()).toEqual([...ids].sort());
      expect(await reader.behind(T, follower.position, 100)).toBe(0);

      ({ mark } = await store.write(T, [remove('p3'), put('p4', { title: 'x' }), put('new')]));
      expect(reader.covers(follower.position, mark)).toBe(false);
      await eventually('three wait', async () => {
        return (await reader.behind(T, follower.position, 100)) === 3;
      });
      await follower.catchUp(mark, 1);
      expect(follower.held).toEqual(await liveVersions(reader, T, [...ids, 'new']));
    });

    it('has a head: whoever covers it has seen all that was written before', async () => {
      const { store, openReader } = use();
      const reader = await openReader();
      const { mark } = await store.write(T, [put('a'), put('b'), remove('a')]);
      let head = await reader.head(T);
      await eventually('the head is there', async () => {
        head = await reader.head(T);
        return (await reader.readFeed(T, undefined, 10)).entries.length === 2;
      });
      const before = await reader.readFeed(T, undefined, 10);
      expect([store.covers(before.position, head), store.covers(before.position, mark)]).toEqual([
        true,
        true,
      ]);
      await store.write(T, [put('c')]);
      await eventually('the head moves on', async () => {
        return !reader.covers(before.position, await reader.head(T));
      });
      const nothing = await reader.readFeed('unheard-of', undefined, 10);
      expect(reader.covers(nothing.position, await reader.head('unheard-of'))).toBe(true);
    });

    it('covers what an unchanged or stale write found', async () => {
      const { store } = use();
      const before = await store.write(T, [put('a', { feedVersion: 5 })]);
      const { statuses, mark } = await store.write(T, [
        put('a', { feedVersion: 5 }),
        put('a', { feedVersion: 4, title: 'old' }),
      ]);
      expect(statuses).toEqual(['unchanged', 'stale']);
      expect(store.covers(undefined, mark)).toBe(false);
      const follower = new Follower(store, T);
      await follower.catchUp(mark);
      expect(follower.ids()).toEqual(['a']);
      expect(store.covers(follower.position, before.mark)).toBe(true);
    });

    it('of a tenant that has nothing is empty and at its end', async () => {
      const { store } = use();
      const page = await store.readFeed('nobody', undefined, 10);
      expect(page).toMatchObject({ entries: [], atEnd: true, expired: false });
      expect(await store.behind('nobody', undefined, 10)).toBe(0);
      const follower = new Follower(store, 'nobody');
      await follower.readPage(10);
      const { mark } = await store.write('nobody', [put('a')]);
      await follower.catchUp(mark);
      expect(follower.ids()).toEqual(['a']);
    });

    it('moves a product A to B to C between two reads: three followers, each right', async () => {
      const { store } = use();
      const [a, b, c] = ['A', 'B', 'C'].map(
        (category) => new Follower(store, T, (entry) => entry.category === category),
      ) as [Follower, Follower, Follower];
      let { mark } = await store.write(T, [
        put('x', { category: 'A' }),
        put('y', { category: 'A' }),
      ]);
      for (const follower of [a, b, c]) await follower.catchUp(mark);
      expect([a.ids(), b.ids(), c.ids()]).toEqual([['x', 'y'], [], []]);
      await store.write(T, [put('x', { category: 'B' })]);
      ({ mark } = await store.write(T, [put('x', { category: 'C' })]));
      for (const follower of [a, b, c]) await follower.catchUp(mark);
      expect([a.ids(), b.ids(), c.ids()]).toEqual([['y'], [], ['x']]);
      // And one that saw the stop at B.
      ({ mark } = await store.write(T, [put('y', { category: 'B' })]));
      await b.catchUp(mark);
      expect(b.ids()).toEqual(['y']);
      ({ mark } = await store.write(T, [put('y', { category: 'C' })]));
      for (const follower of [a, b, c]) await follower.catchUp(mark);
      expect([a.ids(), b.ids(), c.ids()]).toEqual([[], [], ['x', 'y']]);
    });

    it('brings a lagging follower past delete and re-create', async () => {
      const { store } = use();
      let { mark } = await store.write(T, [put('a'), put('b')]);
      const follower = new Follower(store, T);
      await follower.catchUp(mark);
      const old = follower.held.get('a') ?? 0;
      await store.write(T, [remove('a')]);
      await store.write(T, [put('a', { title: 'again' }), remove('b')]);
      ({ mark } = await store.write(T, [put('b'), remove('b')]));
      await follower.catchUp(mark);
      expect(follower.ids()).toEqual(['a']);
      expect(follower.held.get('a')).toBeGreaterThan(old);
      expect(follower.held).toEqual(await liveVersions(store, T, ['a', 'b']));
    });
  });
}

export function purgeContract(use: UseFixture): void {
  describe('purging tombstones', () => {
    it('makes a follower rebuild that is older than what was purged, and no other', async () => {
      const { store } = use();
      let { mark } = await store.write(T, [put('a'), put('b'), put('c')]);
      const late = new Follower(store, T);
      await late.catchUp(mark);
      ({ mark } = await store.write(T, [remove('a')]));
      const early = new Follower(store, T);
      await early.catchUp(mark);
      expect(await store.purgeTombstones(soon())).toBe(1);
      expect(await store.heads(T, ['a'])).toEqual([undefined]);
      ({ mark } = await store.write(T, [put('d')]));
      await early.catchUp(mark);
      await late.catchUp(mark);
      expect([early.rebuilds, late.rebuilds]).toEqual([0, 1]);
      expect(early.ids()).toEqual(['b', 'c', 'd']);
      expect(late.held).toEqual(early.held);
    });

    it('never expires a follower that began after the purge, however slowly it reads', async () => {
      const { store } = use();
      const ids = Array.from({ length: 10 }, (_, i) => `p${i}`);
      await store.write(
        T,
        ids.map((id) => put(id)),
      );
      let { mark } = await store.write(T, [remove('p9')]);
      await store.purgeTombstones(soon());
      const follower = new Follower(store, T);
      await follower.catchUp(mark, 1);
      expect(follower.rebuilds).toBe(0);
      // One that is in the middle when a tombstone goes that it never saw must rebuild.
      const middle = new Follower(store, T);
      await middle.readPage(2);
      ({ mark } = await store.write(T, [remove('p0'), remove('p8')]));
      await store.purgeTombstones(soon());
      await middle.catchUp(mark, 1);
      expect(middle.rebuilds).toBe(1);
      expect(middle.held).toEqual(await liveVersions(store, T, ids));
    });

    it('covers a mark whose tombstone is purged already', async () => {
      const { store } = use();
      await store.write(T, [put('a'), put('b')]);
      const { mark } = await store.write(T, [remove('b')]);
      await store.purgeTombstones(soon());
      const follower = new Follower(store, T);
      await follower.catchUp(mark);
      expect(follower.ids()).toEqual(['a']);
    });

    it('takes only tombstones, and only those written before', async () => {
      const { store } = use();
      const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
      await store.write(T, [put('a'), put('b'), put('c'), put('d'), remove('a'), remove('c')]);
      await store.write('other', [put('a'), remove('a')]);
      // Created again: no tombstone any more.
      await store.write(T, [put('c')]);
      await pause();
      const between = Date.now();
      await pause();
      await store.write(T, [remove('b', { feedVersion: 3 })]);
      expect(await store.purgeTombstones(between)).toBe(2);
      const heads = await store.heads(T, ['a', 'b', 'c', 'd']);
      expect(heads.map((h) => h?.deleted)).toEqual([undefined, true, false, false]);
      expect(await store.purgeTombstones(soon())).toBe(1);
      expect(await store.purgeTombstones(soon())).toBe(0);
      expect((await liveVersions(store, T, ['a', 'b', 'c', 'd'])).size).toBe(2);
      const again = await store.write(T, [put('b', { feedVersion: 1 })]);
      expect(again.statuses).toEqual(['applied']);
    });

    it('keeps where a product is archived until it is written or deleted, whatever is purged', async () => {
      const { store } = use();
      await store.write(T, [put('a', { feedVersion: 4 }), put('b'), put('c')]);
      const price = { op: 'price' as const, id: 'a', list: 3, entry: { price: 2 } };
      await store.write(T, [price]);
      const [a] = await store.prices(T, ['a']);
      const archive = (id: string, ifVersion?: number) => ({
        ...remove(id, ifVersion === undefined ? { feedVersion: 4 } : { feedVersion: 4, ifVersion }),
        archive: 'there',
      });
      const writes = [archive('a', 1), archive('a', a?.version), archive('b'), archive('x')];
      const { statuses } = await store.write(T, [...writes, archive('b'), remove('c')]);
      const [raced, done, again] = ['conflict', 'applied', 'unchanged'];
      expect(statuses).toEqual([raced, done, done, 'missing', again, done]);
      expect(await store.purgeTombstones(soon())).toBe(1);
      const heads = await store.heads(T, ['a', 'b', 'c']);
      expect(heads.map((head) => [head?.deleted, head?.archive])).toEqual([
        ...[true, true].map((deleted) => [deleted, 'there']),
        [undefined, undefined],
      ]);
      expect(heads[0]).toMatchObject({ contentHash: '', embedHash: '', feedVersion: 4 });
      expect(await store.documents(T, ['a'])).toEqual([undefined]);
      expect((await store.usage(T)).products).toBe(0);
      // Older than what is archived; what comes back has what lists said of it; a delete is the end.
      const old = await store.write(T, [put('a', { feedVersion: 3 })]);
      const back = await store.write(T, [put('a', { feedVersion: 4 }), remove('b'), remove('b')]);
      expect([...old.statuses, ...back.statuses]).toEqual(['stale', done, done, 'missing']);
      expect((await store.prices(T, ['a']))[0]?.prices).toEqual(a?.prices);
      expect((await store.heads(T, ['a', 'b'])).map((head) => head?.archive)).toEqual([
        undefined,
        undefined,
      ]);
      expect(await store.purgeTombstones(soon())).toBe(1);
      // A copy may have it be archived where nothing was.
      const copied = await store.write(T, [{ ...archive('z'), isCopy: true }]);
      expect(copied.statuses).toEqual([done]);
      expect((await store.heads(T, ['z']))[0]?.archive).toBe('there');
    });

    it('lets versions go on growing', async () => {
      const { store } = use();
      await store.write(T, [put('a'), remove('a')]);
      const before = (await store.heads(T, ['a']))[0]?.version ?? 0;
      await store.purgeTombstones(soon());
      await store.write(T, [put('a')]);
      expect((await store.heads(T, ['a']))[0]?.version).toBeGreaterThan(before);
    });
  });
}
