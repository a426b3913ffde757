import type { RejectedRow } from '../../catalogue-files/catalogue-item.js';
import { ApiError, errorMessage, type ApiClient } from '../../client/api-client.js';

/** The counts of `POST /products`. */
export interface WriteCounts {
  accepted: number;
  unchanged: number;
  stale: number;
  rejected_count: number;
  rejected: RejectedRow[];
}

const NDJSON = 'application/x-ndjson';
/** One request of a longer wait: neither client nor server holds one for as long as it likes. */
const WAIT_SLICE_MS = 60_000;
const REPLY_GRACE_MS = 30_000;

/**
 * Sends batches, a bounded number at once. Batches that share an id are never in flight together:
 * the file's order decides which of equal ids wins.
 */
export class BatchSender {
  private readonly inFlight = new Map<RowBatch, Promise<void>>();
  private failure: Error | undefined;

  constructor(
    private readonly client: ApiClient,
    private readonly concurrency: number,
    private readonly onReply: (batch: RowBatch, counts: WriteCounts) => Promise<void>,
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

  private async exchange(batch: RowBatch): Promise<void> {
    const reply = await this.client.postPatiently({
      path: 'products',
      contentType: NDJSON,
      body: batch.body(),
    });
    const counts = reply.body as WriteCounts | undefined;
    const allRejected = reply.status === 400 && counts?.rejected_count === batch.rows.length;
    if (counts === undefined || (reply.status !== 200 && !allRejected)) {
      throw new ApiError(errorMessage(reply));
    }
    await this.onReply(batch, counts);
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

/**
 * Waits until all that was acknowledged is searchable; resolves with the shards that lag. The wait
 * hangs on a write that changes nothing: the deletion of a product that is not there.
 */
export async function waitUntilSearchable(
  client: ApiClient,
  timeoutMs: number,
): Promise<readonly string[]> {
  const body = JSON.stringify({ op: 'delete', id: `omnisearch-index-wait-${process.pid}` });
  for (let leftMs = timeoutMs; ; leftMs -= WAIT_SLICE_MS) {
    const waitMs = Math.min(leftMs, WAIT_SLICE_MS);
    const path = `products?wait=searchable&wait_timeout_ms=${waitMs}`;
    const timed = { path, contentType: NDJSON, body, timeoutMs: waitMs + REPLY_GRACE_MS };
    const reply = await client.postPatiently(timed);
    if (reply.status !== 200) throw new ApiError(errorMessage(reply));
    const { searchable, lagging } = reply.body as { searchable: boolean; lagging?: string[] };
    if (searchable) return [];
    if (leftMs <= WAIT_SLICE_MS) return lagging ?? ['unknown'];
  }
}

/** A row that can be sent: one line of NDJSON. */
export interface SendableRow {
  line: number;
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

  get lastLine(): number {
    return this.rows.at(-1)?.line ?? 0;
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
