import type { MongoClient } from 'mongodb';
import type { StoreConnections } from '../store-connections.js';

/** Counts a client's connections, over all servers, by what its pools tell of them (the driver's CMAP events). */
export class PoolWatch {
  private open = 0;
  private inUse = 0;
  private waiting = 0;

  constructor(client: MongoClient) {
    client.on('connectionCreated', () => (this.open += 1));
    client.on('connectionClosed', () => (this.open -= 1));
    client.on('connectionCheckOutStarted', () => (this.waiting += 1));
    client.on('connectionCheckOutFailed', () => (this.waiting -= 1));
    client.on('connectionCheckedOut', () => {
      this.waiting -= 1;
      this.inUse += 1;
    });
    client.on('connectionCheckedIn', () => (this.inUse -= 1));
  }

  /** Those that are being opened are counted as idle. */
  get connections(): Omit<StoreConnections, 'limit'> {
    const { open, inUse, waiting } = this;
    return { idle: Math.max(0, open - inUse), inUse, waiting };
  }
}
