import type { MongoClient } from 'mongodb';
import { RepeatedWork } from '../../core/repeated-work.js';
import { ReplicaLag } from './replica-lag.js';

/** The least that the driver takes. */
export const ASK_EVERY_MS = 500;

/** The part of a server's answer to `hello` that is read here. */
interface HelloReply {
  secondary?: boolean;
  isWritablePrimary?: boolean;
  lastWrite?: { lastWriteDate?: Date; majorityWriteDate?: Date };
}

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
    client.on('serverHeartbeatSucceeded', ({ connectionId: server, reply }) => {
      const { secondary, isWritablePrimary, lastWrite } = reply as HelloReply;
      // Reads see what a majority has.
      const written = lastWrite?.majorityWriteDate ?? lastWrite?.lastWriteDate;
      const isMember = secondary === true || isWritablePrimary === true;
      if (written === undefined || !isMember) this.lag.lost(server);
      else {
        const state = { isSecondary: secondary === true, writtenMs: written.getTime() };
        this.lag.heard(server, { ...state, atMs: performance.now() });
      }
    });
    client.on('serverHeartbeatFailed', ({ connectionId }) => this.lag.lost(connectionId));
    client.on('serverClosed', ({ address }) => this.lag.lost(address));
    try {
      return await client.connect();
    } catch (error) {
      await client.close();
      throw error;
    }
  }
}
