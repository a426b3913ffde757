import { PatientSlices } from '../core/slices.js';
import { readFull, type FullRow } from '../store/catalogue-pages.js';
import { CatalogueDigest } from '../store/digest.js';
import type { FeedPage, Position, StoreReader } from '../store/store.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import { namedPrices, productLine } from './transfer-row.js';

const PAGE_ENTRIES = 500;
const PAGE_BYTES = 4 * 1024 * 1024;
/** Nothing is sent of these. */
const DIGEST_ENTRIES = 2_000;

interface Deps {
  store: StoreReader;
  priceLists: Pick<PriceLists, 'numbers'>;
}

/** Where an export goes on, and whether there was more when it was read. */
interface Cut {
  position: Position;
  atEnd: boolean;
}

export interface ExportPage extends Cut {
  /** JSON, of products and deletes. */
  lines: string[];
  /** Names of all price lists. */
  priceLists: string[];
}

/** What a part of a catalogue holds, whatever the order: the sums of all parts are those of the whole. */
export interface DigestPage extends Cut {
  products: number;
  /** See `CatalogueDigest`. */
  hex: string;
}

/**
 * A tenant's catalogue behind `after` (undefined: from its start) with all that is stored of it. Each product comes at its
 * latest version alone; whoever goes on from where the last page ended hears of all that was written since. Undefined where
 * deletes were forgotten since: the copy is to be begun anew.
 */
export async function exportPage(
  deps: Deps,
  tenant: string,
  after: Position | undefined,
  signal: AbortSignal,
): Promise<ExportPage | undefined> {
  const page = await pageOf(deps, tenant, after, PAGE_ENTRIES);
  if (page === undefined) return undefined;
  const lines: string[] = [];
  const slices = new PatientSlices(signal);
  for (const { id, deleted } of page.entries) {
    if (deleted) lines.push(JSON.stringify({ op: 'delete', id }));
  }
  for (const { row, head } of page.rows) {
    if (slices.isOver) await slices.next();
    lines.push(productLine(row, head, page.names));
  }
  const { position, atEnd } = page;
  return { lines, position, atEnd, priceLists: [...page.names.values()] };
}

/** The digest of the same, of more products at a time. */
export async function digestPage(
  deps: Deps,
  tenant: string,
  after: Position | undefined,
  signal: AbortSignal,
): Promise<DigestPage | undefined> {
  const page = await pageOf(deps, tenant, after, DIGEST_ENTRIES);
  if (page === undefined) return undefined;
  const digest = new CatalogueDigest();
  const slices = new PatientSlices(signal);
  for (const { row, head } of page.rows) {
    if (slices.isOver) await slices.next();
    const listed = namedPrices(row.prices, page.names);
    digest.add(row, head, listed && JSON.stringify(listed));
  }
  const { products, hex } = digest;
  return { products, hex, position: page.position, atEnd: page.atEnd };
}

interface Page extends Cut {
  entries: FeedPage['entries'];
  rows: FullRow[];
  names: ReadonlyMap<number, string>;
}

async function pageOf(
  { store, priceLists }: Deps,
  tenant: string,
  after: Position | undefined,
  limit: number,
): Promise<Page | undefined> {
  // A feed may stand still for a while before what is written: only what covers this is the end.
  const head = await store.head(tenant);
  const numbers = await priceLists.numbers(tenant);
  const { entries, position, ...page } = await store.readFeed(tenant, after, limit, PAGE_BYTES);
  if (page.expired) return undefined;
  const live = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
  const rows = await readFull(store, tenant, live);
  const names = new Map([...numbers].map(([name, number]) => [number, name]));
  const atEnd = page.atEnd && store.covers(position, head);
  return { entries, rows, names, position, atEnd };
}
