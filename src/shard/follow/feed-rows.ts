import { Slices } from '../../core/slices.js';
import { productTerms, type ProductTerms } from '../../text/product-terms.js';
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
  const analysed = new Map<string, AnalysedRow>();
  // Before what is one turn: the words of a page take some milliseconds.
  const slices = new Slices();
  for (const row of rows) {
    if (row?.model !== index.model) continue;
    if (slices.isOver) await slices.next();
    analysed.set(row.product.id, { row, terms: productTerms(row.product, index.text) });
  }
  apply(index, assignment, entries, analysed);
}

interface AnalysedRow {
  row: StoredRow;
  terms: ProductTerms;
}

/** One turn. */
function apply(
  index: TenantIndex,
  assignment: Assignment,
  entries: readonly FeedEntry[],
  rows: ReadonlyMap<string, AnalysedRow>,
): void {
  for (const { id, version, category, deleted } of entries) {
    const found = rows.get(id);
    if (found !== undefined && assignment.owns(found.row.product.category, id)) {
      index.upsert(found.row, found.terms);
      continue;
    }
    // What moved away, was deleted, has lost its row since or is damaged: nothing older may stay.
    const leaves = deleted || found !== undefined || !assignment.owns(category, id);
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
