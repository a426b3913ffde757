import { stat } from 'node:fs/promises';
import type {
  CatalogueItem,
  CatalogueRow,
  RejectedRow,
} from '../../catalogue-files/catalogue-item.js';
import { readCatalogue, type CatalogueOptions } from '../../catalogue-files/read-catalogue.js';
import type { ColumnReport } from '../../catalogue-files/column-report.js';
import type { WriteReply } from '../../client/wire.js';
import type { Config } from '../../config/settings.js';
import { OmniError } from '../../core/errors.js';
import { BatchSender, RowBatch, type Exchange } from './batch-sender.js';
import type { FileBytes, IndexCounts } from './index-progress.js';
import type { RejectedRows } from './rejected-rows.js';
import { AcknowledgedPrefix, LatestSaver, ResumeState } from './resume-state.js';

/** What `index` is told. */
export type IndexConfig = Pick<
  Config,
  | ('url' | 'tenant' | 'apiKey' | 'format' | 'locale' | 'map' | 'dryRun' | 'rejects')
  | ('resume' | 'wait' | 'waitTimeoutMs' | 'batchRows' | 'concurrency')
>;

/** The server lists at most so many rejected rows: in smaller requests none is lost. */
const MAX_BATCH_ROWS = 1_000;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** So many rows without one that was taken: the file is not a catalogue, or the map is wrong. */
const HOPELESS_ROWS = 10_000;

export interface CatalogueIndexerDeps {
  config: IndexConfig;
  exchange: Exchange;
  /** Kept up to date on the way. */
  counts: IndexCounts;
  bytes: FileBytes;
  rejects: RejectedRows;
  /** Told what a file's columns were taken for. */
  onColumns: (file: string, report: ColumnReport) => void;
}

/** Reads catalogue files and sends their rows in batches, remembering how far each was acknowledged. */
export class CatalogueIndexer {
  private readonly batchRows: number;

  constructor(private readonly deps: CatalogueIndexerDeps) {
    this.batchRows = Math.min(deps.config.batchRows, MAX_BATCH_ROWS);
  }

  /** One file after the other. Rejects when the server or a file is beyond help. */
  async index(files: readonly string[]): Promise<void> {
    const { bytes } = this.deps;
    bytes.total = await totalBytes(files);
    let before = 0;
    for (const file of files) {
      await this.indexFile(file, (read) => (bytes.read = before + read));
      before = bytes.read;
    }
  }

  private async indexFile(file: string, onBytes: (read: number) => void): Promise<void> {
    const { config, exchange, counts } = this.deps;
    const { url, tenant, format, locale, map } = config;
    const target = [url, tenant ?? 'default', format, locale, JSON.stringify(map)];
    const state = config.dryRun ? undefined : await ResumeState.of(file, target);
    const skipTo = config.resume ? ((await state?.load()) ?? 0) : 0;
    const saver = new LatestSaver((rows) => state?.save(rows) ?? Promise.resolve());
    const acknowledged = new AcknowledgedPrefix();
    const done = new Map<RowBatch, () => number>();
    const sender = new BatchSender(exchange, config.concurrency, async (batch, reply) => {
      await this.count(file, batch, reply);
      await saver.save(done.get(batch)?.() ?? 0);
      done.delete(batch);
    });
    const send = async (batch: RowBatch): Promise<void> => {
      done.set(batch, acknowledged.begin(batch.lastPosition));
      await sender.send(batch);
    };

    let batch = new RowBatch();
    let position = 0;
    const onUnmapped = (ours: string, theirs: string): void => {
      process.stderr.write(`omnisearch: ${file}: no row has ${theirs} (--map ${ours}=${theirs})\n`);
    };
    const onColumns = (report: ColumnReport): void => this.deps.onColumns(file, report);
    const reading = { path: file, format, locale, map, onBytes, onColumns, onUnmapped };
    for await (const item of rowsOf(reading)) {
      position += 1;
      if (position <= skipTo) continue;
      counts.rows += 1;
      if (counts.accepted === 0 && counts.rejected >= HOPELESS_ROWS) {
        const why = `${file}: stopped, the first ${counts.rejected} rows were all rejected`;
        throw new OmniError('invalid_field', why);
      }
      if (!('text' in item)) {
        await this.reject(file, [item]);
        continue;
      }
      batch.add({ line: item.line, position, text: item.text, id: idOf(item) });
      if (batch.rows.length < this.batchRows && batch.bytes < MAX_BATCH_BYTES) continue;
      await send(batch);
      batch = new RowBatch();
    }
    if (batch.rows.length > 0) await send(batch);
    await sender.drain();
    await state?.clear();
  }

  private async count(file: string, batch: RowBatch, reply: WriteReply): Promise<void> {
    const { counts } = this.deps;
    counts.accepted += reply.accepted;
    counts.unchanged += reply.unchanged;
    counts.stale += reply.stale;
    // The server counts lines of the request, the user those of the file.
    const rows = (reply.rejected as readonly RejectedRow[]).map((row) => ({
      ...row,
      line: batch.rows[row.line - 1]?.line ?? row.line,
    }));
    await this.reject(file, rows);
  }

  private async reject(file: string, rows: readonly RejectedRow[]): Promise<void> {
    this.deps.counts.rejected += rows.length;
    await this.deps.rejects.add(file, rows);
  }
}

/** The rows of a file; what is wrong with all of it is said with its name. */
async function* rowsOf(options: CatalogueOptions): AsyncGenerator<CatalogueItem> {
  try {
    yield* readCatalogue(options);
  } catch (error) {
    if (!(error instanceof OmniError) || error.message.startsWith(options.path)) throw error;
    throw new OmniError(error.code, `${options.path}: ${error.message}`, { cause: error });
  }
}

/** Undefined where the size of one is not known before it was read: standard input, a pipe. */
async function totalBytes(files: readonly string[]): Promise<number | undefined> {
  if (files.includes('-')) return undefined;
  const stats = await Promise.all(files.map((file) => stat(file)));
  if (stats.some((one) => !one.isFile())) return undefined;
  return stats.reduce((sum, { size }) => sum + size, 0);
}

/** The row's id, where it can be told: the server judges the rest. */
function idOf(row: CatalogueRow): string | undefined {
  try {
    const { id } = JSON.parse(row.text) as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
