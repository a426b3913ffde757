import { stat } from 'node:fs/promises';
import type { FeedReject, FeedRow } from '../feed-reader/feed-item.js';
import { readFeed } from '../feed-reader/read-feed.js';
import { AcknowledgedPrefix } from './acknowledged-prefix.js';
import type { ApiClient } from './api-client.js';
import { BatchSender, type WriteCounts } from './batch-sender.js';
import type { IndexConfig } from './index-config.js';
import type { FeedBytes, IndexCounts } from './index-progress.js';
import type { RejectFile } from './reject-file.js';
import { ResumeState } from './resume-state.js';
import { RowBatch } from './row-batch.js';

/** The server lists at most so many rejected rows: in smaller requests none is lost. */
const MAX_BATCH_ROWS = 1_000;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

export interface FeedIndexerDeps {
  config: IndexConfig;
  client: ApiClient;
  /** Kept up to date on the way. */
  counts: IndexCounts;
  bytes: FeedBytes;
  rejects: RejectFile | undefined;
}

/** Reads feeds and sends their rows in batches, remembering how far each was acknowledged. */
export class FeedIndexer {
  private readonly batchRows: number;

  constructor(private readonly deps: FeedIndexerDeps) {
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
    const { config, client, counts } = this.deps;
    const state = await ResumeState.of(file, [
      config.url,
      config.tenant,
      JSON.stringify(config.map),
    ]);
    const skipTo = config.resume ? ((await state?.load()) ?? 0) : 0;
    const saver = new LatestSaver((line) => state?.save(line) ?? Promise.resolve());
    const acknowledged = new AcknowledgedPrefix();
    const done = new Map<RowBatch, () => number>();
    const sender = new BatchSender(client, config.concurrency, async (batch, reply) => {
      await this.count(file, batch, reply);
      await saver.save(done.get(batch)?.() ?? 0);
      done.delete(batch);
    });
    const send = async (batch: RowBatch): Promise<void> => {
      done.set(batch, acknowledged.begin(batch.lastLine));
      await sender.send(batch);
    };

    let batch = new RowBatch();
    const { format, map } = config;
    for await (const item of readFeed({ path: file, format, map, onBytes })) {
      if (item.line <= skipTo) continue;
      counts.rows += 1;
      if (!('text' in item)) {
        await this.reject(file, [item]);
        continue;
      }
      batch.add({ line: item.line, text: item.text, id: idOf(item) });
      if (batch.rows.length < this.batchRows && batch.bytes < MAX_BATCH_BYTES) continue;
      await send(batch);
      batch = new RowBatch();
    }
    if (batch.rows.length > 0) await send(batch);
    await sender.drain();
    await state?.clear();
  }

  private async count(file: string, batch: RowBatch, reply: WriteCounts): Promise<void> {
    const { counts } = this.deps;
    counts.accepted += reply.accepted;
    counts.unchanged += reply.unchanged;
    counts.stale += reply.stale;
    // The server counts lines of the request, the user those of the file.
    const rows = reply.rejected.map((row) => ({
      ...row,
      line: batch.rows[row.line - 1]?.line ?? row.line,
    }));
    await this.reject(file, rows);
  }

  private async reject(file: string, rows: readonly FeedReject[]): Promise<void> {
    this.deps.counts.rejected += rows.length;
    await this.deps.rejects?.add(file, rows);
  }
}

/** Saves one value at a time, and of those that came meanwhile only the last. */
class LatestSaver {
  private running: Promise<void> = Promise.resolve();
  private latest = 0;
  private saved = 0;
  private complained = false;

  constructor(private readonly write: (line: number) => Promise<void>) {}

  save(line: number): Promise<void> {
    this.latest = Math.max(this.latest, line);
    this.running = this.running.then(async () => {
      if (this.latest <= this.saved) return;
      this.saved = this.latest;
      await this.write(this.saved).catch((error: unknown) => this.complainOnce(error));
    });
    return this.running;
  }

  /** Without it the run goes on; only it could not be resumed. */
  private complainOnce(error: unknown): void {
    if (!this.complained) {
      process.stderr.write(`omnisearch: this run cannot be resumed: ${String(error)}\n`);
    }
    this.complained = true;
  }
}

async function totalBytes(files: readonly string[]): Promise<number | undefined> {
  if (files.includes('-')) return undefined;
  const stats = await Promise.all(files.map((file) => stat(file)));
  return stats.reduce((sum, { size }) => sum + size, 0);
}

/** The row's id, where it can be told: the server judges the rest. */
function idOf(row: FeedRow): string | undefined {
  try {
    const { id } = JSON.parse(row.text) as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
