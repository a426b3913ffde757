import { randomUUID } from 'node:crypto';
import { OmniError, toOmniError, type ErrorCode } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Store } from '../../store/store.js';
import type { JobKind, JobWork } from '../job.js';
import { fetchFeed, type OpenUrl } from './fetch-feed.js';
import { HeldImport } from './held-import.js';
import {
  changeQueue,
  hasWork,
  priorityOf,
  readQueue,
  without,
  type ImportQueue,
} from './import-queue.js';
import { ended, hasEnded } from './import-record.js';
import type { ImportStore, SpoolPart } from './import-store.js';
import { pruneCatalogue } from './prune-catalogue.js';
import { RowWriter, type RowDeps, type StepEnd } from './write-rows.js';

/** What a tenant's imports have of a worker before others have their turn. */
const SLICE_MS = 10_000;
/** What another attempt cannot change. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  ...(['invalid_field', 'invalid_json', 'not_found', 'suspended', 'forbidden'] as const),
  ...(['conflict', 'too_large', 'unsupported_media_type', 'quota_exceeded'] as const),
]);

/** How work on an import ended, for now or for good. */
type ImportEnd = StepEnd | 'ask' | 'failed';

/** What is told of each that leaves the queue, by how work on it ended. */
const RESULTS: Readonly<Record<Exclude<ImportEnd, 'later'>, string>> = {
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  ask: 'waiting_for_confirmation',
};

export interface ImportDeps extends RowDeps {
  imports: ImportStore;
  store: Store;
  /** Undefined: nothing is fetched. */
  openUrl: OpenUrl;
  maxProductBytes: number;
  pruneConfirmShare: number;
  importAttempts: number;
  importTimeoutMs: number;
  importSpoolBytes: number;
  logger: Logger;
}

/** Works on the imports of a tenant, which is the key, one after the other in the order of their numbers. */
export function runImports(deps: ImportDeps): JobKind {
  return {
    isOfCatalogues: true,
    results: Object.values(RESULTS),
    isNeeded: async (tenant) => hasWork(await readQueue(deps.imports.records, tenant)),
    run: (work) => workOn(deps, work),
  };
}

async function workOn(deps: ImportDeps, work: JobWork): Promise<void> {
  const { key: tenant, signal } = work;
  const endsAtMs = performance.now() + SLICE_MS;
  const isTimeOver = (): boolean => performance.now() >= endsAtMs;
  for (;;) {
    signal.throwIfAborted();
    const queue = await begin(deps, tenant);
    if (queue.running === null) return;
    const { id, number } = queue.running;
    const held = await HeldImport.take(deps.imports, { tenant, id, number }, randomUUID());
    let left = await changeAfter(deps, work, id, held, isTimeOver);
    left ??= await readQueue(deps.imports.records, tenant);
    if (isTimeOver() && hasWork(left)) {
      work.comeBack(0, priorityOf(left));
      return;
    }
  }
}

/** Works on one; resolves with the queue once it has left it, undefined where it is to go on. */
async function changeAfter(
  deps: ImportDeps,
  work: JobWork,
  id: string,
  held: HeldImport | undefined,
  isTimeOver: () => boolean,
): Promise<ImportQueue | undefined> {
  const { key: tenant, signal } = work;
  const { records } = deps.imports;
  if (held === undefined) {
    const bytes = await clearEnded(deps, tenant, id);
    return changeQueue(records, tenant, (queue) => freed(without(queue, id), bytes));
  }
  try {
    const end = await endOf(deps, held, signal, isTimeOver);
    if (end === 'later') return undefined;
    const bytes = end === 'done' ? await finish(deps, held) : 0;
    const left = await changeQueue(records, tenant, (queue) => {
      const { running } = queue;
      const rest = freed(without(queue, id), bytes);
      return end === 'ask' ? { ...rest, unconfirmed: running } : rest;
    });
    work.count(RESULTS[end]);
    return left;
  } finally {
    held.release();
  }
}

