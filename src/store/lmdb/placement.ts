import type { Partition, TenantPlacement } from '../store.js';
import type { Databases } from './databases.js';
import { tenantEnd, tenantKey, textKey } from './keys.js';
import { readMeta, writeMeta } from './meta.js';
import { readTenant, writeTenant } from './tenant.js';

export function readPlacement(db: Databases, tenant: string): TenantPlacement {
  const range = db.partitions.getRange({ start: tenantKey(tenant), end: tenantEnd(tenant) });
  const partitions = Array.from(range, ({ value }) => decode(value));
  return { counter: readTenant(db, tenant).placementCounter, partitions };
}

export function readPlacementCounter(db: Databases): number {
  return readMeta(db, 'placementCounter') ?? 0;
}

/** Within a write transaction: creates those that are not there yet. */
export function addPartitions(
  db: Databases,
  tenant: string,
  partitions: readonly Partition[],
): TenantPlacement {
  let added = false;
  for (const partition of partitions) {
    const key = textKey(tenant, partition.id);
    if (db.partitions.doesExist(key)) continue;
    db.partitions.putSync(key, encode(partition));
    added = true;
  }
  if (added) countChange(db, tenant);
  return readPlacement(db, tenant);
}

/** Within a write transaction: compare-and-set on the epoch. */
export function replacePartition(
  db: Databases,
  tenant: string,
  next: Partition,
  expectedEpoch: number,
): boolean {
  const key = textKey(tenant, next.id);
  const stored = db.partitions.get(key);
  if (stored === undefined || decode(stored).epoch !== expectedEpoch) return false;
  db.partitions.putSync(key, encode({ ...next, epoch: expectedEpoch + 1 }));
  countChange(db, tenant);
  return true;
}

function countChange(db: Databases, tenant: string): void {
  const state = readTenant(db, tenant);
  writeTenant(db, tenant, { ...state, placementCounter: state.placementCounter + 1 });
  writeMeta(db, 'placementCounter', readPlacementCounter(db) + 1);
}

function encode(partition: Partition): Buffer {
  return Buffer.from(JSON.stringify(partition));
}

function decode(bytes: Buffer): Partition {
  return JSON.parse(bytes.toString()) as Partition;
}
