import type { RecordReader, RecordStore, StoredRecord } from './record-store.js';

/** What is known of the ages of a tenant's products, and how far they were looked at. */
export const TIERS_KIND = 'tiers';

/** When a tenant's products were found last, for its rule of tiers. */
export const FOUND_KIND = 'found';

/** Kinds of which a tenant has any number of records, which go with it. */
export const KINDS_OF_TENANTS = [
  'rule',
  'synonym',
  'merchandising',
  'audit entry',
  'audit',
  'queries',
  'usage',
  'price lists',
  'import',
  'history',
  'imports',
  TIERS_KIND,
  FOUND_KIND,
] as const;

export type KindOfTenants = (typeof KINDS_OF_TENANTS)[number];

/** No tenant's name has it: what a tenant has lies together, and nobody else's between. */
const SEPARATOR = '/';
/** The character after it: first of what comes behind all of a tenant's. */
const BEHIND = '0';
const REMOVED_AT_ONCE = 500;

/** The id of a tenant's record, among those of its kind. */
export function tenantRecordId(tenant: string, id: string): string {
  return tenant + SEPARATOR + id;
}

/** A tenant's records of a kind after the one called `after`, by their own ids in byte order. */
export async function tenantRecords(
  records: RecordReader,
  kind: KindOfTenants,
  tenant: string,
  after: string | undefined,
  limit: number,
): Promise<StoredRecord[]> {
  const from = tenantRecordId(tenant, after ?? '');
  const found = await records.list(kind, from, limit, tenant + BEHIND);
  return found.map((record) => ({ ...record, id: record.id.slice(tenant.length + 1) }));
}

/** The own ids of the same; up to the one called `before`. */
export async function tenantRecordIds(
  records: RecordReader,
  kind: KindOfTenants,
  tenant: string,
  { after = '', before, limit }: { after?: string | undefined; before?: string; limit: number },
): Promise<string[]> {
  const end = before === undefined ? tenant + BEHIND : tenantRecordId(tenant, before);
  const found = await records.ids(kind, tenantRecordId(tenant, after), limit, end);
  return found.map((id) => id.slice(tenant.length + 1));
}

/** Tenants that have records of a kind, each found by one look. */
export async function* tenantsOfKind(
  records: RecordReader,
  kind: KindOfTenants,
): AsyncGenerator<string> {
  for (let after: string | undefined; ;) {
    const [id] = await records.ids(kind, after, 1);
    if (id === undefined) return;
    const tenant = id.slice(0, id.indexOf(SEPARATOR));
    yield tenant;
    after = tenant + BEHIND;
  }
}

/** Removes all that a tenant has of these kinds, one after the other: what products were is large. */
export async function removeTenantRecords(
  records: RecordStore,
  tenant: string,
  signal: AbortSignal,
): Promise<void> {
  for (const kind of KINDS_OF_TENANTS) await removeOfKind(records, kind, tenant, signal);
}

/** The same of one kind. */
export async function removeOfKind(
  records: RecordStore,
  kind: KindOfTenants,
  tenant: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const found = await tenantRecordIds(records, kind, tenant, { limit: REMOVED_AT_ONCE });
    let removed = 0;
    for (const id of found) {
      const own = tenantRecordId(tenant, id);
      const stored = await records.get(kind, own);
      if (stored === undefined) continue;
      await records.remove(kind, own, stored.revision);
      removed += 1;
    }
    // What is damaged is listed and not there.
    if (removed === 0) return;
  }
}