/** The first of those that wait is the one that runs, unless one does. The one that waits for its confirmation has lost. */
async function begin({ imports }: ImportDeps, tenant: string): Promise<ImportQueue> {
  const { records } = imports;
  return changeQueue(records, tenant, async (queue) => {
    const { running, waiting, unconfirmed } = queue;
    const [first] = waiting;
    if (running !== null || first === undefined) return undefined;
    const found = await imports.find(tenant, first.id);
    const writes = found !== undefined && !found.record.dryRun;
    if (unconfirmed !== null && writes) await supersede(imports, tenant, unconfirmed.id);
    return {
      ...queue,
      waiting: waiting.slice(1),
      running: first,
      unconfirmed: writes ? null : unconfirmed,
      begun: writes ? Math.max(queue.begun, first.number) : queue.begun,
    };
  });
}

async function supersede(imports: ImportStore, tenant: string, id: string): Promise<void> {
  const why = new OmniError('conflict', 'a later import began before this one was confirmed');
  const found = await imports.find(tenant, id);
  if (found === undefined) return;
  await imports.change(tenant, id, (record) =>
    hasEnded(record) ? undefined : ended(record, 'cancelled', why),
  );
}

/** Goes on with an import, and keeps how it ended. Rejects with what is to be tried again later. */
async function endOf(
  deps: ImportDeps,
  held: HeldImport,
  signal: AbortSignal,
  isTimeOver: () => boolean,
): Promise<ImportEnd> {
  const both = AbortSignal.any([signal, held.ending]);
  try {
    const end = await steps(deps, held, both, isTimeOver);
    if (end === 'ask') {
      await held.save((record) => ({ ...record, state: 'waiting_for_confirmation', worker: null }));
    } else if (end === 'cancelled') await held.save((record) => ended(record, 'cancelled'));
    return end;
  } catch (error) {
    // Another worker has it, or this one stops: nothing of it is said here.
    if (held.ending.aborted && !held.isCancelled) throw error;
    if (held.isCancelled) {
      await held.save((record) => ended(record, 'cancelled'));
      return 'cancelled';
    }
    if (signal.aborted) throw error;
    return failOrThrow(deps, held, error);
  }
}

/** What is to be tried again is thrown on; the last of several times is the end of it. */
async function failOrThrow(
  { importAttempts, logger }: ImportDeps,
  held: HeldImport,
  thrown: unknown,
): Promise<ImportEnd> {
  const error = toOmniError(thrown);
  const attempts = held.record.attempts + 1;
  if (!FINAL.has(error.code) && attempts < importAttempts) {
    await held.save((record) => ({ ...record, attempts, worker: null }));
    throw thrown;
  }
  logger.warn({ err: thrown, tenant: held.tenant, id: held.id }, 'an import failed');
  await held.save((record) => ({ ...ended(record, 'failed', error), attempts }));
  return 'failed';
}

async function steps(
  deps: ImportDeps,
  held: HeldImport,
  signal: AbortSignal,
  isTimeOver: () => boolean,
): Promise<StepEnd | 'ask'> {
  if (held.record.spooled === null) await fetchFeed(deps, held, signal);
  const { workedMs } = held.record.progress;
  if (workedMs > deps.importTimeoutMs) {
    const message = `the import was worked on for ${workedMs} ms (IMPORT_TIMEOUT_MS)`;
    throw new OmniError('conflict', message);
  }
  const written = await new RowWriter(deps, held, signal).run(isTimeOver);
  if (written !== 'done' || !held.record.prune) return written;
  return pruneCatalogue(deps, held, signal);
}

function freed(queue: ImportQueue, bytes: number): ImportQueue {
  return { ...queue, spooledBytes: Math.max(0, queue.spooledBytes - bytes) };
}

/** Of one whose worker died after it had ended, and before it left the queue. */
async function clearEnded({ imports }: ImportDeps, tenant: string, id: string): Promise<number> {
  const found = await imports.find(tenant, id);
  if (found?.record.state !== 'done') return 0;
  await imports.empty(tenant, id, ['rows', 'seen']);
  return found.record.spooled?.bytes ?? 0;
}

/** Its rows are not needed again; what was rejected stays to be looked at. Resolves with how many bytes that gives back. */
async function finish({ imports }: ImportDeps, held: HeldImport): Promise<number> {
  const { tenant, id, record } = held;
  if (!hasEnded(record)) await held.save((before) => ended(before, 'done'));
  const parts: readonly SpoolPart[] = record.progress.seenChunks > 0 ? ['rows', 'seen'] : ['rows'];
  await imports.empty(tenant, id, parts);
  return record.spooled?.bytes ?? 0;
}
