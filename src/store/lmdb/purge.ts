import type { Databases } from './databases.js';
import { sequenceKey, textKey, timeKeyParts, timePrefix } from './keys.js';
import { readTenant, writeTenant, type TenantState } from './tenant.js';

/**
 * Within a write transaction: removes at most `limit` tombstones written before `beforeMs`, oldest
 * first, and raises each tenant's horizon. Returns how many went.
 */
export function purgeSome(db: Databases, beforeMs: number, limit: number): number {
  const range = { start: timePrefix(0), end: timePrefix(beforeMs), limit };
  const found = Array.from(db.tombstones.getRange(range));
  const states = new Map<string, TenantState>();
  for (const { key, value } of found) {
    const { tenant, sequence } = timeKeyParts(key);
    const state = states.get(tenant) ?? readTenant(db, tenant);
    states.set(tenant, { ...state, horizon: Math.max(state.horizon, sequence) });
    db.tombstones.removeSync(key);
    db.feed.removeSync(sequenceKey(tenant, sequence));
    db.heads.removeSync(textKey(tenant, value.toString()));
  }
  for (const [tenant, state] of states) writeTenant(db, tenant, state);
  return found.length;
}
