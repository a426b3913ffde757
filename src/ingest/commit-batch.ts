import { setTimeout as sleep } from 'node:timers/promises';
import type { IngestDeps } from './ports.js';
import { prepareBatch, type PreparedBatch, type PreparedRow } from './prepare-batch.js';
import { contended } from './single-write.js';
import type { ReportBuilder } from './write-report.js';

const MAX_ATTEMPTS = 6;
const BACKOFF_MS = 10;

/**
 * Writes a prepared batch and counts what became of it. Rows that met another writer are prepared
 * anew and tried again, a bounded number of times; `unavailable` when that was not enough.
 */
export async function commitBatch(
  deps: IngestDeps,
  tenant: string,
  batch: PreparedBatch,
  builder: ReportBuilder,
): Promise<void> {
  let { rows, refused } = batch;
  for (let attempt = 1; ; attempt++) {
    for (const { line, id, error } of refused) builder.reject(line, id, error);
    if (rows.length === 0) return;
    const again = await writeRows(deps, tenant, rows, builder);
    if (again.length === 0) return;
    if (attempt === MAX_ATTEMPTS) throw contended();
    await sleep(Math.random() * BACKOFF_MS * 2 ** attempt);
    ({ rows, refused } = await prepareBatch(deps, tenant, again));
  }
}

/** One write; returns the rows to try again. */
async function writeRows(
  deps: IngestDeps,
  tenant: string,
  rows: readonly PreparedRow[],
  builder: ReportBuilder,
): Promise<PreparedRow[]> {
  const writes = rows.map(({ write }) => write);
  const { statuses, mark } = await deps.store.write(tenant, writes);
  builder.report.mark = mark;
  deps.fleet.nudge(tenant);
  const again: PreparedRow[] = [];
  const conflicted = new Set<string>();
  rows.forEach((row, i) => {
    const status = statuses[i] ?? 'conflict';
    if (status === 'conflict') conflicted.add(row.row.id);
    // Rows of one id stay in order: what follows a conflict is written again after it.
    if (status === 'conflict' || conflicted.has(row.row.id)) again.push(row);
    else builder.accept(status);
  });
  return again;
}
