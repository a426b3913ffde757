import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeStream } from 'mongodb';
import type { StoreWatch } from '../store.js';
import { PLACEMENT, type TenantRecord } from './collections.js';
import type { Connection } from './connection.js';

const PAUSE_MS = 5_000;

/**
 * A change stream of the tenants' records: one event when a batch of writes begins and one when it
 * has ended, and no product crosses the wire. It only nudges; a follower reads the feed from its own
 * position, so an event that is missed costs a poll interval and nothing else. Where the server has
 * no change streams it does nothing.
 */
export class TenantWatch implements StoreWatch {
  private readonly stop = new AbortController();
  private stream: ChangeStream<TenantRecord> | undefined;
  private readonly running: Promise<void>;

  constructor(
    private readonly connection: Pick<Connection, 'canWatch' | 'collections'>,
    private readonly onChange: (tenant: string) => void,
  ) {
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.stream?.close();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        if (!(await this.connection.canWatch())) return;
        // A close meanwhile found no stream: one that began now would stay for ever.
        this.stop.signal.throwIfAborted();
        await this.follow();
      } catch {
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
        if (!('documentKey' in event)) continue;
        const tenant = event.documentKey._id;
        if (tenant !== PLACEMENT) this.onChange(tenant);
      }
    } finally {
      await stream.close();
    }
  }
}
