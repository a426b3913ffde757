import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { describeValue } from '../core/json.js';
import type { ProductWrite } from '../store/store.js';
import type { IngestDeps } from './ports.js';
import { ReportBuilder, type WriteReport } from './write-report.js';

/**
 * Writes one product or delete; undefined when another writer came first. Rejects `not_found` for a
 * delete of what is not there.
 */
export async function writeSingle(
  deps: IngestDeps,
  tenant: string,
  write: ProductWrite,
): Promise<WriteReport | undefined> {
  const { statuses, mark } = await deps.store.write(tenant, [write]);
  const status = statuses[0] ?? 'conflict';
  if (status === 'conflict' || status === 'full') return undefined;
  if (status === 'missing') throw noSuchProduct(write.id);
  deps.fleet.nudge(tenant);
  const builder = new ReportBuilder();
  builder.report.mark = mark;
  builder.accept(status);
  return builder.report;
}

/** `not_found`, naming the id. */
export function noSuchProduct(id: string): OmniError {
  return new OmniError('not_found', `no product has the id ${describeValue(id)}`);
}

/** `unavailable` after too many conflicts; trying again may succeed. */
export function contended(): OmniError {
  const message = 'other writers kept changing the same products';
  return new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
}
