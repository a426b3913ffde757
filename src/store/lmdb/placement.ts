import { strandedCategory } from '../partition-map.js';
import type { Partition, TenantPlacement } from '../store.js';
import { listCategories } from './counts.js';
import type { Databases } from './databases.js';
import { tenantKey } from './keys.js';
import { announce, readTenant, writeTenant, type TenantState } from './tenant.js';

export function readPlacement(db: Databases, tenant: string): TenantPlacement {
  const bytes = db.placements.get(tenantKey(tenant));
  if (bytes === undefined) return { counter: 0, partitions: [] };
  return JSON.parse(bytes.toString()) as TenantPlacement;
}

/** Within a write transaction: compare-and-set of the whole placement. */
export function replacePlacement(
  db: Databases,
  tenant: string,
  partitions: readonly Partition[],
  expectedCounter: number,
): boolean {
  const current = readPlacement(db, tenant);
  if (current.counter !== expectedCounter) return false;
  const categories = listCategories(db, tenant).map(({ category }) => category);
  if (strandedCategory(current.partitions, partitions, categories) !== undefined) return false;
  const state = readTenant(db, tenant);
  putPlacement(db, tenant, { counter: expectedCounter + 1, partitions }, state);
  writeTenant(db, tenant, state);
  return true;
}

/** Within a write transaction: whatever stands there. `state` is left to be written. */
export function putPlacement(
  db: Databases,
  tenant: string,
  placement: TenantPlacement,
  state: TenantState,
): void {
  db.placements.put(tenantKey(tenant), Buffer.from(JSON.stringify(placement)));
  state.partitions = placement.partitions.length;
  announce(db, tenant, state);
}
