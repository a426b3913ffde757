import { MongoClient, type ClientSession, type MongoClientOptions } from 'mongodb';
import { Deadline } from '../../core/deadline.js';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';
import { collectionsOf, type Collections } from './collections.js';
import { storeError } from '../errors.js';
import type { StoreConnections } from '../store-connections.js';
import { askFeatures, type ServerFeatures } from './features.js';
import {
  clientOptions,
  databaseOf,
  landingMsOf,
  resolveOptions,
  type MongoStoreOptions,
  type ResolvedOptions,
} from './options.js';
import { ConnectionGate } from './connection-gate.js';
import { ConnectionShare, firstShareOf, SHARE_TIMES } from './connection-share.js';
import { gated } from './gated-collections.js';
import { hearServers } from './hear-servers.js';
import { ASK_EVERY_MS, LagWatch } from './lag-watch.js';
import { probe } from './meta.js';
import { PoolWatch } from './pool-watch.js';
import { readTagsOf, type ReadTags } from './read-tags.js';
import { ReplicaLag } from './replica-lag.js';
import { ReplicaReads } from './replica-reads.js';

/** A client of one store, and how its answers are waited for. */
export class Connection {
  readonly collections: Collections;
  readonly replicas: ReplicaReads;
  /** As seldom as a client asks servers by itself: every ten seconds. */
  private readonly lag = new ReplicaLag();
  private readonly pool: PoolWatch;
  private readonly maxPoolSize: number;
  /** Undefined: connections are this process's own. */
  private readonly gate: ConnectionGate | undefined;
  private readonly share: ConnectionShare | undefined;
  readonly timeoutMs: number;
  readonly leaseMs: number;
  readonly landingMs: number;
  private known: ServerFeatures | undefined;
  private closed = false;

  private constructor(
    private readonly client: MongoClient,
    options: ResolvedOptions,
  ) {
    const { url } = options;
    this.timeoutMs = options.timeoutMs;
    this.maxPoolSize = options.maxPoolSize;
    const own = collectionsOf(client.db(databaseOf(url)));
    const { connections, shareTimes = SHARE_TIMES } = options;
    if (connections === undefined) this.collections = own;
    else {
      const gate = new ConnectionGate(firstShareOf(connections, this.maxPoolSize), this.timeoutMs);
      this.gate = gate;
      this.collections = gated(own, (_name, command) => gate.run(command));
      const given = [connections, this.maxPoolSize, shareTimes] as const;
      this.share = new ConnectionShare(own.clients, gate, ...given);
    }
    this.pool = new PoolWatch(client);
    hearServers(client, this.lag);
    const tags = readTagsOf(url);
    this.replicas = new ReplicaReads((beatMs) => lagWatchOf(options, own, beatMs, tags), tags);
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
      connection.share?.start();
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
    const run = () => this.client.withSession(action);
    return this.gate === undefined ? run() : this.gate.run(run);
  }

  /** What of the pool is used, waited for, and allowed. */
  get connections(): StoreConnections {
    const { idle, inUse, waiting } = this.pool.connections;
    const { waiting: before = 0, limit = this.maxPoolSize } = this.gate ?? {};
    return { idle, inUse, waiting: waiting + before, limit };
  }

  /** How far the secondary that is furthest behind is behind, by whoever measures most often; undefined: nobody knows. */
  get lagSeconds(): number | undefined {
    const measured = this.replicas.lags;
    const lags = measured.length > 0 ? measured : this.lag.lags;
    if (lags.length === 0) return undefined;
    return Math.max(...lags.map(({ lagMs }) => lagMs)) / 1_000;
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
    await this.replicas.close();
    await this.share?.close();
    await this.client.close();
  }
}

/** Throws `unavailable` that no waiting helps, where the URL is none. */
function clientOf(options: ResolvedOptions, more: MongoClientOptions = {}): MongoClient {
  try {
    return new MongoClient(options.url, { ...clientOptions(options), ...more });
  } catch (cause) {
    throw new OmniError('unavailable', 'the URL of the store cannot be used', { cause });
  }
}

/** It has a client of its own: how often servers are asked is fixed once one is made, and is every ten seconds elsewhere. */
function lagWatchOf(
  options: ResolvedOptions,
  own: Collections,
  beatMs: number,
  tags: ReadTags,
): LagWatch {
  const often = { heartbeatFrequencyMS: ASK_EVERY_MS, serverMonitoringMode: 'poll' } as const;
  const pool = { minPoolSize: 0, maxPoolSize: 1 };
  return new LagWatch(
    () => clientOf(options, { ...often, ...pool }),
    () => probe(own),
    beatMs,
    tags,
  );
}
