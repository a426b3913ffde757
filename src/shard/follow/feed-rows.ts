import { Slices } from '../../core/slices.js';
import { productTerms } from '../../text/product-terms.js';
import type { FeedEntry, StoredPrices, StoredRow, StoreReader } from '../../store/store.js';
import { forEachLiveRow } from '../index/live-rows.js';
import type { TenantIndex } from '../index/tenant-index.js';
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
    const wanted = some.filter((entry) => isWanted(index, assignment, entry));
    const prices = await changedPrices(store, index, wanted);
    const rows = await missingRows(store, index, wanted, prices);
    for (const entry of some) {
      if (slices.isOver) await slices.next();
      const priced = prices.get(entry.id);
      if (priced === undefined || !isHeld(index, entry.id, priced)) {
        apply(index, assignment, entry, rows.get(entry.id));
      } else if (isWanted(index, assignment, entry)) {
        index.reprice(entry.id, priced.version, priced.prices);
      }
    }
  }
}

/** It belongs here, and is not here in that version. */
function isWanted(
  index: TenantIndex,
  assignment: Assignment,
  { id, version, category, deleted }: FeedEntry,
): boolean {
  return !deleted && assignment.owns(category, id) && (index.heldVersion(id) ?? -1) < version;
}

/** Whether document and vectors are held as they are: nothing but prices of lists has changed since. */
function isHeld(index: TenantIndex, id: string, { contentVersion }: StoredPrices): boolean {
  return (index.heldVersion(id) ?? -1) >= contentVersion;
}

/** By id, of what is held of which nothing else has changed. Only an update can be such: new products cost nothing. */
async function changedPrices(
  store: StoreReader,
  index: TenantIndex,
  wanted: readonly FeedEntry[],
): Promise<Map<string, StoredPrices>> {
  const ids = wanted.map(({ id }) => id).filter((id) => index.heldVersion(id) !== undefined);
  const found = ids.length === 0 ? [] : await store.prices(index.tenant, ids);
  const changed = new Map<string, StoredPrices>();
  found.forEach((prices, i) => {
    const id = ids[i] as string;
    if (prices !== undefined && isHeld(index, id, prices)) changed.set(id, prices);
  });
  return changed;
}

/** By id, what is to be taken in and is there in vectors of the model that is served. */
async function missingRows(
  store: StoreReader,
  index: TenantIndex,
  wanted: readonly FeedEntry[],
  prices: ReadonlyMap<string, StoredPrices>,
): Promise<Map<string, StoredRow>> {
  const ids = wanted.map(({ id }) => id).filter((id) => !prices.has(id));
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
