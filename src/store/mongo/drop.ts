import type { Collections } from './collections.js';
import { addCounts, changesOf } from './counts.js';
import { placementOf } from './placement.js';
import { deleteVersions } from './product-bulk.js';
import { REPLACED_FIELDS } from './records.js';
import type { Sequence } from './sequence.js';

/** Removes at most `limit` products and tombstones, the placement first; true when nothing is left. */
export async function dropSome(
  collections: Collections,
  sequence: Sequence,
  tenant: string,
  limit: number,
): Promise<boolean> {
  const { products, counts, tenants } = collections;
  const record = await tenants.findOne({ _id: tenant }, { projection: { placement: 1 } });
  if (record === null) return true;
  const { counter, partitions } = placementOf(record);
  if (partitions.length > 0) {
    const placement = { counter: counter + 1, partitions: [] };
    await tenants.updateOne({ _id: tenant, 'placement.counter': counter }, { $set: { placement } });
  }
  let isLast = false;
  await sequence.write(tenant, 1, [], async ({ first, scope }) => {
    const found = await products
      .find(
        { tenant, version: { $gt: 0 } },
        { projection: { ...REPLACED_FIELDS, _id: 1 }, limit, ...scope },
      )
      .toArray();
    const deleted = await deleteVersions(products, found, scope);
    const changes = changesOf(found.map((before) => ({ before, after: undefined })));
    await addCounts(collections, tenant, changes, scope);
    // Another writer came between: which of them it changed is not known.
    const $set = deleted === found.length ? {} : { $set: { miscounted: true as const } };
    isLast = found.length < limit;
    // Followers of what was here start anew, should the tenant ever come again.
    const $max = { horizon: isLast ? first : 0 };
    await tenants.updateOne({ _id: tenant }, { $max, ...$set }, scope);
    if (isLast) await counts.deleteMany({ tenant }, scope);
    return { products: changes.products, bytes: changes.bytes, versions: [] };
  });
  return isLast;
}
