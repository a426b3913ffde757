import { decodeMark, encodeMark } from '../position.js';
import type { ChangedTenants, Position } from '../store.js';
import type { Databases } from './databases.js';
import { numberKey, numberOf, tenantOf } from './keys.js';
import { decodeTenant, readLastChange } from './tenant.js';

/** The tenant whose latest change has this number: what a damaged entry said. */
function changedAt(db: Databases, number: number): Buffer | undefined {
  for (const { key, value } of db.tenants.entries({})) {
    if (decodeTenant(value).changed === number) return Buffer.from(tenantOf(key));
  }
  return undefined;
}

/** Tenants by their latest change, each once. */
export function readChanges(
  db: Databases,
  after: Position | undefined,
  limit: number,
): ChangedTenants {
  const last = readLastChange(db);
  const asked = (after && decodeMark(after)) ?? 0;
  // Ahead of the store: it was put back to an older state, and everything may be new.
  const from = asked > last ? 0 : asked;
  const tenants: string[] = [];
  let reached = from;
  if (from < last) {
    const start = numberKey(from + 1);
    const changed = db.changes.entries({ start, limit }, (key) => changedAt(db, numberOf(key)));
    for (const { key, value } of changed) {
      tenants.push(value.toString());
      reached = numberOf(key);
    }
  }
  const atEnd = tenants.length < limit || reached === last;
  return { tenants, position: encodeMark(atEnd ? last : reached), atEnd };
}
