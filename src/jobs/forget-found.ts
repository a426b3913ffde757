import { endFound } from '../store/found-clock.js';
import { TENANT_KIND, type RecordStore } from '../store/record-store.js';
import { FOUND_KIND, tenantsOfKind } from '../store/tenant-records.js';
import { goesByFound } from '../tenancy/cold-rule.js';

/**
 * Removes what was noted of what searches find, for tenants whose rule does not go by it, or `all`: what is found from
 * then on is not noted, so days are to be counted anew. Nodes may have noted something of a tenant that has gone, too.
 */
export async function forgetFound(
  records: RecordStore,
  all: boolean,
  signal: AbortSignal,
): Promise<void> {
  for await (const tenant of tenantsOfKind(records, FOUND_KIND)) {
    const stored = all ? undefined : await records.get(TENANT_KIND, tenant);
    if (stored !== undefined && goesByFound(stored.value)) continue;
    await endFound(records, tenant, signal);
  }
}
