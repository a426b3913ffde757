import type { OmniError } from '../core/errors.js';
import { isUnseen } from '../store/decide.js';
import { inBatches, type IncomingRows } from './incoming-row.js';
import type { IngestDeps, WriteTarget } from './ports.js';
import { planBatch, refuse, type PlacedRow } from './prepare-batch.js';
import { BATCH_BYTES, BATCH_ROWS, validateBatch } from './upsert.js';
import { ReportBuilder, type WriteReport } from './write-report.js';

/** What writing rows would come to. */
export interface Foresight extends WriteReport {
  /** Products that there were not. */
  added: number;
  /** Products that would be another than they are. */
  changed: number;
  /** Rows that would delete a product. */
  deleted: number;
}

/** Judges rows as `upsert` does, and writes, embeds and makes nothing. Never rejects. */
export async function foresee(
  deps: IngestDeps,
  target: WriteTarget,
  incoming: IncomingRows,
): Promise<Foresight> {
  const builder = new ReportBuilder();
  const seen = { added: 0, changed: 0, deleted: 0 };
  try {
    for await (const batch of inBatches(incoming, BATCH_ROWS, BATCH_BYTES, target.signal)) {
      const rows = await validateBatch(deps, target, batch, builder);
      await foreseeBatch(deps, target, rows, builder, seen);
    }
  } catch (error) {
    builder.fail(error);
  }
  return { ...builder.report, ...seen };
}

async function foreseeBatch(
  deps: IngestDeps,
  target: WriteTarget,
  rows: readonly PlacedRow[],
  builder: ReportBuilder,
  seen: { added: number; changed: number; deleted: number },
): Promise<void> {
  const { planned, drafts, heads } = await planBatch(deps, target, rows);
  const refusals = await refuse(deps, target, drafts, planned.length - drafts.length);
  for (const item of planned) {
    const { line, row } = item;
    if (!('contentHash' in item)) {
      const head = heads.get(row.id);
      if (head === undefined || head.deleted) builder.accept('missing');
      else if (isUnseen(head, target.imported, row.feedVersion)) builder.accept('stale');
      else {
        builder.accept('applied');
        seen.deleted += 1;
      }
      continue;
    }
    const refusal: OmniError | undefined = refusals.get(item);
    if (refusal !== undefined) builder.reject(line, row.id, refusal);
    else if (item.stale) builder.accept('stale');
    else if (item.idle) builder.accept('unchanged');
    else {
      builder.accept('applied');
      // What is updated is there, be it archived.
      if (item.isNew && item.isKnown !== true) seen.added += 1;
      else seen.changed += 1;
    }
  }
}
