import { hashId } from '../core/ids.js';
import type { Partition, StoreReader } from '../store/store.js';

/** The partitions of one tenant that the placement gives this shard. */
export class Assignment {
  private readonly byCategory = new Map<string, Partition[]>();
  private readonly byId: ReadonlyMap<string, Partition>;

  constructor(
    /** The tenant's placement counter when this was read. */
    readonly counter: number,
    readonly partitions: readonly Partition[],
  ) {
    this.byId = new Map(partitions.map((partition) => [partition.id, partition]));
    for (const partition of partitions) {
      const ranges = this.byCategory.get(partition.category);
      if (ranges === undefined) this.byCategory.set(partition.category, [partition]);
      else ranges.push(partition);
    }
  }

  static readonly NONE = new Assignment(-1, []);

  static async read(store: StoreReader, tenant: string, shard: string): Promise<Assignment> {
    const { counter, partitions } = await store.placement(tenant);
    return new Assignment(
      counter,
      partitions.filter((partition) => partition.shard === shard),
    );
  }

  get(id: string): Partition | undefined {
    return this.byId.get(id);
  }

  /** Whether a product of this category and id belongs here. */
  owns(category: string, id: string): boolean {
    const ranges = this.byCategory.get(category);
    if (ranges === undefined) return false;
    const hash = hashId(id);
    return ranges.some(({ from, to }) => hash >= from && hash < to);
  }

  ownsHash(category: string, hash: number): boolean {
    const ranges = this.byCategory.get(category);
    return ranges?.some(({ from, to }) => hash >= from && hash < to) ?? false;
  }
}

/** A partition at one epoch: what is ready, or asked for. */
export function partitionKey(partition: { id: string; epoch: number }): string {
  return `${partition.id}@${partition.epoch}`;
}
