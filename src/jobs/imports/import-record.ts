import type { OmniError } from '../../core/errors.js';
import { type ErrorCode } from '../../core/errors.js';
import type { JsonObject } from '../../core/product.js';
import type { ImportSight } from '../../store/store.js';

type ImportState =
  'queued' | 'running' | 'waiting_for_confirmation' | 'done' | 'failed' | 'cancelled';

/** What becomes of a row whose product is there, or is not. */
export type ImportAction = 'upsert' | 'create' | 'update';

/** Where a feed is fetched from, once it is the import's turn. */
export interface ImportSource {
  url: string;
  /** Our field = the feed's. */
  map: Record<string, string>;
}

export interface ImportCounts {
  rows: number;
  accepted: number;
  unchanged: number;
  stale: number;
  rejected: number;
  /** Rejected rows of which nobody can tell which product they are about. */
  nameless: number;
  /** Only where nothing is written. */
  added: number;
  changed: number;
  deleted: number;
}

/** How far an import is: where another worker goes on. */
export interface ImportProgress {
  /** The next chunk of rows. */
  chunk: number;
  /** Chunks of rejected rows, and of ids that were seen. */
  rejectedChunks: number;
  seenChunks: number;
  counts: ImportCounts;
  /** How long it has been worked on, all workers together. */
  workedMs: number;
}

/** An import as it is stored: the truth of its state, whoever works on it. */
export interface ImportRecord {
  state: ImportState;
  /** Its place among the tenant's imports; 0 until its turn is known. */
  number: number;
  /** The tenant's state that it sees, in hex. */
  asOf: string;
  action: ImportAction;
  prune: boolean;
  dryRun: boolean;
  /** Null: its rows came with the request. */
  source: ImportSource | null;
  /** Rows and chunks in the spool; null as long as its source was not read. */
  spooled: { rows: number; chunks: number; bytes: number } | null;
  by: string | null;
  progress: ImportProgress;
  /** As shown: with what came after the last progress that was kept. */
  counts: ImportCounts;
  /** What a prune found; null: it has not looked yet. */
  toPrune: number | null;
  /** It found more than it may delete by itself. */
  mustConfirm: boolean;
  pruned: number;
  isConfirmed: boolean;
  isCancelling: boolean;
  /** Who works on it. */
  worker: string | null;
  attempts: number;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  error: { code: ErrorCode; message: string; field?: string } | null;
}

const NO_COUNTS: ImportCounts = {
  ...{ rows: 0, accepted: 0, unchanged: 0, stale: 0, rejected: 0, nameless: 0 },
  ...{ added: 0, changed: 0, deleted: 0 },
};

/** What is asked for with an import. */
export interface ImportOptions {
  action: ImportAction;
  prune: boolean;
  dryRun: boolean;
}

export function newImport(
  { action, prune, dryRun }: ImportOptions,
  from: Pick<ImportRecord, 'asOf' | 'source' | 'spooled' | 'by'>,
): ImportRecord {
  return {
    ...{ state: 'queued', number: 0, action, prune, dryRun, ...from },
    progress: { chunk: 0, rejectedChunks: 0, seenChunks: 0, counts: NO_COUNTS, workedMs: 0 },
    ...{
      counts: NO_COUNTS,
      toPrune: null,
      mustConfirm: false,
      pruned: 0,
      isConfirmed: false,
      isCancelling: false,
    },
    ...{ worker: null, attempts: 0, createdAt: new Date().toISOString() },
    ...{ startedAt: null, endedAt: null, error: null },
  };
}

const ENDED: ReadonlySet<ImportState> = new Set(['done', 'failed', 'cancelled']);

export function hasEnded({ state }: Pick<ImportRecord, 'state'>): boolean {
  return ENDED.has(state);
}

/** The record once the import has ended so. */
export function ended(
  record: ImportRecord,
  state: 'done' | 'failed' | 'cancelled',
  error?: OmniError,
): ImportRecord {
  const why = error === undefined ? null : errorOf(error);
  const endedAt = new Date().toISOString();
  return { ...record, state, error: why, endedAt, worker: null, isCancelling: false };
}

function errorOf({ code, message, field }: OmniError): ImportRecord['error'] {
  return { code, message, ...(field === undefined ? {} : { field }) };
}

export function sightOf({ number, asOf }: Pick<ImportRecord, 'number' | 'asOf'>): ImportSight {
  return { number, asOf: Buffer.from(asOf, 'hex') };
}

export function toJson(record: ImportRecord): JsonObject {
  return record as unknown as JsonObject;
}

export function toImport(value: JsonObject): ImportRecord {
  return value as unknown as ImportRecord;
}
