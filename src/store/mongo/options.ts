import type { MongoClientOptions } from 'mongodb';
import type { ShareTimes } from './connection-share.js';

export interface MongoStoreOptions {
  /** `mongodb://…` or `mongodb+srv://…`; its path names the database, `omnisearch` without one. */
  url: string;
  minPoolSize?: number;
  maxPoolSize?: number;
  /**
   * Connections that the server allows all processes together: each takes its share, up to `maxPoolSize`. Undefined: each
   * takes `maxPoolSize`.
   */
  connections?: number | undefined;
  /** How long a connection may be idle before it is closed, as far as more than the least are open. */
  maxIdleMs?: number;
  /** How long an operation may take at the server or on its way. */
  timeoutMs?: number;
  /** How long a server to talk to is looked for. */
  serverSelectionTimeoutMs?: number;
  /** How long after taking sequence numbers a writer may still write with them. */
  leaseMs?: number;
  /** For tests. */
  shareTimes?: ShareTimes;
  /** Tried in order, as far as the server knows them. */
  compressors?: readonly ('none' | 'snappy' | 'zlib' | 'zstd')[];
}

type Absent = 'connections' | 'shareTimes';

export type ResolvedOptions = Required<Omit<MongoStoreOptions, Absent>> &
  Pick<MongoStoreOptions, Absent>;

const DEFAULTS: Omit<ResolvedOptions, 'url'> = {
  minPoolSize: 5,
  maxPoolSize: 50,
  maxIdleMs: 300_000,
  timeoutMs: 10_000,
  serverSelectionTimeoutMs: 5_000,
  leaseMs: 5_000,
  compressors: [],
};

/** A share that became smaller is given back within so long. */
const SHARED_IDLE_MS = 15_000;
const DEFAULT_DATABASE = 'omnisearch';

export function resolveOptions(options: MongoStoreOptions): ResolvedOptions {
  return { ...DEFAULTS, ...options };
}

export function databaseOf(url: string): string {
  const name = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(url)?.[1];
  return name === undefined ? DEFAULT_DATABASE : decodeURIComponent(name);
}

/**
 * How long after it was issued a write may still land, unless the network keeps it for longer: the
 * driver makes a second attempt by itself, once the first one failed and a server is found.
 */
export function landingMsOf({ timeoutMs, serverSelectionTimeoutMs }: ResolvedOptions): number {
  return timeoutMs + serverSelectionTimeoutMs + timeoutMs;
}

/** What is acknowledged or read has reached a majority, so that no failover takes it back. */
export function clientOptions(options: ResolvedOptions): MongoClientOptions {
  const { maxIdleMs } = options;
  const isShared = options.connections !== undefined;
  return {
    appName: 'omnisearch',
    minPoolSize: isShared ? 0 : options.minPoolSize,
    maxPoolSize: options.maxPoolSize,
    maxIdleTimeMS: isShared ? Math.min(maxIdleMs || SHARED_IDLE_MS, SHARED_IDLE_MS) : maxIdleMs,
    waitQueueTimeoutMS: options.timeoutMs,
    connectTimeoutMS: options.timeoutMs,
    socketTimeoutMS: options.timeoutMs,
    serverSelectionTimeoutMS: options.serverSelectionTimeoutMs,
    compressors: [...options.compressors],
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
    // Those of the URL are of joins alone; see `readTagsOf`.
    readPreferenceTags: [],
  };
}
