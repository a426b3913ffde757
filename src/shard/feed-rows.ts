import type { FeedEntry, StoredRow, StoreReader } from '../store/store.js';
import type { Assignment } from './assignment.js';
import type { TenantIndex } from './tenant-index.js';

/** The rows of entries that belong here and are not held yet. */
export async function fetchRows(
  store: StoreReader,
  index: TenantIndex,
  assignment: Assignment,
  entries: readonly FeedEntry[],
): Promise<Map<string, StoredRow>> {
  const wanted = entries.filter(
    ({ id, version, category, deleted }) =>
      !deleted && assignment.owns(category, id) && (index.heldVersion(id) ?? -1) < version,
  );
  const ids = wanted.map(({ id }) => id);
  const rows = ids.length === 0 ? [] : await store.rows(index.tenant, ids);
  const byId = new Map<string, StoredRow>();
  for (const row of rows) if (row?.model === index.model) byId.set(row.product.id, row);
  return byId;
}

/** Brings `index` to what `entries` say, with the rows that were fetched for them. One turn. */
export function applyEntries(
  index: TenantIndex,
  assignment: Assignment,
  entries: readonly FeedEntry[],
  rows: ReadonlyMap<string, StoredRow>,
): void {
  for (const { id, version, category, deleted } of entries) {
    const row = rows.get(id);
    if (row !== undefined && assignment.owns(row.product.category, id)) {
      index.upsert(row);
      continue;
    }
    // What moved away, was deleted, or has lost its row since: nothing older may stay.
    const leaves = deleted || row !== undefined || !assignment.owns(category, id);
    if (leaves || (index.heldVersion(id) ?? -1) < version) index.drop(id, version);
  }
}
