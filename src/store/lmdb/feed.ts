import type { FeedEntry, FeedPage, Position } from '../store.js';
import type { Databases } from './databases.js';
import { sequenceKey, sequenceOf, tenantEnd, tenantKey, textOf } from './keys.js';
import { decodePosition, encodePosition, type FeedPlace } from '../position.js';
import { decodeFeedRecord, decodeHead, encodeFeedRecord } from './values.js';
import { readTenant, type TenantState } from './tenant.js';

/** The page of `tenant`'s feed after `after`. Reads within one snapshot. */
export function readFeedPage(
  db: Databases,
  tenant: string,
  after: Position | undefined,
  limit: number,
  maxBytes: number,
): FeedPage {
  const state = readTenant(db, tenant);
  const place = placeOf(after, state);
  if (place === undefined) {
    const position = after ?? encodePosition({ sequence: 0, startedAt: 0 });
    return { entries: [], position, atEnd: false, expired: true };
  }
  const entries: FeedEntry[] = [];
  let bytes = 0;
  let atEnd = true;
  const found = db.feed.entries(rangeAfter(tenant, place), (key) => restoredEntry(db, tenant, key));
  for (const { key, value } of found) {
    const record = decodeFeedRecord(value);
    bytes += record.bytes;
    atEnd = entries.length < limit && (bytes <= maxBytes || entries.length === 0);
    if (!atEnd) break;
    entries.push({ ...record, version: sequenceOf(key) });
  }
  // At the end the last entries may have been purged tombstones: they are behind us as well.
  const sequence = atEnd ? state.sequence : (entries.at(-1)?.version ?? place.sequence);
  const position = encodePosition({ sequence, startedAt: place.startedAt });
  return { entries, position, atEnd, expired: false };
}

/** What a damaged entry said, by the head of the same write. All heads, in one turn. */
function restoredEntry(db: Databases, tenant: string, key: Buffer): Buffer | undefined {
  const version = sequenceOf(key);
  for (const head of db.heads.entries({ start: tenantKey(tenant), end: tenantEnd(tenant) })) {
    const { version: written, ...rest } = decodeHead(head.value);
    if (written !== version) continue;
    const bytes = rest.documentBytes + rest.vectorBytes;
    return encodeFeedRecord({ ...rest, id: textOf(tenant, head.key), bytes });
  }
  return undefined;
}

/** How many entries follow `position`, counting no further than `limit`. */
export function countBehind(
  db: Databases,
  tenant: string,
  position: Position | undefined,
  limit: number,
): number {
  const state = readTenant(db, tenant);
  const place = placeOf(position, state) ?? { sequence: 0, startedAt: 0 };
  if (place.sequence === state.sequence) return 0;
  // All of it: each of its products and tombstones has one entry.
  if (place.sequence === 0) return Math.min(limit, state.products + state.tombstones);
  let count = 0;
  for (const key of db.feed.keys({ ...rangeAfter(tenant, place), limit })) {
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
