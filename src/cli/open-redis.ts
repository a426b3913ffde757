import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import type { RedisConnection, RedisStatus } from '../redis/redis.js';
import { RedisValues, type RedisUse } from '../redis/redis-values.js';
import type { Opened } from './run-role.js';

/** What nodes share by Redis; nothing without `REDIS_URL`. */
export class OpenedRedis {
  private readonly used: RedisValues[] = [];

  constructor(
    readonly connection: RedisConnection | undefined,
    private readonly patienceMs: number,
  ) {}

  /** Values of one use; undefined where they are not to be shared. */
  values(use: string, ttlMs: number, scope = ''): RedisValues | undefined {
    if (this.connection === undefined || ttlMs === 0) return undefined;
    const { connection, patienceMs } = this;
    const values = new RedisValues(connection, { use, ttlMs, scope, patienceMs });
    this.used.push(values);
    return values;
  }

  status(): (RedisStatus & { uses: RedisUse[] }) | undefined {
    const { connection, used } = this;
    return connection && { ...connection.status, uses: used.map(({ status }) => status) };
  }
}

/** Connects in the background: nothing waits for Redis. Its client is loaded only where there is one. */
export async function openRedis(
  { redisUrl, redisTimeoutMs }: Pick<Config, 'redisUrl' | 'redisTimeoutMs'>,
  logger: Logger,
  opened: Opened,
): Promise<OpenedRedis> {
  if (redisUrl === undefined) return new OpenedRedis(undefined, redisTimeoutMs);
  const redis = await import('../redis/redis.js');
  const operationMs = Math.max(redis.OPERATION_MS, redisTimeoutMs);
  const connection = new redis.RedisConnection(redisUrl, logger, operationMs);
  opened.add(() => connection.close());
  return new OpenedRedis(connection, redisTimeoutMs);
}
