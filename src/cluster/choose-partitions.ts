import { invalidField, OmniError } from '../core/errors.js';
import { namedCategories } from '../store/partition-map.js';
import type { Partition } from '../store/store.js';

/** Which of a tenant's partitions are meant: one by its id, or those of a category. */
export interface PartitionChoice {
  tenant: string;
  partition?: string | undefined;
  category?: string | undefined;
}

/** Ids of the partitions that are meant; at least one. Throws `not_found` or `invalid_field`. */
export function chosenPartitions(
  partitions: readonly Partition[],
  { tenant, partition, category }: PartitionChoice,
): ReadonlySet<string> {
  if ((partition === undefined) === (category === undefined)) {
    throw invalidField('partition', 'must be given, or category: one of them');
  }
  if (partitions.length === 0) {
    const message = `the tenant ${tenant} has no partitions`;
    throw new OmniError('not_found', message, { field: 'tenant' });
  }
  if (partition !== undefined) {
    if (partitions.some(({ id }) => id === partition)) return new Set([partition]);
    throw invalidField('partition', `must be the id of a partition of ${tenant}`);
  }
  const named = partitions.filter((each) => namedCategories(each).some((one) => one === category));
  if (named.length > 0) return new Set(named.map(({ id }) => id));
  const expected = `must be a category that has a partition of ${tenant} to itself`;
  const rest = partitions.some(({ categories }) => categories === 'rest');
  throw invalidField('category', rest ? `${expected}: others are in its rest` : expected);
}
