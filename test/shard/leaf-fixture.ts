import { Budget } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';
import { HASH_END } from '../../src/core/ids.js';
import { CostModel } from '../../src/shard/leaf/cost-model.js';
import { PartitionSet } from '../../src/shard/leaf/partition-set.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { searchViews, type ViewsFound } from '../../src/shard/leaf/views/search-views.js';
import type { ViewRequest } from '../../src/shard/leaf/views/view-request.js';
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

/** All rows of a tenant. */
export const EVERYTHING = new PartitionSet(() => [{ from: 0, to: HASH_END }]);

/**
 * A request of all rows, exact, with nothing but what `asked` says. What one search was measured to cost
 * changes no other's plan.
 */
export function viewRequest(asked: Partial<ViewRequest>): ViewRequest {
  return {
    ...{ vector: undefined, text: undefined, boosts: [], choose: undefined, set: undefined },
    ...{
      hidden: undefined,
      within: undefined,
      until: undefined,
      views: [],
      exact: true,
      trace: undefined,
    },
    costs: new CostModel(),
    ...asked,
  };
}

/** Searches what the tenant has now. */
export async function look(
  index: TenantIndex,
  asked: Partial<ViewRequest>,
  budget = unlimited(),
  partitions = EVERYTHING,
): Promise<ViewsFound> {
  const searcher = index.searcher();
  try {
    return await searchViews(searcher, partitions, viewRequest(asked), budget);
  } finally {
    searcher.release();
  }
}
