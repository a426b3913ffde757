import { PatientSlices } from '../core/slices.js';
import { readFull, type FullRow } from '../store/catalogue-pages.js';
import { readOn, type FeedReading } from '../store/feed-pages.js';
import type { FeedEntry, Position, StoreReader } from '../store/store.js';
import { PageBound } from './page-bound.js';

/** Some milliseconds of reading: what is longer would hold up searches. */
const ENTRIES_AT_ONCE = 256;
const BYTES_AT_ONCE = 1024 * 1024;
const MAX_ATTEMPTS = 4;
/** Base64 has so many characters a byte. */
const CHARACTERS_A_BYTE = 4 / 3;
/** What a line of a delete has beside the id. */
const DELETE_CHARACTERS = 40;

interface GoneProduct {
  id: string;
  feedVersion: number | undefined;
  /** Where it is kept, if it is. */
  archive: string | undefined;
}

/** Some entries of a tenant's feed with all that is stored of what they name. */
export interface StoredPiece {
  rows: FullRow[];
  deleted: GoneProduct[];
  /** Ids of products that are damaged in the store: not among the rows. */
  damaged: string[];
  /** Deletes behind where the reading was are forgotten: all that was read is void, and all follows. */
  isReset: boolean;
  /** Of all that was read by then; undefined: of nothing. */
  position: Position | undefined;
  /** How the reading goes on; undefined where nothing can be missing any more. */
  next: FeedReading | undefined;
}

/**
 * A page of a reading of a tenant's products and deletes, piece by piece, as any export has them: each product at its
 * latest version alone. Gives way to searches.
 */
export async function* storedPieces(
  store: StoreReader,
  tenant: string,
  from: FeedReading,
  signal?: AbortSignal,
): AsyncGenerator<StoredPiece, void> {
  const page = new PageBound();
  const slices = new PatientSlices(signal);
  for (let reading: FeedReading | undefined = from; reading !== undefined && page.hasRoom;) {
    if (slices.isOver) await slices.next();
    const read = await readOn(store, tenant, reading, ENTRIES_AT_ONCE, BYTES_AT_ONCE);
    const { entries, expired: isReset, position } = read.page;
    const live = entries.filter((entry) => !entry.deleted);
    const gone = entries.filter((entry) => entry.deleted).map(({ id }) => id);
    const rows = await wholeRows(
      store,
      tenant,
      live.map(({ id }) => id),
    );
    const heads = await store.heads(tenant, gone);
    const deleted = gone.map((id, i) => {
      const head = heads[i];
      const { feedVersion, archive } = head?.deleted === true ? head : {};
      return { id, feedVersion, archive };
    });
    const damaged = await damagedOf(store, tenant, live, rows);
    for (const { row } of rows) {
      page.add(row.json.length + row.vectors.text.byteLength * CHARACTERS_A_BYTE);
    }
    for (const id of gone) page.add(id.length + DELETE_CHARACTERS);
    reading = read.next;
    const at = isReset ? undefined : position;
    yield { rows, deleted, damaged, isReset, position: at, next: reading };
  }
}

/** One that changes between two reads of it is read again: it may have been met for the last time. */
async function wholeRows(
  store: StoreReader,
  tenant: string,
  ids: readonly string[],
): Promise<FullRow[]> {
  const rows: FullRow[] = [];
  let left = ids;
  for (let attempt = 1; left.length > 0 && attempt <= MAX_ATTEMPTS; attempt++) {
    const found = await readFull(store, tenant, left);
    rows.push(...found);
    const read = new Set(found.map(({ row }) => row.product.id));
    left = left.filter((id) => !read.has(id));
  }
  return rows;
}

/** Those that were not read though nobody has changed them since. */
async function damagedOf(
  store: StoreReader,
  tenant: string,
  live: readonly FeedEntry[],
  rows: readonly FullRow[],
): Promise<string[]> {
  if (rows.length === live.length) return [];
  const read = new Set(rows.map(({ row }) => row.product.id));
  const left = live.filter(({ id }) => !read.has(id));
  const heads = await store.heads(
    tenant,
    left.map(({ id }) => id),
  );
  return left.filter(({ version }, i) => heads[i]?.version === version).map(({ id }) => id);
}
