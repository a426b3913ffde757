import { describe, expect, it } from 'vitest';
import type { WriteMark } from '../../../src/store/store.js';
import type { UseFixture } from './fixture.js';
import { Follower, liveVersions } from './follower.js';
import { put, remove } from './writes.js';

const T = 'shop';

export function writersContract(use: UseFixture): void {
  describe('two writers', () => {
    it('lose nothing: versions grow, counts and feed are complete', async () => {
      const { store, secondWriter, openReader } = use();
      const writers = [store, await secondWriter()];
      const reader = await openReader();
      const follower = new Follower(reader, T);
      const marks: WriteMark[] = [];
      const ids = Array.from({ length: 40 }, (_, i) => `p${i}`);
      const seen = new Map<string, number>();
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let round = 0; round < 15; round++) {
            // Own ids, and some that both write.
            const batch = ids
              .filter((_, i) => i % 3 === w || i % 3 === 2)
              .map((id) =>
                (round + w) % 4 === 3 ? remove(id) : put(id, { title: `${w} ${round}` }),
              );
            marks.push((await writer.write(T, batch)).mark);
            for (const [id, version] of await liveVersions(reader, T, ids)) {
              expect(version).toBeGreaterThanOrEqual(seen.get(id) ?? 0);
              seen.set(id, version);
            }
            await follower.readPage(7);
          }
        }),
      );
      for (const mark of marks) await follower.catchUp(mark);
      const live = await liveVersions(reader, T, ids);
      expect(follower.held).toEqual(live);
      expect(new Set(live.values()).size).toBe(live.size);
      expect(await reader.productCount()).toBe(live.size);
      const fresh = new Follower(reader, T);
      for (const mark of marks) await fresh.catchUp(mark);
      expect(fresh.held).toEqual(live);
    });

    it('let one of twenty racing writes of one version apply', async () => {
      const { store, secondWriter } = use();
      const other = await secondWriter();
      await store.write(T, [put('a')]);
      const version = (await store.heads(T, ['a']))[0]?.version ?? 0;
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => {
          const write = put('a', { title: `racer ${i}`, ifVersion: version });
          return (i % 2 === 0 ? store : other).write(T, [write]);
        }),
      );
      const statuses = results.map((result) => result.statuses[0]);
      expect(statuses.filter((status) => status === 'applied')).toHaveLength(1);
      expect(statuses.filter((status) => status === 'conflict')).toHaveLength(19);
      const title = (await store.documents(T, ['a']))[0]?.product.title;
      expect(title).toBe(`racer ${statuses.indexOf('applied')}`);
    });

    it('let one of twenty racing creations apply', async () => {
      const { store, secondWriter } = use();
      const other = await secondWriter();
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => {
          const write = put('a', { title: `racer ${i}`, ifVersion: 0 });
          return (i % 2 === 0 ? store : other).write(T, [write]);
        }),
      );
      const statuses = results.map((result) => result.statuses[0]);
      expect(statuses.filter((status) => status === 'applied')).toHaveLength(1);
      expect(await store.productCount()).toBe(1);
    });
  });
}
