import type { MongoClient } from 'mongodb';
import { RepeatedWork } from '../../core/repeated-work.js';
import { hearServers } from './hear-servers.js';
import type { ReadTags } from './read-tags.js';
import { ReplicaLag } from './replica-lag.js';

/** The least that the driver takes. */
export const ASK_EVERY_MS = 500;

/**
 * Measures how far secondaries are behind: a client that reads nothing has the driver ask each server twice a second
 * where it is. While nobody writes, `beat` does, so that a secondary which has just missed one write is not taken for one
 * that has missed all since the write before.
 */
export class LagWatch {
  readonly lag = new ReplicaLag();
  private client: MongoClient | undefined;
  private readonly ticking: RepeatedWork;

  constructor(
    private readonly open: () => MongoClient,
    private readonly beat: () => Promise<void>,
    private readonly beatMs: number,
    private readonly tags: ReadTags,
  ) {
    // A store that is away: nothing is known of secondaries, and reads go to the primary.
    this.ticking = new RepeatedWork(() => this.tick().catch(() => undefined), beatMs);
  }

  start(): void {
    this.ticking.start();
  }

  async close(): Promise<void> {
    await this.ticking.close();
    await this.client?.close();
  }

  private async tick(): Promise<void> {
    this.client ??= await this.connected();
    if (this.lag.isStill(this.beatMs, performance.now())) await this.beat();
  }

  private async connected(): Promise<MongoClient> {
    const client = this.open();
    hearServers(client, this.lag, this.tags);
    try {
      return await client.connect();
    } catch (error) {
      await client.close();
      throw error;
    }
  }
}
