import { isCovered, strandedCategory } from '../partition-map.js';
import type { Partition, TenantPlacement } from '../store.js';
import type { Collections, TenantRecord } from './collections.js';
import { listCategories } from './counts.js';
import { makeTenant } from './sequence.js';

/**
 * A tenant's placement stands in its record, beside the ranges of its sequence that are being
 * written: each of those names the partitions that its writes go to, so one step on one document
 * tells whether a partition may go.
 */
export async function readPlacement(
  { tenants }: Collections,
  tenant: string,
): Promise<TenantPlacement> {
  const record = await tenants.findOne({ _id: tenant }, { projection: { placement: 1 } });
  return placementOf(record);
}

export function placementOf(record: Pick<TenantRecord, 'placement'> | null): TenantPlacement {
  return record?.placement ?? { counter: 0, partitions: [] };
}

/** Compare-and-set of the whole placement. */
export async function replacePlacement(
  collections: Collections,
  tenant: string,
  partitions: readonly Partition[],
  expectedCounter: number,
): Promise<boolean> {
  const { tenants } = collections;
  const projection = { placement: 1, sequence: 1, open: 1 };
  let record = await tenants.findOne({ _id: tenant }, { projection });
  if (record === null) {
    await makeTenant(tenants, tenant);
    record = await tenants.findOne({ _id: tenant }, { projection });
  }
  const current = placementOf(record);
  if (record === null || current.counter !== expectedCounter) return false;
  // What is cut or joined is there still: each follower tells by category and id where a row belongs.
  const gone = current.partitions.filter((partition) => !isCovered(partition, partitions));
  // What was under way then may be counted only now; what began later has taken a number.
  const named = new Set(record.open.flatMap((range) => range.partitions));
  if (gone.some(({ id }) => named.has(id))) return false;
  const counts = gone.length === 0 ? [] : await listCategories(collections, tenant);
  const categories = counts.map(({ category }) => category);
  if (strandedCategory(current.partitions, partitions, categories) !== undefined) return false;
  const { matchedCount } = await tenants.updateOne(
    {
      _id: tenant,
      'placement.counter': expectedCounter === 0 ? { $exists: false } : expectedCounter,
      ...(gone.length === 0 ? {} : { sequence: record.sequence }),
    },
    { $set: { placement: { counter: expectedCounter + 1, partitions: [...partitions] } } },
  );
  return matchedCount === 1;
}
