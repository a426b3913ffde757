import { compareBytes, hashId } from '../../core/ids.js';
import { PartitionMap } from '../../store/partition-map.js';
import type { CategoryCount, Partition, TenantPlacement } from '../../store/store.js';

const HASHES = 2 ** 32;

/** What one placement of a tenant gives one shard. */
export class Assignment {
  /** The tenant's placement counter: of two assignments the one with the higher is the newer. */
  readonly counter: number;
  /** Those of this shard. */
  readonly partitions: readonly Partition[];
  private readonly map: PartitionMap;
  private readonly byId: ReadonlyMap<string, Partition>;

  constructor(
    private readonly shard: string,
    placement: TenantPlacement,
  ) {
    this.counter = placement.counter;
    this.map = new PartitionMap(placement);
    this.partitions = placement.partitions.filter((partition) => partition.shard === shard);
    this.byId = new Map(this.partitions.map((partition) => [partition.id, partition]));
  }

  /** Before any placement was read. */
  static readonly NONE = new Assignment('', { counter: -1, partitions: [] });

  get(id: string): Partition | undefined {
    return this.byId.get(id);
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
    return this.map.of(category, hash)?.shard === this.shard;
  }

  /** Which part of a category belongs here, taking the ids' hashes to be evenly spread. */
  shareOf(category: string): number {
    let hashes = 0;
    for (const { id, from, to } of this.map.holding(category)) {
      if (this.byId.has(id)) hashes += to - from;
    }
    return hashes / HASHES;
  }

  /** How many of a tenant's products belong here. */
  productsOf(categories: readonly CategoryCount[]): number {
    const share = ({ category, products }: CategoryCount): number =>
      products * this.shareOf(category);
    return Math.round(categories.reduce((sum, each) => sum + share(each), 0));
  }
}

/** A partition at one epoch: what is ready, or asked for. */
export function partitionKey(partition: { id: string; epoch: number }): string {
  return `${partition.id}@${partition.epoch}`;
}

/** Partitions that are complete here, each at one epoch. */
export class ReadyPartitions {
  private readonly keys = new Set<string>();

  get size(): number {
    return this.keys.size;
  }

  /** What a manifest says. */
  load(keys: readonly string[]): void {
    for (const key of keys) this.keys.add(key);
  }

  has(partition: { id: string; epoch: number }): boolean {
    return this.keys.has(partitionKey(partition));
  }

  add(partition: Partition): void {
    this.keys.add(partitionKey(partition));
  }

  keepOnly(partitions: readonly Partition[]): void {
    const kept = new Set(partitions.map(partitionKey));
    for (const key of this.keys) if (!kept.has(key)) this.keys.delete(key);
  }

  sorted(): string[] {
    return [...this.keys].sort(compareBytes);
  }
}
