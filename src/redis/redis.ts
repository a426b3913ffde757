import { Cluster, Redis, ReplyError } from 'ioredis';
import { Deadline } from '../core/deadline.js';
import type { Logger } from '../core/logger.js';
import { parseRedisUrl } from './redis-url.js';

/** What one operation may take: whoever waits has something else to fall back on. */
export const OPERATION_MS = 20;
/** A command that is not answered by then is forgotten, whoever gave it up before. */
const COMMAND_MS = 1_000;
const CONNECT_MS = 2_000;
const MAX_RECONNECT_PAUSE_MS = 1_000;
/** After so many failures one after the other it is left alone for a while. */
const FAILURES = 5;
const PAUSE_MS = 1_000;
/** So often it is asked whether it is there, so that its state is known where nobody needs it. */
const PROBE_MS = 1_000;
const LOG_PAUSE_MS = 60_000;

export type RedisClient = Redis | Cluster;

/** How the connection is, for the status pages. */
export interface RedisStatus {
  isUp: boolean;
  /** Operations that failed or were not tried, since the start. */
  errors: number;
}

/**
 * A connection to what nodes share. Nothing may depend on it: each operation has a short deadline, and after some failures
 * none is tried for a second, so that a server that hangs costs its callers nothing.
 *
 *   closed ──5 failures──> open ──1 s──> one operation is tried ──it works──> closed
 */
export class RedisConnection {
  readonly client: RedisClient;
  private failures = 0;
  private openUntilMs = -Infinity;
  private errorCount = 0;
  private loggedAtMs = -Infinity;
  private readonly probing: NodeJS.Timeout;

  /** Connects in the background. Throws for what is no address of Redis. */
  constructor(
    private readonly url: string,
    private readonly logger: Logger,
    private readonly operationMs = OPERATION_MS,
  ) {
    const commandTimeout = Math.max(COMMAND_MS, operationMs);
    this.client = connectRedis(url, { commandTimeout, maxRetriesPerRequest: 0 });
    this.client.on('error', (error: Error) => this.log(error));
    this.probing = setInterval(() => {
      this.run(() => this.client.ping()).catch(() => undefined);
    }, PROBE_MS).unref();
  }

  get status(): RedisStatus {
    return {
      isUp: this.client.status === 'ready' && this.failures < FAILURES,
      errors: this.errorCount,
    };
  }

  /**
   * What `action` says of it. Rejects with an `Error` where Redis does not answer within `limitMs`, is left alone, or refuses
   * the command, for which it is not left alone: others' commands are good. Whatever else `action` rejects with is an answer.
   */
  async run<T>(action: () => Promise<T>, limitMs = this.operationMs): Promise<T> {
    if (this.isLeftAlone()) {
      this.errorCount += 1;
      throw new Error('Redis is left alone: it did not answer');
    }
    try {
      const answer = await Deadline.after(limitMs).race(action(), 'asking Redis');
      this.failures = 0;
      return answer;
    } catch (error) {
      if (error instanceof Error && !isReply(error)) this.failed();
      else this.failures = 0;
      if (error instanceof Error) this.noted(error);
      throw error;
    }
  }

  /**
   * Another connection, for whoever waits for something that comes some day, and for a server that is away: what others
   * ask meanwhile would stand behind that, and their commands have an end. Its owner disconnects it.
   */
  patientClient(): RedisClient {
    const client = connectRedis(this.url, { maxRetriesPerRequest: null, enableOfflineQueue: true });
    client.on('error', (error: Error) => this.log(error));
    return client;
  }

  close(): void {
    clearInterval(this.probing);
    this.client.disconnect();
  }

  /** Once the pause is over, one operation goes ahead of all others. */
  private isLeftAlone(): boolean {
    if (this.failures < FAILURES) return false;
    if (performance.now() < this.openUntilMs) return true;
    this.openUntilMs = performance.now() + PAUSE_MS;
    return false;
  }

  private failed(): void {
    this.failures += 1;
    if (this.failures >= FAILURES) this.openUntilMs = performance.now() + PAUSE_MS;
  }

  private noted(error: Error): void {
    this.errorCount += 1;
    this.log(error);
  }

  private log(err: Error): void {
    if (performance.now() - this.loggedAtMs < LOG_PAUSE_MS) return;
    this.loggedAtMs = performance.now();
    this.logger.warn({ err }, 'Redis does not answer: each node does without it meanwhile');
  }
}

/** An error that Redis answered with: it is there. */
function isReply(error: Error): boolean {
  return error instanceof ReplyError;
}

interface Patience {
  /** For one command; absent: without an end. */
  commandTimeout?: number;
  maxRetriesPerRequest: number | null;
  /** Commands wait until there is a connection. */
  enableOfflineQueue?: boolean;
}

/** A client that connects in the background, and again. Throws for what is no address of Redis. */
function connectRedis(url: string, patience: Patience): RedisClient {
  const place = parseRedisUrl(url);
  if (place === undefined) throw new Error('not an address of Redis');
  const { enableOfflineQueue = false, ...limits } = patience;
  const shared = { ...limits, connectTimeout: CONNECT_MS };
  // Who has to wait for a connection has waited too long, but for those who say otherwise.
  const options = { ...shared, enableOfflineQueue, retryStrategy: pauseOf };
  if (place.kind === 'single') return new Redis(place.url, options);
  const { hosts, name, username, password, tls } = place;
  const credentials = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
  };
  if (place.kind === 'sentinel') {
    const sentinels = { sentinels: [...hosts], name, sentinelRetryStrategy: pauseOf };
    return new Redis({ ...options, ...credentials, ...sentinels });
  }
  return new Cluster([...hosts], {
    clusterRetryStrategy: pauseOf,
    enableOfflineQueue,
    redisOptions: { ...shared, ...credentials },
  });
}

function pauseOf(times: number): number {
  return Math.min(times * 50, MAX_RECONNECT_PAUSE_MS);
}
