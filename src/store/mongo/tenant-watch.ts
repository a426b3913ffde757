import { setTimeout as sleep } from 'node:timers/promises';
import { MongoServerError, type ChangeStream } from 'mongodb';
import type { StoreWatch } from '../store.js';
import type { TenantRecord } from './collections.js';
import type { Connection } from './connection.js';

const PAUSE_MS = 5_000;

/**
 * A change stream of the tenants' records: one event when a batch of writes begins and one when it
 * has ended, and no product crosses the wire. It only nudges; a follower reads the feed from its own
 * position, so an event that is missed costs a poll interval and nothing else. A server without change
 * streams is asked once.
 */
export class TenantWatch implements StoreWatch {
  private readonly stop = new AbortController();
  private stream: ChangeStream<TenantRecord> | undefined;
  /** An event has come: the server has change streams. */
  private worked = false;
  /** Resolves once it watches no more: it was closed, or the server has no change streams. */
  readonly ended: Promise<void>;

  constructor(
    private readonly connection: Pick<Connection, 'features' | 'collections'>,
    private readonly onChange: (tenant: string) => void,
  ) {
    this.ended = this.run();
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.stream?.close();
    await this.ended;
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        if (!(await this.connection.features()).changeStreams) return;
        // A close meanwhile found no stream: one that began now would stay for ever.
        this.stop.signal.throwIfAborted();
        await this.follow();
      } catch (error) {
        if (!this.worked && isRefusal(error)) return;
        // The driver resumes by itself what can be resumed; the rest begins anew.
        await sleep(PAUSE_MS, undefined, { signal: this.stop.signal }).catch(() => undefined);
      }
    }
  }

  private async follow(): Promise<void> {
    const pipeline = [
      { $match: { operationType: { $in: ['insert', 'update', 'replace'] } } },
      { $project: { documentKey: 1, operationType: 1 } },
    ];
    const stream = this.connection.collections.tenants.watch<TenantRecord>(pipeline);
    this.stream = stream;
    try {
      for await (const event of stream) {
        this.worked = true;
        if ('documentKey' in event) this.onChange(event.documentKey._id);
      }
    } finally {
      await stream.close();
    }
  }
}

/** The server's own answer, and not of one that is about to stop or to lose its place. */
function isRefusal(error: unknown): boolean {
  return error instanceof MongoServerError && error.errorLabels.length === 0;
}
