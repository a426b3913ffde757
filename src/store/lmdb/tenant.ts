import type { Databases } from './databases.js';
import { tenantKey } from './keys.js';
import { readUint64, writeUint64 } from '../uint64.js';

/** A tenant's counters. Read inside the write transaction, never kept between two. */
export interface TenantState {
  /** The last feed sequence given; also the highest version of any product. */
  sequence: number;
  /** The highest sequence of a purged tombstone. */
  horizon: number;
  placementCounter: number;
}

export function readTenant(db: Databases, tenant: string): TenantState {
  const bytes = db.tenants.get(tenantKey(tenant));
  if (bytes === undefined) return { sequence: 0, horizon: 0, placementCounter: 0 };
  return {
    sequence: readUint64(bytes, 0),
    horizon: readUint64(bytes, 8),
    placementCounter: readUint64(bytes, 16),
  };
}

/** Within a write transaction. */
export function writeTenant(db: Databases, tenant: string, state: TenantState): void {
  const bytes = Buffer.alloc(24);
  writeUint64(bytes, state.sequence, 0);
  writeUint64(bytes, state.horizon, 8);
  writeUint64(bytes, state.placementCounter, 16);
  db.tenants.putSync(tenantKey(tenant), bytes);
}

/** All tenants that ever had a product or a partition. */
export function listTenants(db: Databases): string[] {
  return Array.from(db.tenants.getKeys(), (key) => key.toString('utf8', 0, key.length - 1));
}
