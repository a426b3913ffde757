import { isObject } from '../../core/json.js';
import { OmniError, toOmniError } from '../../core/errors.js';
import type { RejectedRow } from '../../catalogue-files/catalogue-item.js';
import type { IncomingRow } from '../../ingest/incoming-row.js';
import type { Ingest } from '../../ingest/ingest.js';
import { parseJson } from '../../ingest/parse-json.js';
import { idOfRow } from '../../ingest/validate-product.js';
import type { WriteReport } from '../../ingest/write-report.js';
import type { Foresight } from '../../ingest/foresee-batch.js';
import { PatientSlices } from '../../core/slices.js';
import type { HeldImport } from './held-import.js';
import {
  ended,
  sightOf,
  type ImportCounts,
  type ImportProgress,
  type ImportRecord,
} from './import-record.js';
import { spoolOf, type ImportStore } from './import-store.js';
import { spoolSeen } from './seen-ids.js';
import { readRows } from './spool-rows.js';

/** How long work may be lost by a death, about; less where there is much to keep. */
const SAVE_MS = 500;
const SAVE_IDS = 50_000;
const SAVE_CHARACTERS = 512 * 1024;

export interface RowDeps {
  imports: ImportStore;
  ingest: Pick<Ingest, 'import' | 'foresee' | 'prune'>;
}

/** What came of a step: all rows, as many as there was time for, or as many as there were until it was cancelled. */
export type StepEnd = 'done' | 'later' | 'cancelled';

/** Writes the rows of an import from where it is, keeping how far it is as it goes. Rejects with what may be tried again. */
export class RowWriter {
  private progress: ImportProgress;
  private ids: string[] = [];
  private rejects: string[] = [];
  private rejectedCharacters = 0;
  private savedAtMs = performance.now();

  constructor(
    private readonly deps: RowDeps,
    private readonly held: HeldImport,
    /** Aborted when the node stops, or the import is to end. */
    private readonly signal: AbortSignal,
  ) {
    this.progress = held.record.progress;
  }

  /** @param isTimeOver asked after each chunk: whether others are to have their turn */
  async run(isTimeOver: () => boolean): Promise<StepEnd> {
    const { record } = this.held;
    const chunks = record.spooled?.chunks ?? 0;
    while (this.progress.chunk < chunks) {
      if (this.signal.aborted) return this.endEarly(undefined);
      const { items, ids } = await this.readChunk(this.progress.chunk);
      const report = await this.write(items.rows);
      const counts = added(this.progress.counts, report, items);
      if (report.failure !== undefined) return this.endEarly(counts, report.failure);
      this.ids.push(...ids);
      for (const row of items.rejected) this.reject(row);
      for (const row of report.rejected) this.reject(row);
      this.progress = { ...this.progress, chunk: this.progress.chunk + 1, counts };
      const isLast = this.progress.chunk === chunks;
      // What ends with its rows is kept together with its end.
      if ((!isLast || record.prune) && (isLast || this.isSaveDue() || isTimeOver()))
        await this.save();
      if (!isLast && isTimeOver()) return 'later';
    }
    if (!record.prune) await this.save((after) => ended(after, 'done'));
    return 'done';
  }

  /** What a chunk has: rows to write, rows that are none, and the ids of both. */
  private async readChunk(chunk: number) {
    const { tenant, id, record } = this.held;
    const bytes = await this.deps.imports.spool.get(spoolOf(tenant, id, 'rows'), chunk);
    if (bytes === undefined) {
      throw new OmniError('internal', `chunk ${chunk} of the rows of import ${id} is gone`);
    }
    const only = { isNew: record.action === 'create', isKnown: record.action === 'update' };
    const items: ChunkItems = { rows: [], rejected: [], nameless: 0 };
    const ids: string[] = [];
    const slices = new PatientSlices(this.signal);
    for (const read of readRows(bytes)) {
      if (slices.isOver) await slices.next();
      let rowId: string | undefined;
      if ('json' in read) {
        const row = parsed(read, only);
        items.rows.push(row);
        rowId = 'value' in row && isObject(row.value) ? idOfRow(row.value) : undefined;
      } else {
        items.rejected.push(read);
        rowId = read.id;
      }
      if (rowId === undefined) items.nameless += 1;
      else ids.push(rowId);
    }
    return { items, ids };
  }

