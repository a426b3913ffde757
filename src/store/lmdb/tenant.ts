import { readUint64, writeUint64 } from '../position.js';
import type { Databases } from './databases.js';
import { numberKey, tenantEnd, tenantKey, tenantOf } from './keys.js';
import { readMeta, writeMeta } from './meta.js';

/** A tenant's counters. Read inside the write transaction, never kept between two. */
export interface TenantState {
  /** The last feed sequence given; also the highest version of any product. Never falls. */
  sequence: number;
  /** The highest sequence of a purged tombstone. */
  horizon: number;
  /** Its latest change in the order of the whole store's, 0 before the first; see `announce`. */
  changed: number;
  /** Live products. */
  products: number;
  tombstones: number;
  /** Documents and vectors of live products. */
  bytes: number;
  /** Of live products, each once. */
  categories: number;
  fields: number;
  partitions: number;
}

const NAMES = [
  'sequence',
  'horizon',
  'changed',
  'products',
  'tombstones',
  'bytes',
  'categories',
  'fields',
  'partitions',
] as const satisfies (keyof TenantState)[];

export function newTenant(): TenantState {
  return Object.fromEntries(NAMES.map((name) => [name, 0])) as Record<keyof TenantState, number>;
}

export function readTenant(db: Databases, tenant: string): TenantState {
  const bytes = db.tenants.get(tenantKey(tenant));
  return bytes === undefined ? newTenant() : decodeTenant(bytes);
}

export function decodeTenant(bytes: Buffer): TenantState {
  const state = newTenant();
  NAMES.forEach((name, i) => (state[name] = readUint64(bytes, i * 8)));
  return state;
}

/** Within a write transaction. */
export function writeTenant(db: Databases, tenant: string, state: TenantState): void {
  const bytes = Buffer.allocUnsafe(NAMES.length * 8);
  NAMES.forEach((name, i) => writeUint64(bytes, Math.max(0, state[name]), i * 8));
  db.tenants.put(tenantKey(tenant), bytes);
}

/** Within a write transaction: `tenant` changed last of all. `state` is left to be written. */
export function announce(db: Databases, tenant: string, state: TenantState): void {
  const number = readLastChange(db) + 1;
  if (state.changed > 0) db.changes.remove(numberKey(state.changed));
  db.changes.put(numberKey(number), Buffer.from(tenant));
  writeMeta(db, 'changes', number);
  state.changed = number;
}

/** How many changes there have been in the whole store. */
export function readLastChange(db: Databases): number {
  return readMeta(db, 'changes') ?? 0;
}

/** Tenants with products, tombstones or a placement, in byte order after `after`. */
export function listTenants(db: Databases, after: string | undefined, limit: number): string[] {
  const found: string[] = [];
  const range = after === undefined ? {} : { start: tenantEnd(after) };
  // Nothing is read in between: lmdb-js would walk from the start of the range again for each key.
  for (const { key, value } of db.tenants.entries(range)) {
    if (found.length >= limit) break;
    const { products, tombstones, partitions } = decodeTenant(value);
    if (products + tombstones + partitions > 0) found.push(tenantOf(key));
  }
  return found;
}
