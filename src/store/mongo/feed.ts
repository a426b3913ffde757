import type { FeedEntry, FeedPage, Position } from '../store.js';
import { decodePosition, encodePosition, type FeedPlace } from '../position.js';
import type { Collections, TenantRecord } from './collections.js';
import { FEED_FIELDS } from './records.js';
import { safeSequence } from './sequence.js';

type FeedState = Pick<TenantRecord, 'sequence' | 'open' | 'horizon'>;

const NOTHING: FeedState = { sequence: 0, open: [], horizon: 0 };

/**
 * The page of `tenant`'s feed after `after`, as far as every write has ended. The horizon is read
 * again after the entries: a purge raises it before it removes anything.
 */
export async function readFeedPage(
  collections: Collections,
  tenant: string,
  after: Position | undefined,
  limit: number,
  maxBytes: number,
): Promise<FeedPage> {
  const state = await readState(collections, tenant);
  const place = placeOf(after, state);
  if (place === undefined) return expired(after);
  const safe = safeSequence(state);
  if (safe <= place.sequence) {
    return { entries: [], position: encodePosition(place), atEnd: true, expired: false };
  }
  const found: FeedEntry[] = await collections.products
    .find(
      { tenant, version: { $gt: place.sequence, $lt: safe + 1 } },
      {
        projection: FEED_FIELDS,
        sort: { tenant: 1, version: 1 },
        limit: limit + 1,
        batchSize: limit + 2,
      },
    )
    .toArray();
  const { horizon } = await readState(collections, tenant);
  if (isBehind(place, horizon)) return expired(after);
  const entries = firstOf(found, limit, maxBytes);
  const atEnd = entries.length === found.length;
  const sequence = atEnd ? safe : (entries.at(-1)?.version ?? place.sequence);
  const position = encodePosition({ sequence, startedAt: place.startedAt });
  return { entries, position, atEnd, expired: false };
}

/** At most `limit`, and, but for the first, what has `maxBytes` between them. */
function firstOf(found: readonly FeedEntry[], limit: number, maxBytes: number): FeedEntry[] {
  let bytes = 0;
  const end = found.findIndex((entry, i) => {
    bytes += entry.bytes;
    return i >= limit || (i > 0 && bytes > maxBytes);
  });
  return found.slice(0, end < 0 ? found.length : end);
}

/** The highest version that was given out: no acknowledged write is beyond it. */
export async function readHead(collections: Collections, tenant: string): Promise<number> {
  return (await readState(collections, tenant)).sequence;
}

/** How many entries follow `position`, counting no further than `limit`. */
export async function countBehind(
  collections: Collections,
  tenant: string,
  position: Position | undefined,
  limit: number,
): Promise<number> {
  const state = await readState(collections, tenant);
  const place = placeOf(position, state) ?? { sequence: 0, startedAt: 0 };
  if (state.sequence <= place.sequence) return 0;
  const found = await collections.products
    .find(
      { tenant, version: { $gt: place.sequence } },
      { projection: { _id: 0, version: 1 }, limit },
    )
    .toArray();
  return found.length;
}

async function readState({ tenants }: Collections, tenant: string): Promise<FeedState> {
  const projection = { _id: 0, sequence: 1, open: 1, horizon: 1 };
  return (await tenants.findOne({ _id: tenant }, { projection })) ?? NOTHING;
}

/** Undefined when the follower must rebuild: a purged tombstone may be missing from what follows. */
function placeOf(position: Position | undefined, state: FeedState): FeedPlace | undefined {
  if (position === undefined) {
    // What is purged was safe then, so it is now, although `safeSequence` may have fallen back.
    return { sequence: 0, startedAt: Math.max(safeSequence(state), state.horizon) };
  }
  const place = decodePosition(position);
  if (place === undefined) return undefined;
  // Ahead of the store: this is a store that was put back to an older state.
  if (Math.max(place.sequence, place.startedAt) > state.sequence) return undefined;
  return isBehind(place, state.horizon) ? undefined : place;
}

function isBehind(place: FeedPlace, horizon: number): boolean {
  return horizon > Math.max(place.sequence, place.startedAt);
}

function expired(after: Position | undefined): FeedPage {
  const position = after ?? encodePosition({ sequence: 0, startedAt: 0 });
  return { entries: [], position, atEnd: false, expired: true };
}
