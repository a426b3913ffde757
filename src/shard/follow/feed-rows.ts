import type { FeedEntry, StoredRow, StoreReader } from '../../store/store.js';
import { forEachLiveRow, type TenantIndex } from '../index/tenant-index.js';
import type { Assignment } from './assignment.js';

/** Brings `index` to what `entries` say, with those rows that belong here and are not held yet. */
export async function applyEntries(
  store: StoreReader,
  index: TenantIndex,
  assignment: Assignment,
  entries: readonly FeedEntry[],
): Promise<void> {
  const wanted = entries.filter(
    ({ id, version, category, deleted }) =>
      !deleted && assignment.owns(category, id) && (index.heldVersion(id) ?? -1) < version,
  );
  const ids = wanted.map(({ id }) => id);
  const rows = ids.length === 0 ? [] : await store.rows(index.tenant, ids);
  const byId = new Map<string, StoredRow>();
  for (const row of rows) if (row?.model === index.model) byId.set(row.product.id, row);
  apply(index, assignment, entries, byId);
}

/** One turn. */
function apply(
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
    // What moved away, was deleted, has lost its row since or is damaged: nothing older may stay.
    const leaves = deleted || row !== undefined || !assignment.owns(category, id);
    if (leaves || (index.heldVersion(id) ?? -1) < version) index.drop(id, version);
  }
}

/** Drops what belongs to others by the newest assignment. */
export async function dropRowsOfOthers(
  index: TenantIndex,
  assignment: () => Assignment,
): Promise<void> {
  await forEachLiveRow(index, (block, row) => {
    if (assignment().ownsHash(block.categoryOf(row), block.hash(row))) return;
    index.drop(block.id(row), block.version(row));
  });
}
