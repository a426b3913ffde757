import { invalidField, OmniError } from '../core/errors.js';
import { isAtRest } from '../placement/growth.js';
import { movedTo, nodesOf } from '../placement/reassign.js';
import {
  areTogether,
  canBeHalved,
  canBeOne,
  categoriesKey,
  cutOut,
  halves,
  joined,
} from '../placement/reshape.js';
import { namedCategories } from '../store/partition-map.js';
import type { Partition, Store } from '../store/store.js';
import { chosenPartitions, type PartitionChoice } from './choose-partitions.js';
import { notGone, type ClusterNodes } from './cluster-nodes.js';
import type { ChangePlacement } from './mover.js';

interface Deps {
  store: Pick<Store, 'categories'>;
  nodes: Pick<ClusterNodes, 'all'>;
  /** Of a tenant. */
  maxPartitions: number;
}

/** Partitions after a change, and those of them that it is about. */
export interface Reshaped {
  all: readonly Partition[];
  of: readonly Partition[];
}

/**
 * What a cut or a merge is marked as: `isPinned` by an operator's word, growth leaves it as it is; `isApart` where a
 * partition does not fit any other node.
 */
export type Mark = 'isPinned' | 'isApart';

/** Cuts and joins what is named, by the function that changes placements. */
export class Reshaper {
  constructor(private readonly deps: Deps) {}

  /**
   * A category is cut out of its tenant's rest; one that has partitions, or a partition, is halved by the hash of
   * ids. Nothing moves by it. Throws `invalid_field` where that cannot be, `conflict` while it moves.
   */
  async split(
    choice: PartitionChoice,
    change: ChangePlacement,
    mark: Mark = 'isPinned',
  ): Promise<Reshaped> {
    const counts = await this.deps.store.categories(choice.tenant);
    let made: Partition[] = [];
    const all = await change(choice.tenant, (partitions, counter) => {
      const { category } = choice;
      const isKnown = counts.some((count) => count.category === category);
      const next =
        category !== undefined && isKnown && isInRest(partitions, category)
          ? cut(partitions, category, counter)
          : halved(partitions, chosenPartitions(partitions, choice), counter);
      checkCount(next.length, this.deps.maxPartitions);
      const before = new Set(partitions.map(({ id }) => id));
      const marked = next.map((each) => (before.has(each.id) ? each : { ...each, [mark]: true }));
      made = marked.filter(({ id }) => !before.has(id));
      return marked;
    });
    return { all, of: made };
  }

  /**
   * Joins two partitions: ranges of the same categories, else a category and the rest. Where they lie on different
   * nodes, one moves to the other first: then both are returned, and it is to be asked for again. What comes of it is
   * pinned.
   */
  async merge(choice: PartitionChoice, change: ChangePlacement): Promise<Reshaped> {
    const alive = notGone(await this.deps.nodes.all());
    let of: Partition[] = [];
    const all = await change(choice.tenant, (partitions, counter) => {
      const [stayer, mover] = pairOf(partitions, chosenPartitions(partitions, choice));
      if (areTogether(stayer, mover)) {
        const one = { ...joined(stayer, mover, counter), isPinned: true as const };
        of = [one];
        const next = partitions.flatMap((each) =>
          each === mover ? [] : [each === stayer ? one : each],
        );
        of.push(...next.filter((each) => each !== one && isRangeOf(one, each)));
        return next;
      }
      of = [stayer, mover];
      if (!isAtRest(stayer) || !isAtRest(mover)) return partitions;
      const replicas = movedTo(nodesOf(stayer.replicas), mover.replicas, alive, counter);
      const moving = { ...mover, replicas };
      of = [stayer, moving];
      return partitions.map((each) => (each === mover ? moving : each));
    });
    return { all, of };
  }
}

function checkCount(count: number, max: number): void {
  if (count <= max) return;
  const bound = `the tenant's bound is ${max} (MAX_PARTITIONS)`;
  throw invalidField('partition', `must not make ${count} partitions of the tenant: ${bound}`);
}

function isInRest(partitions: readonly Partition[], category: string): boolean {
  const isNamed = partitions.some((each) => namedCategories(each).includes(category));
  return !isNamed && partitions.some(({ categories }) => categories === 'rest');
}

function cut(partitions: readonly Partition[], category: string, counter: number): Partition[] {
  for (const each of partitions) if (each.categories === 'rest') checkAtRest(each);
  return cutOut(partitions, [category], counter);
}

function halved(
  partitions: readonly Partition[],
  chosen: ReadonlySet<string>,
  counter: number,
): Partition[] {
  return partitions.flatMap((each) => {
    if (!chosen.has(each.id)) return [each];
    checkAtRest(each);
    if (!canBeHalved(each)) {
      throw invalidField('partition', 'must be of more than one hash to be halved');
    }
    return halves(each, counter);
  });
}

function checkAtRest(partition: Partition): void {
  if (isAtRest(partition)) return;
  const message = `the partition ${partition.id} moves: it can be cut when that is over`;
  throw new OmniError('conflict', message, { field: 'partition' });
}

/** The chosen one, or the first two of its category's, with what it can be joined to. */
function pairOf(
  partitions: readonly Partition[],
  chosen: ReadonlySet<string>,
): [Partition, Partition] {
  const [one, next] = partitions
    .filter(({ id }) => chosen.has(id))
    .sort((a, b) => a.from - b.from) as [Partition, Partition?];
  const other =
    next ??
    partitions.find((each) => isRangeOf(one, each) && canBeOne(one, each, partitions)) ??
    partitions.find((each) => each !== one && canBeOne(one, each, partitions));
  if (other === undefined || !canBeOne(one, other, partitions)) {
    throw invalidField(
      'partition',
      'must have a neighbour in its range, or a rest, to be merged with',
    );
  }
  return one.categories === 'rest' ? [one, other] : [other, one];
}

function isRangeOf(one: Partition, each: Partition): boolean {
  return one.categories !== 'rest' && categoriesKey(one) === categoriesKey(each);
}
