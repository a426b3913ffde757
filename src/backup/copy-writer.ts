import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { giveWay } from '../core/precedence.js';
import { NO_PRICES, type PackedPrices } from '../core/price-entries.js';
import type { Product } from '../core/product.js';
import { backOff } from '../core/retry.js';
import { priceWrites } from '../store/price-writes.js';
import type { WriteNote } from '../store/copies.js';
import type { PartitionRef, ProductWrite, Store } from '../store/store.js';

const MAX_ATTEMPTS = 6;
const BACKOFF_MS = 20;

/** A product with all that is stored of it, as it comes from another store, or from before. */
export interface CopiedPut {
  op: 'put';
  product: Product;
  /** The shop's own. */
  feedVersion: number | undefined;
  contentHash: string;
  embedHash: string;
  model: string;
  vector: Float32Array;
  prices: PackedPrices;
  /** Its version in the store that this one follows; undefined: it gets one of its own. */
  version?: number;
}

interface CopiedDelete {
  op: 'delete';
  id: string;
  feedVersion: number | undefined;
  /** Of a product that is archived there, see `DeleteProduct`. */
  archive?: string;
  version?: number;
}

export type CopiedRow = CopiedPut | CopiedDelete;

/** What became of rows. */
export interface Imported {
  written: number;
  deleted: number;
  /** There already, as they are to be. */
  unchanged: number;
}

export function addImported(sum: Imported, { written, deleted, unchanged }: Imported): void {
  sum.written += written;
  sum.deleted += deleted;
  sum.unchanged += unchanged;
}

export interface CopyWriterDeps {
  store: Pick<Store, 'write' | 'prices' | 'writesAtOnce'>;
  /** Places for rows of these categories (category to rows). */
  place(
    tenant: string,
    categories: ReadonlyMap<string, number>,
    isStale: boolean,
  ): Promise<{
    refused: ReadonlyMap<string, OmniError>;
    of(category: string, id: string): PartitionRef | undefined;
  }>;
  /** Shards are told that the tenant was written. */
  nudge(tenant: string): void;
}

/**
 * Writes rows as they are, with their hashes and vectors: nothing is embedded, and no bound or plan is asked, since they
 * held where the rows come from. Whatever is written again changes nothing.
 */
export class CopyWriter {
  constructor(private readonly deps: CopyWriterDeps) {}

  /**
   * Applies rows in their order; `note` is put with the last of them. Rejects `unavailable`, `conflict` where one is not
   * taken, as `place` refuses.
   */
  async write(tenant: string, rows: readonly CopiedRow[], note?: WriteNote): Promise<Imported> {
    const imported: Imported = { written: 0, deleted: 0, unchanged: 0 };
    const { writesAtOnce } = this.deps.store;
    for (let at = 0; at < rows.length; at += writesAtOnce) {
      const some = lastOfEach(rows.slice(at, at + writesAtOnce));
      const isLast = at + writesAtOnce >= rows.length;
      await this.writeContents(tenant, some, imported, isLast ? note : undefined);
      const apart = some.filter(isPut).filter(({ version }) => version === undefined);
      if (apart.length > 0) await this.writePrices(tenant, apart);
    }
    if (rows.length === 0 && note !== undefined) await this.deps.store.write(tenant, [], note);
    if (rows.length > 0) this.deps.nudge(tenant);
    return imported;
  }

  private async writeContents(
    tenant: string,
    rows: readonly CopiedRow[],
    imported: Imported,
    note: WriteNote | undefined,
  ): Promise<void> {
    let left = rows;
    for (let attempt = 1; left.length > 0; attempt++) {
      await pauseBefore(attempt, tenant);
      await giveWay();
      const places = await this.deps.place(tenant, categoriesOf(left), attempt > 1);
      const [refused] = places.refused.values();
      if (refused !== undefined) throw refused;
      const writes = left.map((row) => writeOf(row, places));
      const { statuses } = await this.deps.store.write(tenant, writes, note);
      left = left.filter((row, i) => {
        const status = statuses[i] ?? 'conflict';
        if (status === 'applied') imported[row.op === 'put' ? 'written' : 'deleted'] += 1;
        else if (status === 'unchanged' || status === 'missing') imported.unchanged += 1;
        else if (status !== 'conflict') throw notTaken(tenant, idOf(row), status);
        return status === 'conflict';
      });
    }
  }

  /** What price lists say of products that are there by now, and what none says any more. */
  private async writePrices(tenant: string, rows: readonly CopiedPut[]): Promise<void> {
    const { store } = this.deps;
    const ids = rows.map(idOf);
    for (let attempt = 1, isWhole = false; !isWhole; attempt++) {
      await pauseBefore(attempt, tenant);
      const there = await store.prices(tenant, ids);
      const writes = rows.flatMap((row, i) =>
        priceWrites(idOf(row), row.prices, there[i]?.prices ?? NO_PRICES),
      );
      isWhole = true;
      for (let at = 0; at < writes.length; at += store.writesAtOnce) {
        const some = writes.slice(at, at + store.writesAtOnce);
        const { statuses } = await store.write(tenant, some);
        isWhole &&= !statuses.includes('conflict');
      }
    }
  }
}

async function pauseBefore(attempt: number, tenant: string): Promise<void> {
  if (attempt > MAX_ATTEMPTS) throw keepsChanging(tenant);
  if (attempt > 1) await backOff(attempt, BACKOFF_MS);
}

function writeOf(
  row: CopiedRow,
  places: Awaited<ReturnType<CopyWriterDeps['place']>>,
): ProductWrite {
  if (row.op === 'delete') {
    const { version, ...rest } = row;
    return { ...rest, isCopy: true, ...(version === undefined ? {} : { as: { version } }) };
  }
  const { version, prices } = row;
  const { op, product, vector, feedVersion, contentHash, embedHash, model } = row;
  const { id, category } = product;
  const partition = places.of(category, id);
  if (partition === undefined) {
    const details = { retryAfterMs: RETRY_AFTER_MS };
    throw new OmniError('unavailable', `there is no place for the category ${category}`, details);
  }
  const facts = { feedVersion, contentHash, embedHash, model, partition };
  const as = version === undefined ? {} : { as: { version, prices } };
  return { op, id, product, ...facts, vectors: { text: vector }, isCopy: true, ...as };
}

function isPut(row: CopiedRow): row is CopiedPut {
  return row.op === 'put';
}

function idOf(row: CopiedRow): string {
  return row.op === 'put' ? row.product.id : row.id;
}

/** Of each id the last row. */
function lastOfEach(rows: readonly CopiedRow[]): CopiedRow[] {
  return [...new Map(rows.map((row) => [idOf(row), row])).values()];
}

function categoriesOf(rows: readonly CopiedRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { product } of rows.filter(isPut)) {
    counts.set(product.category, (counts.get(product.category) ?? 0) + 1);
  }
  return counts;
}

/** A copy that leaves something out must not look like one that is whole. */
function notTaken(tenant: string, id: string, status: string): OmniError {
  return new OmniError('conflict', `the product ${id} of ${tenant} was not written: ${status}`);
}

/** Others do not let this tenant be read or written as one. */
export function keepsChanging(tenant: string): OmniError {
  const details = { retryAfterMs: RETRY_AFTER_MS };
  return new OmniError('unavailable', `others keep changing ${tenant}`, details);
}
