import type { FeedReject } from '../feed-reader/feed-item.js';
import { ApiError, errorMessage, type ApiClient } from './api-client.js';
import type { RowBatch } from './row-batch.js';

/** The counts of `POST /products`. */
export interface WriteCounts {
  accepted: number;
  unchanged: number;
  stale: number;
  rejected_count: number;
  rejected: FeedReject[];
}

const NDJSON = 'application/x-ndjson';
const REPLY_GRACE_MS = 30_000;

/**
 * Sends batches, a bounded number at once. Batches that share an id are never in flight together:
 * the feed's order decides which of equal ids wins.
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
    const reply = await this.client.postPatiently('products', NDJSON, batch.body());
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
  const row = JSON.stringify({ op: 'delete', id: `omnisearch-index-wait-${process.pid}` });
  const path = `products?wait=searchable&wait_timeout_ms=${timeoutMs}`;
  const reply = await client.postPatiently(path, NDJSON, row, timeoutMs + REPLY_GRACE_MS);
  if (reply.status !== 200) throw new ApiError(errorMessage(reply));
  const { searchable, lagging } = reply.body as { searchable: boolean; lagging?: string[] };
  return searchable ? [] : (lagging ?? ['unknown']);
}
