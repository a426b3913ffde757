import type { Databases } from './databases.js';
import { sequenceKey, textKey, timeKeyParts, timePrefix } from './keys.js';
import { decodeFeedRecord, decodeHead } from './values.js';
import { readTenant, writeTenant, type TenantState } from './tenant.js';

/**
 * Within a write transaction: removes at most `limit` tombstones written before `beforeMs`, oldest
 * first, and raises each tenant's horizon. Returns how many went.
 */
export function purgeSome(db: Databases, beforeMs: number, limit: number): number {
  const range = { start: timePrefix(0), end: timePrefix(beforeMs), limit };
  const found = Array.from(
    db.tombstones.entries(range, (key) => {
      const { tenant, sequence } = timeKeyParts(key);
      const entry = db.feed.get(sequenceKey(tenant, sequence));
      return Buffer.from(entry === undefined ? '' : decodeFeedRecord(entry).id);
    }),
  );
  const states = new Map<string, TenantState>();
  for (const { key, value } of found) {
    const { tenant, sequence } = timeKeyParts(key);
    const state = states.get(tenant) ?? readTenant(db, tenant);
    states.set(tenant, state);
    state.horizon = Math.max(state.horizon, sequence);
    db.tombstones.remove(key);
    const headKey = textKey(tenant, value.toString());
    const head = db.heads.get(headKey);
    // An id that came again after its tombstone's head was damaged has another.
    if (head === undefined || decodeHead(head).version !== sequence) continue;
    state.tombstones -= 1;
    db.feed.remove(sequenceKey(tenant, sequence));
    db.heads.remove(headKey);
  }
  for (const [tenant, state] of states) writeTenant(db, tenant, state);
  return found.length;
}
