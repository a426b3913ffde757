import { MongoClient } from 'mongodb';
import { Deadline } from '../../core/deadline.js';
import { OmniError } from '../../core/errors.js';
import { collectionsOf, type Collections } from './collections.js';
import { storeError } from './errors.js';
import {
  clientOptions,
  databaseOf,
  landingMsOf,
  resolveOptions,
  type MongoStoreOptions,
  type ResolvedOptions,
} from './options.js';
import { ReplicaReads } from './replica-reads.js';
import type { SequenceTimes } from './sequence.js';

/** A client of one store, and how its answers are waited for. */
export class Connection {
  readonly collections: Collections;
  /** Undefined: joins read from the primary. */
  readonly replicas: ReplicaReads | undefined;
  readonly timeoutMs: number;
  readonly times: SequenceTimes;
  private closed = false;

  private constructor(
    private readonly client: MongoClient,
    options: ResolvedOptions,
  ) {
    const { url, maxStalenessMs } = options;
    this.collections = collectionsOf(client.db(databaseOf(url)));
    this.replicas =
      maxStalenessMs === undefined ? undefined : new ReplicaReads(client, maxStalenessMs);
    this.timeoutMs = options.timeoutMs;
    this.times = { leaseMs: options.leaseMs, landingMs: landingMsOf(options) };
  }

  /** Rejects `unavailable` when no server answers. */
  static async open(given: MongoStoreOptions): Promise<Connection> {
    const options = resolveOptions(given);
    let connection: Connection | undefined;
    try {
      const client = new MongoClient(options.url, clientOptions(options));
      connection = new Connection(client, options);
      await client.connect();
      return connection;
    } catch (error) {
      await connection?.close();
      throw storeError(error, 'the store cannot be reached');
    }
  }

  /** Whether the server has change streams, as replica sets and sharded clusters do. */
  async canWatch(): Promise<boolean> {
    const { setName, msg } = (await this.client.db().command({ hello: 1 })) as {
      setName?: string;
      msg?: string;
    };
    return setName !== undefined || msg === 'isdbgrid';
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
