import { HASH_END, hashId } from '../../core/ids.js';
import { groupOf, PartitionMap, replicaKey } from '../../store/partition-map.js';
import type { CategoryCount, Partition, Replica, TenantPlacement } from '../../store/store.js';

/** What one placement of a tenant gives one node. */
export class Assignment {
  /** The tenant's placement counter: of two assignments the one with the higher is the newer. */
  readonly counter: number;
  /** Those of this node, in whatever state. */
  readonly partitions: readonly Partition[];
  /** Those of them that searches ask this node for. */
  readonly asked: ReadonlySet<Partition>;
  private readonly map: PartitionMap;
  private readonly byId: ReadonlyMap<string, Partition>;
  private readonly replicas: ReadonlyMap<Partition, Replica>;
  private readonly groups = new Map<string, Partition[]>();

  constructor(node: string, placement: TenantPlacement) {
    this.counter = placement.counter;
    this.map = new PartitionMap(placement);
    this.replicas = new Map(
      placement.partitions.flatMap((partition) => {
        const own = partition.replicas.find((replica) => replica.node === node);
        return own === undefined ? [] : [[partition, own] as const];
      }),
    );
    this.partitions = [...this.replicas.keys()];
    this.byId = new Map(this.partitions.map((partition) => [partition.id, partition]));
    this.asked = new Set(this.partitions.filter((each) => groupOf(each).asked.includes(node)));
    for (const partition of this.partitions) {
      const { key } = groupOf(partition);
      const group = this.groups.get(key);
      if (group === undefined) this.groups.set(key, [partition]);
      else group.push(partition);
    }
  }

  /** Before any placement was read. */
  static readonly NONE = new Assignment('', { counter: -1, partitions: [] });

  get(id: string): Partition | undefined {
    return this.byId.get(id);
  }

  /** What this node does with a partition of its own. */
  replicaOf(partition: Partition): Replica | undefined {
    return this.replicas.get(partition);
  }

  /** Whether the partition of that id is here, and others are asked for it: nobody waits for this node. */
  isOnlyBuilding(id: string): boolean {
    const partition = this.byId.get(id);
    return partition !== undefined && !this.asked.has(partition);
  }

  /** Those that the same nodes hold in the same states, see `groupOf`. */
  ofGroup(key: string): readonly Partition[] {
    return this.groups.get(key) ?? [];
  }

  /**
   * What this node has, by this placement, of what belongs to `partition` by `other`, in whatever shape: by
   * `replicaKey`. Undefined where it is not all here.
   */
  keysOf(partition: Partition, other: Assignment): string[] | undefined {
    const holders = [...(this.map.holdersOf(partition, other.map) ?? [])];
    if (holders.length === 0 || !holders.every((each) => this.replicas.has(each))) return undefined;
    return holders.map((each) => replicaKey(each, this.replicas.get(each)));
  }

  /** The tenant's partitions, here and elsewhere, that may hold products of `categories`. */
  holding(categories: readonly string[]): ReadonlySet<Partition> {
    return new Set(categories.flatMap((category) => this.map.holding(category)));
  }

  /** Whether a product of this category and id belongs here. */
  owns(category: string, id: string): boolean {
    return this.ownsHash(category, hashId(id));
  }

  ownsHash(category: string, hash: number): boolean {
    const partition = this.map.of(category, hash);
    return partition !== undefined && this.replicas.has(partition);
  }

  /** Which part of a category belongs here, taking the ids' hashes to be evenly spread. */
  shareOf(category: string): number {
    let hashes = 0;
    for (const { id, from, to } of this.map.holding(category)) {
      if (this.byId.has(id)) hashes += to - from;
    }
    return hashes / HASH_END;
  }

  /** How many of a tenant's products belong here. */
  productsOf(categories: readonly CategoryCount[]): number {
    const share = ({ category, products }: CategoryCount): number =>
      products * this.shareOf(category);
    return Math.round(categories.reduce((sum, each) => sum + share(each), 0));
  }
}
