import type { RecordStore } from '../../store/record-store.js';
import { FOUND_KIND } from '../../store/tenant-records.js';

/** Up to where this store has the primary's changes. */
export const PLACE_KIND = 'region';
/** Of a tenant: up to where this store has what the primary has. */
export const FEED_KIND = 'region feed';
/** When all that the primary had was here. */
export const AGE_KIND = 'region age';

const REMOVED_AT_ONCE = 500;

/**
 * Of a store that follows nobody any more: what it writes from now on is in no primary, so should it be made a region
 * again, all is copied anew, and what only it has goes.
 */
export async function forgetPrimary(records: RecordStore): Promise<void> {
  const [followed] = await records.ids(PLACE_KIND, undefined, 1);
  // A region notes nothing of what it finds: what was noted before is no whole any more.
  if (followed !== undefined) await removeKind(records, FOUND_KIND);
  for (const kind of [FEED_KIND, PLACE_KIND, AGE_KIND]) await removeKind(records, kind);
}

/** Removes all records of a kind. Those that others change meanwhile stay. */
export async function removeKind(records: RecordStore, kind: string): Promise<void> {
  for (let after: string | undefined; ;) {
    const found = await records.list(kind, after, REMOVED_AT_ONCE);
    for (const { id, revision } of found) await records.remove(kind, id, revision);
    if (found.length < REMOVED_AT_ONCE) return;
    after = found.at(-1)?.id;
  }
}
