import type { Databases } from './databases.js';
import { readHead } from './heads.js';
import { tenantEnd, tenantKey, textOf } from './keys.js';
import { putPlacement, readPlacement } from './placement.js';
import { newTenant, writeTenant } from './tenant.js';
import { beginChange, endChange, undo } from './write.js';

/**
 * Within a write transaction: removes at most `limit` products and tombstones of `tenant`, and its
 * placement before any, so that no write that names a partition comes after. True when nothing is left.
 */
export function dropSome(db: Databases, tenant: string, limit: number, nowMs: number): boolean {
  const change = beginChange(db, tenant, nowMs);
  if (change.state.changed === 0) return true;
  if (change.state.partitions > 0) {
    const { counter } = readPlacement(db, tenant);
    putPlacement(db, tenant, { counter: counter + 1, partitions: [] }, change.state);
  }
  const range = { start: tenantKey(tenant), end: tenantEnd(tenant) };
  const keys = Array.from(db.heads.keys({ ...range, limit }));
  for (const key of keys) {
    const head = readHead(db, tenant, textOf(tenant, key), key);
    if (head !== undefined) undo(change, key, head);
    db.documents.remove(key);
    db.vectors.remove(key);
    db.heads.remove(key);
  }
  endChange(change);
  if (keys.length === limit) return false;
  // Followers of what was here start anew, should the tenant ever come again.
  const sequence = change.state.sequence + 1;
  const { changed } = change.state;
  writeTenant(db, tenant, { ...newTenant(), sequence, horizon: sequence, changed });
  return true;
}
