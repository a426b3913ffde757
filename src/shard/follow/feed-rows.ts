import { Slices } from '../../core/slices.js';
import { productTerms } from '../../text/product-terms.js';
import type { FeedEntry, StoredRow, StoreReader } from '../../store/store.js';
import { forEachLiveRow, type TenantIndex } from '../index/tenant-index.js';
import type { Assignment } from './assignment.js';

/**
 * Brings `index` to what `entries` say, with those rows that belong here and are not held yet. In slices: a row
 * changes in one turn, a page of them takes many, and searches come in between.
 */
export async function applyEntries(
  store: StoreReader,
  index: TenantIndex,
  assignment: Assignment,
  entries: readonly FeedEntry[],
): Promise<void> {
  const slices = new Slices();
  // As many as may be read in one turn.
  for (let at = 0; at < entries.length; at += store.documentsAtOnce) {
    const some = entries.slice(at, at + store.documentsAtOnce);
    const rows = await missingRows(store, index, assignment, some);
    for (const entry of some) {
      if (slices.isOver) await slices.next();
      apply(index, assignment, entry, rows.get(entry.id));
    }
  }
}

/** By id, what is to be taken in and is there in vectors of the model that is served. */
async function missingRows(
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
  const found = new Map<string, StoredRow>();
  rows.forEach((row, i) => {
    if (row?.model === index.model) found.set(ids[i] ?? '', row);
  });
  return found;
}

/** One turn. */
function apply(
  index: TenantIndex,
  assignment: Assignment,
  { id, version, category, deleted }: FeedEntry,
  found: StoredRow | undefined,
): void {
  if (found !== undefined && assignment.owns(found.product.category, id)) {
    index.upsert(found, productTerms(found.product, index.text));
    return;
  }
  // What moved away, was deleted, has lost its row since or is damaged: nothing older may stay.
  const leaves = deleted || found !== undefined || !assignment.owns(category, id);
  if (leaves || (index.heldVersion(id) ?? -1) < version) index.drop(id, version);
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
