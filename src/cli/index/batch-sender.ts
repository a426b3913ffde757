import type { OmniSearch } from '../../client/omnisearch.js';
import type { WriteReply } from '../../client/wire.js';

/** One request of a longer wait: neither client nor server holds one for as long as it likes. */
const WAIT_SLICE_MS = 60_000;
const REPLY_GRACE_MS = 30_000;

/** Has a batch judged row by row: by the server, or in a dry run by the same rules without one. */
export type Exchange = (batch: RowBatch) => Promise<WriteReply>;

/**
 * Sends batches, a bounded number at once. Batches that share an id are never in flight together:
 * the file's order decides which of equal ids wins.
 */
export class BatchSender {
  private readonly inFlight = new Map<RowBatch, Promise<void>>();
  private failure: Error | undefined;

  constructor(
    private readonly exchange: Exchange,
    private readonly concurrency: number,
    private readonly onReply: (batch: RowBatch, counts: WriteReply) => Promise<void>,
  ) {}

  /** Resolves once the batch is under way; rejects when an earlier one could not be sent. */
  async send(batch: RowBatch): Promise<void> {
    for (;;) {
      this.throwFailure();
      const blocking = this.blocking(batch);
      if (blocking.length === 0) break;
      await Promise.race(blocking);
    }
    const work = this.exchange(batch)
      .then((counts) => this.onReply(batch, counts))
      .catch((error: unknown) => {
        this.failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => this.inFlight.delete(batch));
    this.inFlight.set(batch, work);
  }

  /** Resolves when nothing is in flight; rejects when a batch could not be sent. */
  async drain(): Promise<void> {
    await Promise.all(this.inFlight.values());
    this.throwFailure();
  }

  private blocking(batch: RowBatch): Promise<void>[] {
    const sharing = [...this.inFlight].filter(([other]) => batch.sharesIdWith(other));
    if (sharing.length > 0) return sharing.map(([, work]) => work);
    return this.inFlight.size < this.concurrency ? [] : [...this.inFlight.values()];
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

/** Sends batches to a server. */
export function sendingTo(client: OmniSearch): Exchange {
  return (batch) => client.products.upsertRows(batch.body());
}

/**
 * Waits until all that was acknowledged is searchable; resolves with the shards that lag. The wait
 * hangs on a write that changes nothing: the deletion of a product that is not there.
 */
export async function waitUntilSearchable(
  client: OmniSearch,
  timeoutMs: number,
): Promise<readonly string[]> {
  const body = JSON.stringify({ op: 'delete', id: `omnisearch-index-wait-${process.pid}` });
  for (let leftMs = timeoutMs; ; leftMs -= WAIT_SLICE_MS) {
    const waitMs = Math.min(leftMs, WAIT_SLICE_MS);
    const { searchable, lagging } = await client.products.upsertRows(body, {
      waitSearchableMs: waitMs,
      attemptTimeoutMs: waitMs + REPLY_GRACE_MS,
    });
    if (searchable === true) return [];
    if (leftMs <= WAIT_SLICE_MS) return lagging ?? ['unknown'];
  }
}

/** A row that can be sent: one line of NDJSON. */
export interface SendableRow {
  line: number;
  /** Its place among the rows of its file, from 1: rows may share a line. */
  position: number;
  id: string | undefined;
  text: string;
}

/** Rows of one request. */
export class RowBatch {
  readonly rows: SendableRow[] = [];
  readonly ids = new Set<string>();
  bytes = 0;

  add(row: SendableRow): void {
    this.rows.push(row);
    if (row.id !== undefined) this.ids.add(row.id);
    this.bytes += row.text.length;
  }

  get lastPosition(): number {
    return this.rows.at(-1)?.position ?? 0;
  }

  body(): string {
    return this.rows.map((row) => row.text).join('\n');
  }

  sharesIdWith(other: RowBatch): boolean {
    const [few, many] = this.ids.size < other.ids.size ? [this, other] : [other, this];
    for (const id of few.ids) if (many.ids.has(id)) return true;
    return false;
  }
}
