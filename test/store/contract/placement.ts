import { describe, expect, it } from 'vitest';
import type { Partition, Replica } from '../../../src/store/store.js';
import { move, place, serving } from '../place.js';
import type { UseFixture } from './fixture.js';
import { put, remove } from './writes.js';

const T = 'shop';
const NOTHING = { counter: 0, partitions: [] };

function partition(category: string, node = 's1', epoch = 1): Partition {
  return {
    id: `${category}-0-100000000`,
    categories: [category],
    from: 0,
    to: 2 ** 32,
    replicas: serving(node),
    epoch,
  };
}

export function placementContract(use: UseFixture): void {
  describe('placement', () => {
    it('is replaced as a whole where its counter is the expected one', async () => {
      const { store, openReader } = use();
      const reader = await openReader();
      expect(await reader.placement(T)).toEqual(NOTHING);
      expect(await store.replacePlacement(T, [partition('A')], 1)).toBe(false);
      expect(await store.replacePlacement(T, [partition('A'), partition('B')], 0)).toBe(true);
      const first = { counter: 1, partitions: [partition('A'), partition('B')] };
      expect(await reader.placement(T)).toEqual(first);
      expect(await store.tenants()).toEqual([T]);
      expect(await store.replacePlacement(T, [], 0)).toBe(false);
      expect(await store.placement(T)).toEqual(first);
      const rest: Partition = { ...partition('x', 's3'), id: 'rest', categories: 'rest' };
      expect(await store.replacePlacement(T, [partition('A', 's2', 2), rest], 1)).toBe(true);
      const second = { counter: 2, partitions: [partition('A', 's2', 2), rest] };
      expect(await reader.placement(T)).toEqual(second);
      expect(await reader.placement('shop-2')).toEqual(NOTHING);
    });

    it('tells of every replica what it is', async () => {
      const { store, openReader } = use();
      const replicas: Replica[] = [
        { node: 's1', state: 'serving', isFirst: true },
        { node: 's2', state: 'building' },
        { node: 's3', state: 'leaving' },
      ];
      const placed = [{ ...partition('A'), replicas }];
      expect(await store.replacePlacement(T, placed, 0)).toBe(true);
      expect(await (await openReader()).placement(T)).toEqual({ counter: 1, partitions: placed });
    });

    it('lets one of twenty racing writers win', async () => {
      const { store, secondWriter } = use();
      const other = await secondWriter();
      await place(store, T, [partition('A')]);
      for (let epoch = 1; epoch <= 3; epoch++) {
        const racers = Array.from({ length: 20 }, (_, i) =>
          (i % 2 === 0 ? store : other).replacePlacement(
            T,
            [partition('A', `s${i}`, epoch + 1)],
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
        place(store, T, [partition('A', 's1')]),
        place(other, T, [partition('A', 's2')]),
      ]);
      expect(one.partitions).toHaveLength(1);
      expect(one.partitions).toEqual(two.partitions);
    });

    it('takes no write that names a partition it does not hold at that epoch', async () => {
      const { store } = use();
      const { id } = partition('Mice');
      await place(store, T, [partition('Mice')]);
      const write = (product: string, epoch: number, title = product) => {
        const named = { ...put(product, { title }), partition: { id, epoch } };
        return store.write(T, [named]).then(({ statuses }) => statuses);
      };
      expect(await write('a', 1)).toEqual(['applied']);
      // Which nodes hold it is nothing to a write.
      await move(store, T, { id }, 's2');
      expect(await write('a', 1, 'again')).toEqual(['applied']);
      await store.replacePlacement(T, [partition('Mice', 's2', 2)], 2);
      expect(await write('b', 1)).toEqual(['conflict']);
      expect(await write('a', 1, 'again')).toEqual(['unchanged']);
      expect(await write('b', 2)).toEqual(['applied']);
      const { statuses } = await store.write(T, [
        { ...put('c'), partition: { id, epoch: 2 } },
        { ...put('d'), partition: { id: 'unheard-of', epoch: 1 } },
        put('e'),
      ]);
      expect(statuses).toEqual(['applied', 'conflict', 'applied']);
      expect((await store.documents(T, ['c', 'd', 'e'])).map((d) => d?.product.id)).toEqual([
        'c',
        undefined,
        'e',
      ]);
    });

    it('keeps a partition whose category has products, and gives up an emptied one', async () => {
      const { store } = use();
      await place(store, T, [partition('Mice'), partition('Pans')]);
      await store.write(T, [{ ...put('a'), partition: { id: partition('Mice').id, epoch: 1 } }]);
      expect(await store.replacePlacement(T, [partition('Pans')], 1)).toBe(false);
      expect(await store.replacePlacement(T, [partition('Mice')], 1)).toBe(true);
      await store.write(T, [remove('a')]);
      expect(await store.replacePlacement(T, [], 2)).toBe(true);
      expect(await store.placement(T)).toEqual({ counter: 3, partitions: [] });
    });

    it('never loses a partition under a write that names it', async () => {
      const { store, secondWriter } = use();
      const other = await secondWriter();
      const named = { id: partition('Mice').id, epoch: 1 };
      for (let round = 0; round < 10; round++) {
        const { counter } = await place(store, T, [partition('Mice')]);
        const [went, { statuses }] = await Promise.all([
          other.replacePlacement(T, [], counter),
          store.write(T, [{ ...put(`p${round}`), partition: named }]),
        ]);
        // Either the partition went first, and the write is refused, or it stayed.
        expect([went, statuses[0]]).toEqual(went ? [true, 'conflict'] : [false, 'applied']);
        if (!went) await store.write(T, [remove(`p${round}`)]);
      }
    });
  });
}
