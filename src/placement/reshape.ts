import { namedCategories, replicaKey } from '../store/partition-map.js';
import type { Partition, Replica } from '../store/store.js';
import { partitionId } from './partition.js';

/**
 * Partitions made of others on the same nodes: nothing moves, every row stays where it is. `epoch` is the
 * counter of the placement that will have them: greater than any that these had.
 */

/** `categories` cut out of the rest, or of each range of it, one partition each. */
export function cutOut(
  partitions: readonly Partition[],
  categories: readonly string[],
  epoch: number,
): Partition[] {
  return partitions.flatMap((partition) => {
    if (partition.categories !== 'rest') return [partition];
    const cut = categories.map((category) =>
      made([partition], { ...partition, categories: [category] }, epoch),
    );
    return [made([partition], partition, epoch), ...cut];
  });
}

/** The two halves of a partition's range. */
export function halves(partition: Partition, epoch: number): [Partition, Partition] {
  const middle = middleOf(partition);
  return [
    made([partition], { ...partition, to: middle }, epoch),
    made([partition], { ...partition, from: middle }, epoch),
  ];
}

/** Whether there is a hash for each half. */
export function canBeHalved(partition: Partition): boolean {
  const middle = middleOf(partition);
  return middle > partition.from && middle < partition.to;
}

function middleOf({ from, to }: Partition): number {
  return Math.floor((from + to) / 2);
}

/**
 * Whether two of `all` can be one: ranges of the same categories that touch, or the rest and what is the only one of
 * its categories: else their other ranges would be all that there is of them.
 */
export function canBeOne(a: Partition, b: Partition, all: readonly Partition[]): boolean {
  const key = categoriesKey(a);
  if (key === categoriesKey(b)) return a.to === b.from || b.to === a.from;
  const [rest, other] = b.categories === 'rest' ? [b, a] : [a, b];
  if (rest.categories !== 'rest' || rest.from !== other.from || rest.to !== other.to) return false;
  return all.filter((each) => categoriesKey(each) === categoriesKey(other)).length === 1;
}

/** What `canBeOne` allows, on the nodes of both, which must be the same ones. */
export function joined(a: Partition, b: Partition, epoch: number): Partition {
  const { categories } = b.categories === 'rest' ? b : a;
  const shape = { categories, from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
  const one = made([a, b], shape, epoch);
  delete one.isApart;
  return one;
}

/** Whether the same nodes serve both, and nothing of either is under way. */
export function areTogether(a: Partition, b: Partition): boolean {
  const on = ({ replicas }: Partition): string =>
    replicas
      .map(({ node, state }) => (state === 'serving' ? node : ''))
      .sort()
      .join();
  return on(a) === on(b) && !a.replicas.some(({ state }) => state !== 'serving');
}

export function categoriesKey(partition: Partition): string {
  return partition.categories === 'rest' ? 'rest' : JSON.stringify(namedCategories(partition));
}

function made(
  parents: readonly Partition[],
  { categories, from, to }: Pick<Partition, 'categories' | 'from' | 'to'>,
  epoch: number,
): Partition {
  const shape = { categories, from, to };
  const nodes = parents[0]?.replicas.map(({ node }) => node) ?? [];
  const replicas = nodes.map((node) => replicaMadeOf(parents, node));
  const marks = {
    ...(parents.some(({ isPinned }) => isPinned === true) ? { isPinned: true as const } : {}),
    ...(parents.some(({ isApart }) => isApart === true) ? { isApart: true as const } : {}),
  };
  return { id: partitionId(shape), ...shape, replicas, ...marks, epoch };
}

/** What is complete on the node without a look back, since the parents are. */
function replicaMadeOf(parents: readonly Partition[], node: string): Replica {
  const madeOf = parents.flatMap((parent) => {
    const replica = parent.replicas.find((each) => each.node === node);
    return replica?.isFirst === true ? [] : [replicaKey(parent, replica)];
  });
  const replica = { node, state: 'serving' as const };
  return madeOf.length === 0 ? { ...replica, isFirst: true } : { ...replica, madeOf };
}
