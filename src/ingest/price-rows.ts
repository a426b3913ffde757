import { backOff } from '../core/retry.js';
import { invalidField, OmniError, toOmniError } from '../core/errors.js';
import { describeValue, isObject } from '../core/json.js';
import { giveWay } from '../core/precedence.js';
import type { PriceEntry } from '../core/price-entries.js';
import type { JsonValue } from '../core/product.js';
import type { PriceWrite } from '../store/store.js';
import { inBatches, type IncomingRows } from './incoming-row.js';
import type { IngestDeps, WriteTarget } from './ports.js';
import { contended, noSuchProduct } from './single-write.js';
import { idOfRow, isPresent, validatePrice, validateStock, validId } from './validate-product.js';
import { ReportBuilder, type WriteReport } from './write-report.js';

const BATCH_BYTES = 1024 * 1024;
const MAX_ATTEMPTS = 6;
const BACKOFF_MS = 10;
const FIELDS: readonly string[] = ['id', 'price', 'in_stock'];

/** What a list says of a product; undefined: nothing any more. */
interface PriceRow {
  line: number;
  id: string;
  entry: PriceEntry | undefined;
}

/**
 * Writes what a list says of products, in the order of the rows: validate → bound → store → nudge the shards. A row takes the
 * place of what the list said of its product before; one without price and stock takes it out. Never rejects: what
 * went wrong is in the report, with the counts so far.
 */
export async function writePrices(
  deps: Pick<IngestDeps, 'store' | 'bounds' | 'fleet' | 'logger'>,
  { tenant, signal }: WriteTarget,
  list: () => Promise<number>,
  incoming: IncomingRows,
): Promise<WriteReport> {
  const builder = new ReportBuilder();
  try {
    const { writesAtOnce } = deps.store;
    for await (const batch of inBatches(incoming, writesAtOnce, BATCH_BYTES, signal)) {
      const rows: PriceRow[] = [];
      for (const row of batch) {
        if ('error' in row) {
          builder.reject(row.line, undefined, row.error);
          continue;
        }
        try {
          rows.push(priceRow(row.line, row.value));
        } catch (error) {
          builder.reject(row.line, idOfRow(row.value), toOmniError(error));
        }
      }
      const admitted = await admit(deps, tenant, rows, builder);
      if (admitted.length > 0) {
        await write(deps, { tenant, signal }, await list(), admitted, builder);
      }
    }
  } catch (error) {
    builder.fail(error);
    deps.logger.warn({ err: error, tenant }, 'a price list could not be written to its end');
  }
  return builder.report;
}

/** Rejects what the tenant's bounds do not let in: what takes a product out of a list always is. */
async function admit(
  { bounds }: Pick<IngestDeps, 'bounds'>,
  tenant: string,
  rows: readonly PriceRow[],
  builder: ReportBuilder,
): Promise<readonly PriceRow[]> {
  if (rows.every(({ entry }) => entry === undefined)) return rows;
  const refusal = await bounds.bytesRefusal(tenant);
  if (refusal === undefined) return rows;
  return rows.filter(({ line, id, entry }) => {
    if (entry !== undefined) builder.reject(line, id, refusal);
    return entry === undefined;
  });
}

/** Rows that met another writer are tried again, a bounded number of times. */
async function write(
  { store, fleet }: Pick<IngestDeps, 'store' | 'fleet'>,
  { tenant, signal }: WriteTarget,
  list: number,
  rows: readonly PriceRow[],
  builder: ReportBuilder,
): Promise<void> {
  let left = rows;
  for (let attempt = 1; left.length > 0; attempt++) {
    if (attempt > MAX_ATTEMPTS) throw contended();
    if (attempt > 1) await backOff(attempt, BACKOFF_MS);
    await giveWay();
    signal?.throwIfAborted();
    const writes = left.map(({ id, entry }): PriceWrite => ({ op: 'price', id, list, entry }));
    const { statuses, mark } = await store.write(tenant, writes);
    builder.report.mark = mark;
    if (statuses.includes('applied')) fleet.nudge(tenant);
    left = left.filter(({ line, id }, i) => {
      const status = statuses[i] ?? 'conflict';
      // A price takes no room: none is refused for that.
      if (status === 'conflict' || status === 'full') return true;
      if (status === 'missing') builder.reject(line, id, unknownProduct(id));
      else builder.accept(status);
      return false;
    });
  }
}

function priceRow(line: number, value: JsonValue): PriceRow {
  if (!isObject(value)) {
    throw invalidField('row', `must be an object, got ${describeValue(value)}`);
  }
  const id = validId(value['id']);
  for (const name of Object.keys(value)) {
    if (!FIELDS.includes(name)) {
      throw invalidField(name, 'is not a known field: a row has id, price and in_stock');
    }
  }
  const { price, in_stock: inStock } = value;
  validatePrice(price);
  validateStock(inStock);
  const entry: PriceEntry = {
    ...(isPresent(price) ? { price: price as number } : {}),
    ...(isPresent(inStock) ? { inStock: inStock as boolean } : {}),
  };
  return { line, id, entry: Object.keys(entry).length === 0 ? undefined : entry };
}

function unknownProduct(id: string): OmniError {
  const { code, message } = noSuchProduct(id);
  return new OmniError(code, message, { field: 'id' });
}
