import { HASH_END } from '../../core/ids.js';
import { PartitionMap } from '../../store/partition-map.js';
import type { CategoryCount, Partition, TenantPlacement } from '../../store/store.js';

/** Which rows of a tenant are of some of its partitions. */
export class WantedRows {
  private readonly map: PartitionMap;
  private readonly wanted: ReadonlySet<Partition>;

  /** @param wanted of those of the placement */
  constructor(placement: TenantPlacement, wanted: Iterable<Partition>) {
    this.map = new PartitionMap(placement);
    this.wanted = new Set(wanted);
  }

  has(category: string, hash: number): boolean {
    const partition = this.map.of(category, hash);
    return partition !== undefined && this.wanted.has(partition);
  }

  /** How many of these there are, taking the ids' hashes to be evenly spread. */
  count(categories: readonly CategoryCount[]): number {
    const rows = ({ category, products }: CategoryCount): number => {
      let hashes = 0;
      for (const partition of this.map.holding(category)) {
        if (this.wanted.has(partition)) hashes += partition.to - partition.from;
      }
      return (products * hashes) / HASH_END;
    };
    return categories.reduce((sum, each) => sum + rows(each), 0);
  }
}
