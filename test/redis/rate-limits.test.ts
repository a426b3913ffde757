import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import { RedisConnection } from '../../src/redis/redis.js';
import { RateLimits, type RateLimit } from '../../src/tenancy/rate-limits.js';
import { freePort, NO_REDIS, RedisServer, WatchedRedis } from './redis-server.js';

const logger = createLogger('silent', 'test');
const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** However busy this machine is, it answers by then. */
const PATIENT_MS = 10_000;

const limit = (more: Partial<RateLimit> = {}): RateLimit => ({
  ...{ by: 'tenant', id: 'shop', most: 10, seconds: 60, burst: 0 },
  ...more,
});

/** How many of `asked` searches were let in, each by itself, over the nodes in turn. */
async function served(nodes: readonly RateLimits[], asked: number, one = limit()): Promise<number> {
  const taken = await Promise.all(
    Array.from({ length: asked }, (_, i) => nodeOf(nodes, i).take([[one, 1]])),
  );
  return taken.filter((each) => each?.isRefused === false).length;
}

function nodeOf(nodes: readonly RateLimits[], i: number): RateLimits {
  return nodes[i % nodes.length] as RateLimits;
}

async function connect({ url }: { url: string }, operationMs?: number): Promise<RedisConnection> {
  const redis = new RedisConnection(url, logger, operationMs);
  closing.push(() => redis.close());
  await until(() => redis.status.isUp);
  return redis;
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 15_000;
  while (!(await check())) {
    if (performance.now() > giveUpAt) throw new Error('it never came to be');
    await sleep(20);
  }
}

describe('on one node', () => {
  test('as many as a limit has are served, each name by itself', async () => {
    const own = new RateLimits(undefined);
    expect(await served([own], 30)).toBe(10);
    expect(await served([own], 30, limit({ id: 'other' }))).toBe(10);
    expect(await served([own], 30, limit({ by: 'key' }))).toBe(10);
    expect(await served([own], 30, limit({ id: 'b', burst: 5 }))).toBe(15);
    expect(await own.take([])).toBeUndefined();
  });

  test('the nearest of several limits is told, and a refusal before any other', async () => {
    const own = new RateLimits(undefined);
    const [wide, narrow] = [limit({ most: 100 }), limit({ by: 'key', most: 2 })];
    const take = (points = 1) => own.take([wide, narrow].map((one) => [one, points] as const));
    expect(await take()).toMatchObject({ limit: narrow, remaining: 1, isRefused: false });
    expect(await take()).toMatchObject({ limit: narrow, remaining: 0, isRefused: false });
    expect(await take()).toMatchObject({ limit: narrow, isRefused: true });
    // What it refused took nothing of what lies behind it.
    const [left, none] = [limit({ id: 'c', most: 2 }), limit({ id: 'd', most: 1 })];
    for (let i = 0; i < 5; i++) await own.take([none, left].map((one) => [one, 1] as const));
    expect(await own.take([[left, 1]])).toMatchObject({ remaining: 0, isRefused: false });
  });

  test('each search of a batch counts, and more than come at once are none', async () => {
    const own = new RateLimits(undefined);
    const refused = { remaining: 0, resetMs: 60_000, isRefused: true };
    expect(await own.take([[limit(), 11]])).toMatchObject(refused);
    expect(await own.take([[limit({ burst: 12 }), 13]])).toMatchObject(refused);
    // It used up nothing.
    expect(await own.take([[limit(), 10]])).toMatchObject({ remaining: 0, isRefused: false });
    expect(await own.take([[limit(), 1]])).toMatchObject({ isRefused: true });
    expect(await own.take([[limit({ burst: 12 }), 12]])).toMatchObject({ isRefused: false });
  });

  test('the next window begins anew', async () => {
    const own = new RateLimits(undefined);
    const second = limit({ seconds: 1 });
    expect(await served([own], 30, second)).toBe(10);
    await until(async () => (await served([own], 1, second)) === 1);
  });
});

