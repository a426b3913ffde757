import type { FeedEntry, FeedPage, Position } from '../store.js';
import type { Databases } from './databases.js';
import { sequenceKey, sequenceOf, tenantEnd } from './keys.js';
import { decodePosition, encodePosition, type FeedPlace } from '../position.js';
import { decodeFeedRecord } from './records.js';
import { readTenant, type TenantState } from './tenant.js';

/** The page of `tenant`'s feed after `after`. Reads within one snapshot. */
export function readFeedPage(
  db: Databases,
  tenant: string,
  after: Position | undefined,
  limit: number,
): FeedPage {
  const state = readTenant(db, tenant);
  const place = placeOf(after, state);
  if (place === undefined) {
    const position = after ?? encodePosition({ sequence: 0, startedAt: 0 });
    return { entries: [], position, atEnd: false, expired: true };
  }
  const entries: FeedEntry[] = [];
  for (const { key, value } of db.feed.getRange({
    ...rangeAfter(tenant, place),
    limit: limit + 1,
  })) {
    entries.push({ ...decodeFeedRecord(value), version: sequenceOf(key) });
  }
  const atEnd = entries.length <= limit;
  if (!atEnd) entries.length = limit;
  // At the end the last entries may have been purged tombstones: they are behind us as well.
  const sequence = atEnd ? state.sequence : (entries.at(-1)?.version ?? place.sequence);
  const position = encodePosition({ sequence, startedAt: place.startedAt });
  return { entries, position, atEnd, expired: false };
}

/** How many entries follow `position`, counting no further than `limit`. */
export function countBehind(
  db: Databases,
  tenant: string,
  position: Position | undefined,
  limit: number,
): number {
  const place = placeOf(position, readTenant(db, tenant)) ?? { sequence: 0, startedAt: 0 };
  let count = 0;
  for (const key of db.feed.getKeys({ ...rangeAfter(tenant, place), limit })) {
    if (key.length > 0) count += 1;
  }
  return count;
}

function rangeAfter(tenant: string, place: FeedPlace): { start: Buffer; end: Buffer } {
  return { start: sequenceKey(tenant, place.sequence + 1), end: tenantEnd(tenant) };
}

/** Undefined when the follower must rebuild: a purged tombstone may be missing from what follows. */
function placeOf(position: Position | undefined, state: TenantState): FeedPlace | undefined {
  if (position === undefined) return { sequence: 0, startedAt: state.sequence };
  const place = decodePosition(position);
  if (place === undefined) return undefined;
  // Ahead of the store: this is a store that was put back to an older state.
  if (Math.max(place.sequence, place.startedAt) > state.sequence) return undefined;
  const missed = state.horizon > Math.max(place.sequence, place.startedAt);
  return missed ? undefined : place;
}
