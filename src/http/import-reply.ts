import type { ImportRecord } from '../jobs/imports/import-record.js';

/** Less work than this tells no rate. */
const LEAST_MS = 100;

/** An import as callers see it, but for its rejected rows. */
export function importBody(id: string, record: ImportRecord): Record<string, unknown> {
  const { counts, spooled, toPrune, pruned, error, dryRun } = record;
  const { rows, accepted, unchanged, stale, rejected, added, changed, deleted } = counts;
  return {
    ...{ id, state: record.state, action: record.action, prune: record.prune, dry_run: dryRun },
    ...{ rows, rows_total: spooled?.rows ?? null, accepted, unchanged, stale },
    rejected_count: rejected,
    ...(dryRun ? { added, changed, deleted } : {}),
    ...pace(record),
    ...{ pruned, to_prune: toPrune, created_at: record.createdAt },
    ...{ started_at: record.startedAt, ended_at: record.endedAt },
    ...(error === null ? {} : { error }),
  };
}

/** By all that was done so far, pauses left out. */
function pace({ progress, spooled, endedAt }: ImportRecord): Record<string, number | null> {
  const { workedMs, counts } = progress;
  if (workedMs < LEAST_MS || counts.rows === 0) return { rows_per_s: null, seconds_left: null };
  const perSecond = (1_000 * counts.rows) / workedMs;
  const left = spooled === null || endedAt !== null ? null : spooled.rows - counts.rows;
  return {
    rows_per_s: Math.round(10 * perSecond) / 10,
    seconds_left: left === null ? null : Math.ceil(left / perSecond),
  };
}
