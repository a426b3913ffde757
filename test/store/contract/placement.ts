import { describe, expect, it } from 'vitest';
import type { Partition } from '../../../src/store/store.js';
import type { UseFixture } from './fixture.js';

const T = 'shop';

function partition(category: string, shard = 's1', epoch = 1): Partition {
  return { id: `${category}-0-100000000`, category, from: 0, to: 2 ** 32, shard, epoch };
}

export function placementContract(use: UseFixture): void {
  describe('placement', () => {
    it('creates partitions once, and counts changes', async () => {
      const { store, openReader } = use();
      const reader = await openReader();
      expect(await reader.placement(T)).toEqual({ counter: 0, partitions: [] });
      const counter = await reader.placementCounter();
      const made = await store.createPartitions(T, [partition('A'), partition('B')]);
      expect(made.partitions).toHaveLength(2);
      expect(made.counter).toBeGreaterThan(0);
      expect(await reader.placementCounter()).toBeGreaterThan(counter);
      expect(await store.tenants()).toEqual([T]);

      const again = await store.createPartitions(T, [partition('A', 's2'), partition('C', 's2')]);
      expect(again.counter).toBeGreaterThan(made.counter);
      const shards = again.partitions.map((p) => `${p.category} ${p.shard}`).sort();
      expect(shards).toEqual(['A s1', 'B s1', 'C s2']);
      expect(await store.createPartitions(T, [partition('A', 's3')])).toEqual(again);
      expect(await reader.placement(T)).toEqual(again);
      expect(await reader.placement('shop-2')).toEqual({ counter: 0, partitions: [] });
    });

    it('replaces a partition whose epoch is the expected one', async () => {
      const { store } = use();
      const { counter } = await store.createPartitions(T, [partition('A')]);
      const total = await store.placementCounter();
      expect(await store.updatePartition(T, partition('A', 's2', 3), 2)).toBe(false);
      expect(await store.updatePartition(T, partition('B', 's2', 2), 1)).toBe(false);
      expect(await store.updatePartition('shop-2', partition('A', 's2', 2), 1)).toBe(false);
      expect(await store.placement(T)).toEqual({ counter, partitions: [partition('A')] });
      expect(await store.placementCounter()).toBe(total);
      expect(await store.updatePartition(T, partition('A', 's2', 2), 1)).toBe(true);
      const after = await store.placement(T);
      expect(after.partitions).toEqual([partition('A', 's2', 2)]);
      expect(after.counter).toBeGreaterThan(counter);
      expect(await store.placementCounter()).toBeGreaterThan(total);
    });

    it('lets one of twenty racing writers win', async () => {
      const { store, secondWriter } = use();
      const other = await secondWriter();
      await store.createPartitions(T, [partition('A')]);
      for (let epoch = 1; epoch <= 3; epoch++) {
        const racers = Array.from({ length: 20 }, (_, i) =>
          (i % 2 === 0 ? store : other).updatePartition(
            T,
            partition('A', `s${i}`, epoch + 1),
            epoch,
          ),
        );
        const won = (await Promise.all(racers)).flatMap((win, i) => (win ? [`s${i}`] : []));
        expect(won).toHaveLength(1);
        const { partitions } = await store.placement(T);
        expect(partitions).toEqual([partition('A', won[0] ?? '', epoch + 1)]);
      }
    });

    it('lets one of two writers that see a category first place it', async () => {
      const { store, secondWriter } = use();
      const other = await secondWriter();
      const [one, two] = await Promise.all([
        store.createPartitions(T, [partition('A', 's1')]),
        other.createPartitions(T, [partition('A', 's2')]),
      ]);
      expect(one.partitions).toHaveLength(1);
      expect(one.partitions).toEqual(two.partitions);
    });
  });
}
