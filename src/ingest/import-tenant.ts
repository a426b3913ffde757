import { OmniError, invalidField } from '../core/errors.js';
import { backOff } from '../core/retry.js';
import { entriesOf, NO_PRICES, type PriceEntry } from '../core/price-entries.js';
import { placeOf } from '../placement/placer.js';
import type { PriceWrite, ProductWrite } from '../store/store.js';
import type { IngestDeps } from './ports.js';
import { contended } from './single-write.js';
import type { TransferredPut, TransferredRow } from './transfer-row.js';

const MAX_ATTEMPTS = 6;
const BACKOFF_MS = 10;

type ImportDeps = Pick<IngestDeps, 'store' | 'model' | 'placement' | 'fleet' | 'priceLists'>;

/**
 * Writes rows of an export as they are, in order: what is there already is not written again. No row is checked against
 * bounds and plans: they hold where it came from. Rejects `invalid_field` for vectors of another model, `unavailable`.
 */
export async function importRows(
  deps: ImportDeps,
  tenant: string,
  rows: readonly TransferredRow[],
): Promise<void> {
  for (const row of rows) if ('contentHash' in row) checkModel(deps, row);
  const { writesAtOnce } = deps.store;
  for (let at = 0; at < rows.length; at += writesAtOnce) {
    const some = rows.slice(at, at + writesAtOnce);
    await writeContents(deps, tenant, some);
    await writePrices(deps, tenant, some);
  }
  if (rows.length > 0) deps.fleet.nudge(tenant);
}

function checkModel({ model }: ImportDeps, { model: fingerprint }: TransferredPut): void {
  if (fingerprint === model.fingerprint) return;
  const expected = `must be the fingerprint of this server's model, ${model.fingerprint}`;
  throw invalidField('model', `${expected}: vectors of two models are never compared`);
}

async function writeContents(
  deps: ImportDeps,
  tenant: string,
  rows: readonly TransferredRow[],
): Promise<void> {
  let left = rows;
  for (let attempt = 1; left.length > 0; attempt++) {
    await pauseBefore(attempt);
    const places = await deps.placement.ensure(tenant, rowsByCategory(left), attempt > 1);
    const [refused] = places.refused.values();
    if (refused !== undefined) throw refused;
    const writes = left.map((row): ProductWrite => {
      if (!('contentHash' in row)) return row;
      const { product, id, feedVersion } = row.row;
      const { contentHash, embedHash, model, vector } = row;
      const partition = placeOf(places, product.category, id);
      return {
        ...{ op: 'put', id, product, feedVersion, contentHash, embedHash, model, partition },
        vectors: { text: vector },
      };
    });
    const { statuses } = await deps.store.write(tenant, writes);
    // From the first conflict on, so that rows of one id stay in order.
    const from = statuses.indexOf('conflict');
    left = from < 0 ? [] : left.slice(from);
  }
}

/** What lists say, of the products that are there by now, and what none says any more. */
async function writePrices(
  { store, priceLists }: ImportDeps,
  tenant: string,
  rows: readonly TransferredRow[],
): Promise<void> {
  const puts = rows.filter((row) => 'contentHash' in row);
  const ids = puts.map(({ row }) => row.id);
  const numbers = new Map<string, number>();
  for (const name of new Set(puts.flatMap(({ prices }) => Object.keys(prices)))) {
    numbers.set(name, await priceLists.ensure(tenant, name));
  }
  for (let attempt = 1; ; attempt++) {
    await pauseBefore(attempt);
    const there = await store.prices(tenant, ids);
    const writes = puts.flatMap(({ row: { id }, prices }, i): PriceWrite[] => {
      const said = new Map<number, PriceEntry>();
      for (const [name, { price, in_stock: inStock }] of Object.entries(prices)) {
        const entry = {
          ...(price === undefined ? {} : { price }),
          ...(inStock === undefined ? {} : { inStock }),
        };
        said.set(numbers.get(name) ?? 0, entry);
      }
      const known = new Map(entriesOf(there[i]?.prices ?? NO_PRICES));
      const lists = [...new Set([...said.keys(), ...known.keys()])];
      return lists
        .filter((list) => JSON.stringify(said.get(list)) !== JSON.stringify(known.get(list)))
        .map((list) => ({ op: 'price', id, list, entry: said.get(list) }));
    });
    if (writes.length === 0) return;
    let isContended = false;
    for (let at = 0; at < writes.length; at += store.writesAtOnce) {
      const { statuses } = await store.write(tenant, writes.slice(at, at + store.writesAtOnce));
      isContended ||= statuses.includes('conflict');
    }
    if (!isContended) return;
  }
}

async function pauseBefore(attempt: number): Promise<void> {
  if (attempt > MAX_ATTEMPTS) throw contended();
  if (attempt > 1) await backOff(attempt, BACKOFF_MS);
}

function rowsByCategory(rows: readonly TransferredRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    if (!('contentHash' in row)) continue;
    const { category } = row.row.product;
    counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return counts;
}

/** Only what nobody else writes is imported to. */
export function notForImports(tenant: string): OmniError {
  const message = `the tenant ${tenant} must be suspended or read_only while it is imported to`;
  return new OmniError('conflict', message, { field: 'id' });
}
