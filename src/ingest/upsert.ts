import { OmniError, RETRY_AFTER_MS, toOmniError, type ErrorCode } from '../core/errors.js';
import { isObject } from '../core/json.js';
import { PatientSlices } from '../core/slices.js';
import { commitBatch } from './commit-batch.js';
import { inBatches, type IncomingRow, type IncomingRows } from './incoming-row.js';
import type { IngestDeps, WriteTarget } from './ports.js';
import { prepareBatch, type PlacedRow } from './prepare-batch.js';
import { idOfRow, validateRow, type ProductRules } from './validate-product.js';
import { ReportBuilder, type WriteReport } from './write-report.js';

export const BATCH_ROWS = 256;
export const BATCH_BYTES = 8 * 1024 * 1024;

/** What becomes of every write to a tenant that there is not, or that is suspended. */
const UNSEEN: ReadonlySet<ErrorCode> = new Set(['not_found', 'suspended']);

/**
 * The story of a write: validate → read heads → embed what changed → store → nudge the shards.
 * Batches are stored in the order of their rows; a batch is embedded while the one before it is
 * flushed. Never rejects: what went wrong is in the report, with the counts so far.
 */
export async function upsert(
  deps: IngestDeps,
  target: WriteTarget,
  incoming: IncomingRows,
): Promise<WriteReport> {
  const builder = new ReportBuilder();
  let commit = Promise.resolve();
  try {
    for await (const batch of inBatches(incoming, BATCH_ROWS, BATCH_BYTES, target.signal)) {
      const rows = await validateBatch(deps, target, batch, builder);
      // What a fault of ours breaks is prepared again by the commit, which finds the rows that did it.
      const prepared = await prepareBatch(deps, target, rows).catch(unlessOurs);
      await commit;
      commit = commitBatch(deps, target, rows, prepared, builder);
      // Awaited one batch later: until then a failure must not count as unobserved.
      commit.catch(() => undefined);
    }
  } catch (error) {
    builder.fail(error);
  }
  await commit.catch((error: unknown) => builder.fail(error));
  const { failure } = builder.report;
  if (failure !== undefined) {
    builder.report.failure = asRetryable(failure);
    const { tenant } = target;
    if (!UNSEEN.has(failure.code))
      deps.logger.warn({ err: failure.cause ?? failure, tenant }, 'a write request failed midway');
  }
  return builder.report;
}

function unlessOurs(error: unknown): undefined {
  if (error instanceof OmniError) throw error;
}

/** The valid rows of a batch; the others are rejected. */
export async function validateBatch(
  deps: IngestDeps,
  { signal }: WriteTarget,
  batch: readonly IncomingRow[],
  builder: ReportBuilder,
): Promise<PlacedRow[]> {
  const rules = productRules(deps);
  const slices = new PatientSlices(signal);
  const rows: PlacedRow[] = [];
  for (const incoming of batch) {
    if (slices.isOver) await slices.next();
    if ('error' in incoming) builder.reject(incoming.line, undefined, incoming.error);
    else if (builder.isFull && !isObject(incoming.value)) builder.countRejected();
    else {
      try {
        const { line, value, isNew = false, isKnown = false } = incoming;
        rows.push({ line, row: validateRow(value, rules), isNew, isKnown });
      } catch (error) {
        if (!(error instanceof OmniError)) deps.logger.error({ err: error }, 'a row broke us');
        builder.reject(incoming.line, idOfRow(incoming.value), toOmniError(error));
      }
    }
  }
  return rows;
}

/** What the current model asks of a product. */
export function productRules(deps: IngestDeps): ProductRules {
  return { dimensions: deps.model.dimensions, vectorRequired: deps.encoder === undefined };
}

/** What took too long may be sent again; a fault of ours would only be met again. */
function asRetryable(error: OmniError): OmniError {
  if (error.code !== 'deadline_exceeded') return error;
  const message = 'the write could not be finished; send the rest again';
  return new OmniError('unavailable', message, { cause: error, retryAfterMs: RETRY_AFTER_MS });
}
