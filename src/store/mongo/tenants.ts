import type { Collections } from './collections.js';

const BATCH = 1_000;

/** Those that have products, tombstones or a placement, in byte order after `after`. */
export async function listTenants(
  { tenants, products }: Collections,
  after: string | undefined,
  limit: number,
): Promise<string[]> {
  const found: string[] = [];
  const cursor = tenants.find(after === undefined ? {} : { _id: { $gt: after } }, {
    projection: { products: 1, 'placement.partitions.epoch': 1 },
    sort: { _id: 1 },
    batchSize: BATCH,
  });
  for await (const { _id: tenant, products: live, placement } of cursor) {
    if (found.length >= limit) break;
    const some = live > 0 || (placement?.partitions.length ?? 0) > 0;
    const filter = { tenant, version: { $gt: 0 } };
    if (some || (await products.findOne(filter, { projection: { _id: 1 } })) !== null) {
      found.push(tenant);
    }
  }
  return found;
}
