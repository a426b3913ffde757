import { OmniError, toOmniError } from '../core/errors.js';
import { commitBatch } from './commit-batch.js';
import { inBatches, type IncomingRow } from './incoming-row.js';
import type { IngestDeps } from './ports.js';
import { prepareBatch, type PlacedRow } from './prepare-batch.js';
import { idOfRow, validateRow, type ProductRules } from './validate-product.js';
import { ReportBuilder, type WriteReport } from './write-report.js';

const BATCH_ROWS = 256;
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * The story of a write: validate → read heads → embed what changed → store → nudge the shards.
 * Batches are stored in the order of their rows; a batch is embedded while the one before it is
 * flushed. Never rejects: what went wrong is in the report, with the counts so far.
 */
export async function upsert(
  deps: IngestDeps,
  tenant: string,
  incoming: AsyncIterable<IncomingRow> | Iterable<IncomingRow>,
): Promise<WriteReport> {
  const builder = new ReportBuilder();
  let commit = Promise.resolve();
  try {
    for await (const batch of inBatches(incoming, BATCH_ROWS, BATCH_BYTES)) {
      const rows = validateBatch(deps, batch, builder);
      const prepared = await prepareBatch(deps, tenant, rows);
      await commit;
      commit = commitBatch(deps, tenant, prepared, builder);
      // Awaited one batch later: until then a failure must not count as unobserved.
      commit.catch(() => undefined);
    }
  } catch (error) {
    builder.fail(error);
  }
  await commit.catch((error: unknown) => builder.fail(error));
  if (builder.report.failure !== undefined) {
    builder.report.failure = asUnavailable(builder.report.failure);
    deps.logger.warn({ err: builder.report.failure, tenant }, 'a write request failed midway');
  }
  return builder.report;
}

function validateBatch(
  deps: IngestDeps,
  batch: readonly IncomingRow[],
  builder: ReportBuilder,
): PlacedRow[] {
  const rules = productRules(deps);
  const rows: PlacedRow[] = [];
  for (const incoming of batch) {
    if ('error' in incoming) {
      builder.reject(incoming.line, undefined, incoming.error);
      continue;
    }
    try {
      rows.push({ line: incoming.line, row: validateRow(incoming.value, rules) });
    } catch (error) {
      if (!(error instanceof OmniError)) throw error;
      builder.reject(incoming.line, idOfRow(incoming.value), error);
    }
  }
  return rows;
}

/** What the current model asks of a product. */
export function productRules(deps: IngestDeps): ProductRules {
  return { dimensions: deps.model.dimensions, vectorRequired: deps.encoder === undefined };
}

/** To the caller a store or encoder that failed is `unavailable`: the rest may be sent again. */
function asUnavailable(error: OmniError): OmniError {
  const cause = toOmniError(error);
  if (cause.code !== 'internal' && cause.code !== 'deadline_exceeded') return cause;
  const message = 'the write could not be finished; send the rest again';
  return new OmniError('unavailable', message, { cause, retryAfterMs: 1_000 });
}
