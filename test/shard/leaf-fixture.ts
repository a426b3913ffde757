import { Budget } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import { PartitionSet } from '../../src/shard/leaf/partition-set.js';
import type { Partition } from '../../src/store/store.js';

/** Never spent; gives the turn away as any. */
export function unlimited(): Budget {
  return new Budget(Deadline.after(Infinity));
}

/** Those partitions of a tenant that has no others. */
export function partitionSet(partitions: readonly Partition[]): PartitionSet {
  return new PartitionSet((category) =>
    partitions.filter(({ categories }) => categories === 'rest' || categories.includes(category)),
  );
}
