import { backOff } from '../core/retry.js';
import { OmniError, toOmniError } from '../core/errors.js';
import { giveWay } from '../core/precedence.js';
import type { ProductWrite } from '../store/store.js';
import type { IngestDeps, WriteTarget } from './ports.js';
import { prepareBatch, type PlacedRow, type PreparedBatch } from './prepare-batch.js';
import { contended } from './single-write.js';
import { tooManyProducts } from './tenant-bounds.js';
import type { ReportBuilder } from './write-report.js';

const MAX_ATTEMPTS = 6;
const BACKOFF_MS = 10;

/** A row that no other row is to blame for. */
interface BrokenRow extends PlacedRow {
  error: unknown;
}

/**
 * Writes a batch and counts what became of it; `prepared` is undefined when preparing it met a fault
 * of ours. Rows that met another writer are prepared anew and tried again, a bounded number of
 * times: `unavailable` when that was not enough. Rows that a fault of ours keeps from being written
 * are rejected, once; where it is every row, the whole request is at its end.
 */
export async function commitBatch(
  deps: IngestDeps,
  target: WriteTarget,
  rows: readonly PlacedRow[],
  prepared: PreparedBatch | undefined,
  builder: ReportBuilder,
): Promise<void> {
  const broken: BrokenRow[] = [];
  rejectRefused(prepared?.refused ?? [], builder);
  for (const part of partsOf(rows, prepared, deps.store.writesAtOnce)) {
    broken.push(...(await writeAll(deps, target, part.rows, part.prepared, builder)));
  }
  const [first] = broken;
  if (first === undefined) return;
  if (rows.length > 1 && broken.length === rows.length) throw toOmniError(first.error);
  deps.logger.error({ err: first.error, rows: broken.length }, 'rows could not be written');
  for (const { line, row, error } of broken) builder.reject(line, row.id, toOmniError(error));
}

/** What one call of the store gets; `prepared` is undefined where that is to be done yet. */
interface Part {
  rows: readonly PlacedRow[];
  prepared: PreparedBatch | undefined;
}

/** In order, at most `size` rows each: each is settled before the next is written. */
function* partsOf(
  rows: readonly PlacedRow[],
  prepared: PreparedBatch | undefined,
  size: number,
): Generator<Part> {
  if (prepared === undefined) {
    for (let at = 0; at < rows.length; at += size) {
      yield { rows: rows.slice(at, at + size), prepared: undefined };
    }
    return;
  }
  for (let at = 0; at < prepared.rows.length; at += size) {
    const some = prepared.rows.slice(at, at + size);
    yield { rows: some, prepared: { rows: some, refused: [] } };
  }
}

/** Writes `rows`, and returns those that break whatever they are written with. */
async function writeAll(
  deps: IngestDeps,
  target: WriteTarget,
  rows: readonly PlacedRow[],
  prepared: PreparedBatch | undefined,
  builder: ReportBuilder,
): Promise<BrokenRow[]> {
  let left = rows;
  for (let attempt = 1; left.length > 0; attempt++) {
    if (attempt > MAX_ATTEMPTS) throw contended();
    if (attempt > 1) await backOff(attempt, BACKOFF_MS);
    await giveWay();
    target.signal?.throwIfAborted();
    try {
      const isFirst = attempt === 1 && prepared !== undefined;
      const batch = isFirst ? prepared : await prepareBatch(deps, target, left, attempt > 1);
      left = await writeOnce(deps, target.tenant, batch, builder);
    } catch (error) {
      if (error instanceof OmniError || target.signal?.aborted === true) throw error;
      return isolate(deps, target, left, error, builder);
    }
  }
  return [];
}

/** Halves rows that cannot be written together until those that cannot be written at all are left. */
async function isolate(
  deps: IngestDeps,
  target: WriteTarget,
  rows: readonly PlacedRow[],
  error: unknown,
  builder: ReportBuilder,
): Promise<BrokenRow[]> {
  const [only] = rows;
  if (only !== undefined && rows.length === 1) return [{ ...only, error }];
  const middle = Math.ceil(rows.length / 2);
  const first = await writeAll(deps, target, rows.slice(0, middle), undefined, builder);
  const second = await writeAll(deps, target, rows.slice(middle), undefined, builder);
  return [...first, ...second];
}

/** One write; returns the rows to try again. */
async function writeOnce(
  deps: IngestDeps,
  tenant: string,
  { rows, refused }: PreparedBatch,
  builder: ReportBuilder,
): Promise<PlacedRow[]> {
  const again: PlacedRow[] = [];
  if (rows.length > 0) {
    const { statuses, mark } = await deps.store.write(
      tenant,
      rows.map(({ write }) => write),
    );
    builder.report.mark = mark;
    if (statuses.includes('applied')) deps.fleet.nudge(tenant);
    const conflicted = new Set<string>();
    rows.forEach((row, i) => {
      const status = statuses[i] ?? 'conflict';
      if (status === 'conflict') conflicted.add(row.row.id);
      // Rows of one id stay in order: what follows a conflict is written again after it.
      if (status === 'conflict' || conflicted.has(row.row.id)) again.push(row);
      else if (status !== 'full') builder.accept(status);
      else builder.reject(row.line, row.row.id, tooManyProducts(boundOf(row.write)));
    });
  }
  rejectRefused(refused, builder);
  return again;
}

function boundOf(write: ProductWrite): number {
  return write.op === 'put' ? (write.maxProducts ?? 0) : 0;
}

function rejectRefused(refused: PreparedBatch['refused'], builder: ReportBuilder): void {
  for (const { line, id, error } of refused) builder.reject(line, id, error);
}
