import type { Partition, PartitionRef, Replica, ReplicaState, TenantPlacement } from './store.js';

/** The categories that a partition names: none of a `rest`. */
export function namedCategories({ categories }: Partition): readonly string[] {
  return categories === 'rest' ? [] : categories;
}

/** Whether the placement holds that partition, at that epoch. */
export function holdsPartition(
  { partitions }: Pick<TenantPlacement, 'partitions'>,
  { id, epoch }: PartitionRef,
): boolean {
  return partitions.some((partition) => partition.id === id && partition.epoch === epoch);
}

/** A partition at one epoch on a node, since it came there: what is complete once, for as long as it stays. */
export function replicaKey(
  { id, epoch }: Pick<Partition, 'id' | 'epoch'>,
  replica: Pick<Replica, 'since'> | undefined,
): string {
  return replica?.since === undefined ? `${id}@${epoch}` : `${id}@${epoch}@${replica.since}`;
}

/** Whether a node need not look for a partition: `complete` are the keys of what it has. */
export function isCompleteBy(
  partition: Partition,
  replica: Replica | undefined,
  complete: { has(key: string): boolean },
): boolean {
  if (replica?.isFirst === true || complete.has(replicaKey(partition, replica))) return true;
  return replica?.madeOf?.every((key) => complete.has(key)) === true;
}

const groups = new WeakMap<readonly Replica[], ReplicaGroup>();

/** Nodes that hold the same partitions. */
export interface ReplicaGroup {
  /** The same text for the same nodes in the same states, on query nodes and shards alike. */
  key: string;
  /**
   * Those that any request may be sent to: who serves, then who is leaving, still complete. Where there is
   * neither, those that are being built: they tell why not.
   */
  asked: readonly string[];
  /** Those that have to apply a write before it is searchable: who is asked, or may still be by who knows less. */
  awaited: readonly string[];
}

export function groupOf({ replicas }: Pick<Partition, 'replicas'>): ReplicaGroup {
  let group = groups.get(replicas);
  if (group === undefined) {
    const unasked = replicas.filter(({ isUnasked }) => isUnasked === true);
    const inState = (state: ReplicaState): string[] =>
      namesOf(replicas.filter((replica) => replica.state === state && !unasked.includes(replica)));
    const [serving, leaving] = [inState('serving'), inState('leaving')];
    const first = serving.length + leaving.length > 0 ? serving : inState('building');
    const asked = [...first, ...leaving];
    const known = namesOf(unasked.filter(({ lateSince }) => lateSince === undefined));
    const key = `${first.join(',')}/${leaving.join(',')}`;
    group = { key, asked, awaited: [...asked, ...known] };
    groups.set(replicas, group);
  }
  return group;
}

function namesOf(replicas: readonly Replica[]): string[] {
  return replicas.map(({ node }) => node).sort();
}

/** Finds the partition of a product. */
export class PartitionMap {
  private readonly byCategory = new Map<string, Partition[]>();
  private readonly rest: Partition[] = [];

  constructor({ partitions }: Pick<TenantPlacement, 'partitions'>) {
    for (const partition of partitions) {
      if (partition.categories === 'rest') this.rest.push(partition);
      else for (const category of partition.categories) this.add(category, partition);
    }
  }

  /** The partition of a product of `category` whose id has this `hashId`. */
  of(category: string, hash: number): Partition | undefined {
    return this.holding(category).find(({ from, to }) => hash >= from && hash < to);
  }

  /** All partitions that may hold products of `category`. */
  holding(category: string): readonly Partition[] {
    return this.byCategory.get(category) ?? this.rest;
  }

  /**
   * The partitions that hold what belongs to `partition` by `other`, an earlier or later placement of the tenant;
   * undefined where there is no place for a part of it.
   */
  holdersOf(partition: Partition, other: PartitionMap): ReadonlySet<Partition> | undefined {
    const { categories, from, to } = partition;
    const holders = new Set<Partition>();
    for (const holding of categories === 'rest'
      ? this.holdingRestOf(other)
      : categories.map((category) => this.holding(category))) {
      let width = 0;
      for (const each of holding) {
        const shared = Math.min(to, each.to) - Math.max(from, each.from);
        if (shared <= 0) continue;
        width += shared;
        holders.add(each);
      }
      if (width !== to - from) return undefined;
    }
    return holders;
  }

  /** The rest has also what others name here and `other` does not. */
  private holdingRestOf(other: PartitionMap): (readonly Partition[])[] {
    const named = [...this.byCategory].filter(([category]) => !other.byCategory.has(category));
    return [this.rest, ...named.map(([, holding]) => holding)];
  }

  private add(category: string, partition: Partition): void {
    const own = this.byCategory.get(category);
    if (own === undefined) this.byCategory.set(category, [partition]);
    else own.push(partition);
  }
}

/** Whether `next` has all that the partition has, in whatever shape. */
export function isCovered(
  { categories, from, to }: Partition,
  next: readonly Partition[],
): boolean {
  const map = new PartitionMap({ partitions: next });
  const rests = next.filter((each) => each.categories === 'rest');
  const holders = categories === 'rest' ? [rests] : categories.map((each) => map.holding(each));
  return holders.every((holding) => {
    const widths = holding.map((each) => Math.min(to, each.to) - Math.max(from, each.from));
    return widths.reduce((sum, width) => sum + Math.max(0, width), 0) === to - from;
  });
}

/** The first of `categories`, which all have products, that `next` holds less of than `current`. */
export function strandedCategory(
  current: readonly Partition[],
  next: readonly Partition[],
  categories: readonly string[],
): string | undefined {
  const [before, after] = [current, next].map((partitions) => new PartitionMap({ partitions }));
  const width = (map: PartitionMap | undefined, category: string): number =>
    (map?.holding(category) ?? []).reduce((sum, { from, to }) => sum + to - from, 0);
  return categories.find((category) => width(after, category) < width(before, category));
}
