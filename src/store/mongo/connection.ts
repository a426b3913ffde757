import { MongoClient } from 'mongodb';
import { Deadline } from '../../core/deadline.js';
import { OmniError } from '../../core/errors.js';
import { collectionsOf, type Collections } from './collections.js';
import { storeError } from './errors.js';
import { clientOptions, databaseOf, resolveOptions, type MongoStoreOptions } from './options.js';

/** A client of one store, and how its answers are waited for. */
export class Connection {
  private closed = false;

  private constructor(
    private readonly client: MongoClient,
    readonly collections: Collections,
    readonly timeoutMs: number,
    readonly leaseMs: number,
  ) {}

  /** Rejects `unavailable` when no server answers, `internal` never. */
  static async open(given: MongoStoreOptions): Promise<Connection> {
    const options = resolveOptions(given);
    const client = new MongoClient(options.url, clientOptions(options));
    try {
      await client.connect();
    } catch (error) {
      await client.close();
      throw storeError(error, 'the store cannot be reached');
    }
    const collections = collectionsOf(client.db(databaseOf(options.url)));
    return new Connection(client, collections, options.timeoutMs, options.leaseMs);
  }

  /** `action`'s result, or `unavailable` when it fails or takes longer than `limitMs`. */
  async run<T>(action: () => Promise<T>, what: string, limitMs = this.timeoutMs): Promise<T> {
    if (this.closed) throw new OmniError('unavailable', 'the store is closed');
    try {
      return await Deadline.after(limitMs).race(action(), what);
    } catch (error) {
      const late = error instanceof OmniError && error.code === 'deadline_exceeded';
      if (!late) throw storeError(error, `the store failed during ${what}`);
      const message = `the store did not answer ${what} within ${limitMs} ms`;
      throw new OmniError('unavailable', message, { retryAfterMs: 1000, cause: error });
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.client.close();
  }
}
