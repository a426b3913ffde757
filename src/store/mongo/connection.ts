import { MongoClient, type ClientSession } from 'mongodb';
import { Deadline } from '../../core/deadline.js';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';
import { collectionsOf, type Collections } from './collections.js';
import { storeError } from '../errors.js';
import { askFeatures, type ServerFeatures } from './features.js';
import {
  clientOptions,
  databaseOf,
  landingMsOf,
  resolveOptions,
  type MongoStoreOptions,
  type ResolvedOptions,
} from './options.js';
import { PoolWatch } from './pool-watch.js';
import { ReplicaReads } from './replica-reads.js';
import { ServerWatch } from './server-watch.js';

/** A client of one store, and how its answers are waited for. */
export class Connection {
  readonly collections: Collections;
  /** Undefined: joins read from the primary. */
  readonly replicas: ReplicaReads | undefined;
  readonly pool: PoolWatch;
  readonly servers: ServerWatch;
  readonly maxPoolSize: number;
  readonly timeoutMs: number;
  readonly leaseMs: number;
  readonly landingMs: number;
  private known: ServerFeatures | undefined;
  private closed = false;

  private constructor(
    private readonly client: MongoClient,
    options: ResolvedOptions,
  ) {
    const { url, maxStalenessMs } = options;
    this.collections = collectionsOf(client.db(databaseOf(url)));
    this.pool = new PoolWatch(client);
    this.servers = new ServerWatch(client);
    this.maxPoolSize = options.maxPoolSize;
    this.replicas =
      maxStalenessMs === undefined ? undefined : new ReplicaReads(this.servers, maxStalenessMs);
    this.timeoutMs = options.timeoutMs;
    this.leaseMs = options.leaseMs;
    this.landingMs = landingMsOf(options);
  }

  /** Rejects `unavailable` when no server answers. */
  static async open(given: MongoStoreOptions): Promise<Connection> {
    const options = resolveOptions(given);
    let connection: Connection | undefined;
    try {
      connection = new Connection(clientOf(options), options);
      await connection.client.connect();
      return connection;
    } catch (error) {
      await connection?.close();
      throw storeError(error, 'the store cannot be reached');
    }
  }

  /** What the server can do; asked until it has answered once. */
  async features(): Promise<ServerFeatures> {
    this.known ??= await askFeatures(this.client, this.collections);
    return this.known;
  }

  /** `action` with a session of its own. */
  withSession<T>(action: (session: ClientSession) => Promise<T>): Promise<T> {
    return this.client.withSession(action);
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
      throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS, cause: error });
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.client.close();
  }
}

/** Throws `unavailable` that no waiting helps, where the URL is none. */
function clientOf(options: ResolvedOptions): MongoClient {
  try {
    return new MongoClient(options.url, clientOptions(options));
  } catch (cause) {
    throw new OmniError('unavailable', 'the URL of the store cannot be used', { cause });
  }
}