describe.skipIf(NO_REDIS !== undefined)(
  `over several nodes${NO_REDIS ? ` (${NO_REDIS})` : ''}`,
  () => {
    test('they count together', async () => {
      const server = await RedisServer.start();
      closing.push(() => server.stop());
      const nodes = [
        new RateLimits(await connect(server, PATIENT_MS)),
        new RateLimits(await connect(server, PATIENT_MS)),
      ];
      expect(await served(nodes, 30)).toBe(10);
      expect(await served(nodes, 30, limit({ id: 'b', burst: 5 }))).toBe(15);
    });

    test('a count that Redis refuses is made here, and all others there', async () => {
      const server = await RedisServer.start();
      closing.push(() => server.stop());
      const redis = await connect(server, PATIENT_MS);
      const nodes = [new RateLimits(redis), new RateLimits(await connect(server, PATIENT_MS))];
      await redis.client.rpush('omnisearch:limit:tenant:10:60:0:odd', 'no number');
      expect(await served(nodes.slice(0, 1), 20, limit({ id: 'odd' }))).toBe(10);
      expect(redis.status).toMatchObject({ isUp: true });
      expect(redis.status.errors).toBeGreaterThanOrEqual(20);
      expect(await served(nodes, 30)).toBe(10);
    });

    test('a Redis that hangs, dies and comes back stops nobody, and its state says so', async () => {
      const server = await RedisServer.start();
      closing.push(() => server.stop());
      const redis = await connect(server);
      const nodes = [new RateLimits(redis)];
      expect(await served(nodes, 12)).toBe(10);
      server.signal('SIGSTOP');
      // Each node has a count of its own meanwhile.
      const hanging = limit({ id: 'hanging' });
      for (let i = 0; i < 8; i++) expect(await served(nodes, 1, hanging)).toBe(1);
      expect(redis.status.isUp).toBe(false);
      expect(redis.status.errors).toBeGreaterThanOrEqual(5);
      const before = redis.status.errors;
      // Left alone, it is not even asked.
      const left = limit({ id: 'left', most: 1_000 });
      expect(await served(nodes, 500, left)).toBe(500);
      expect(redis.status.errors).toBeGreaterThanOrEqual(before + 500);
      server.signal('SIGCONT');
      await until(
        async () =>
          (await served(nodes, 1, limit({ id: 'x', most: 1e6 }))) === 1 && redis.status.isUp,
      );
      await server.kill();
      await until(() => !redis.status.isUp);
      expect(await served(nodes, 12, limit({ id: 'dead' }))).toBe(10);
      await server.restart();
      await until(
        async () =>
          (await served(nodes, 1, limit({ id: 'x', most: 1e6 }))) === 1 && redis.status.isUp,
      );
    });

    test('sentinels tell of another primary when the first has died', async () => {
      const watched = await WatchedRedis.start();
      closing.push(() => watched.stop());
      const { url, primary, replica } = watched;
      const redis = await connect({ url }, PATIENT_MS);
      const nodes = [new RateLimits(redis)];
      const endless = limit({ id: 'endless', most: 1e6 });
      expect(await served(nodes, 10, endless)).toBe(10);
      await primary.kill();
      await until(async () => {
        // Every search is served meanwhile.
        expect(await served(nodes, 1, endless)).toBe(1);
        return redis.status.isUp && (await isPrimary(replica));
      });
      const { errors } = redis.status;
      expect(await served(nodes, 10, endless)).toBe(10);
      expect(redis.status.errors).toBe(errors);
    });

    test('a cluster is found by any of its nodes, and keeps each count where it belongs', async () => {
      const servers: RedisServer[] = [];
      for (let i = 0; i < 3; i++) {
        const bus = String(await freePort());
        const args = ['--cluster-enabled', 'yes', '--cluster-port', bus];
        servers.push(await RedisServer.start(args));
        closing.push(() => servers[i]?.stop());
      }
      const places = servers.map(({ port }) => `127.0.0.1:${port}`);
      execFileSync('redis-cli', ['--cluster', 'create', ...places, '--cluster-yes']);
      const url = `redis+cluster://${places[0] ?? ''}`;
      const one = new RateLimits(await connect({ url }, PATIENT_MS));
      const other = new RateLimits(await connect({ url }, PATIENT_MS));
      for (let i = 0; i < 20; i++) {
        expect(await served([one, other], 12, limit({ id: `tenant-${i}` }))).toBe(10);
      }
      const sizes = servers.map(({ port }) =>
        Number(execFileSync('redis-cli', ['-p', String(port), 'dbsize']).toString()),
      );
      expect(sizes.every((size) => size > 0)).toBe(true);
      expect(sizes.reduce((a, b) => a + b)).toBe(20);
    });
  },
);

async function isPrimary(server: RedisServer): Promise<boolean> {
  const ask = new Redis(server.port);
  try {
    return (await ask.role())[0] === 'master';
  } finally {
    ask.disconnect();
  }
}