  private write(rows: readonly IncomingRow[]): Promise<WriteReport | Foresight> {
    const { tenant, record } = this.held;
    const target = { tenant, imported: sightOf(record), signal: this.signal };
    return record.dryRun
      ? this.deps.ingest.foresee(target, rows)
      : this.deps.ingest.import(target, rows);
  }

  private reject(row: WriteReport['rejected'][number] | RejectedRow): void {
    const text = `${JSON.stringify(row)}\n`;
    this.rejects.push(text);
    this.rejectedCharacters += text.length;
  }

  private isSaveDue(): boolean {
    return (
      performance.now() - this.savedAtMs >= SAVE_MS ||
      this.ids.length >= SAVE_IDS ||
      this.rejectedCharacters >= SAVE_CHARACTERS
    );
  }

  /** What belongs to the rows first: where that is lost, they are gone through again. */
  private async save(
    next: (record: ImportRecord) => ImportRecord = (record) => record,
  ): Promise<void> {
    const { tenant, id } = this.held;
    const { spool } = this.deps.imports;
    const { prune } = this.held.record;
    let { seenChunks, rejectedChunks } = this.progress;
    if (prune && this.ids.length > 0) {
      await spoolSeen(spool, spoolOf(tenant, id, 'seen'), seenChunks++, this.ids);
    }
    if (this.rejects.length > 0) {
      const bytes = Buffer.from(this.rejects.join(''));
      await spool.put(spoolOf(tenant, id, 'rejected'), rejectedChunks++, bytes);
    }
    const workedMs = this.progress.workedMs + this.elapsedMs();
    const progress = { ...this.progress, seenChunks, rejectedChunks, workedMs };
    await this.held.save((record) => next({ ...record, progress, counts: progress.counts }));
    this.progress = progress;
    this.savedAtMs = performance.now();
    [this.ids, this.rejects, this.rejectedCharacters] = [[], [], 0];
  }

  private elapsedMs(): number {
    return Math.round(performance.now() - this.savedAtMs);
  }

  /** Rows of the chunk that is at work may be stored: they are told, and gone through again where it goes on. */
  private async endEarly(counts: ImportCounts | undefined, failure?: OmniError): Promise<StepEnd> {
    if (!this.signal.aborted && failure !== undefined) throw failure;
    if (!this.held.isCancelled) throw toOmniError(this.signal.reason);
    await this.save();
    await this.held.save((record) => ({ ...record, counts: counts ?? record.counts }));
    return 'cancelled';
  }
}

interface ChunkItems {
  rows: IncomingRow[];
  rejected: RejectedRow[];
  nameless: number;
}

function parsed(
  { line, json }: { line: number; json: Buffer },
  only: { isNew: boolean; isKnown: boolean },
): IncomingRow {
  const bytes = json.length;
  try {
    return { line, bytes, value: parseJson(json), ...only };
  } catch (error) {
    return { line, bytes, error: toOmniError(error) };
  }
}

function added(
  counts: ImportCounts,
  report: WriteReport & Partial<Pick<Foresight, 'added' | 'changed' | 'deleted'>>,
  { rejected, nameless }: ChunkItems,
): ImportCounts {
  const own = report.rejectedCount + rejected.length;
  return {
    rows: counts.rows + report.accepted + own,
    accepted: counts.accepted + report.accepted,
    unchanged: counts.unchanged + report.unchanged,
    stale: counts.stale + report.stale,
    rejected: counts.rejected + own,
    nameless: counts.nameless + nameless,
    added: counts.added + (report.added ?? 0),
    changed: counts.changed + (report.changed ?? 0),
    deleted: counts.deleted + (report.deleted ?? 0),
  };
}
