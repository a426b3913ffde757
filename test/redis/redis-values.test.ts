import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import { RedisConnection } from '../../src/redis/redis.js';
import { RedisValues, type RedisValuesOptions } from '../../src/redis/redis-values.js';
import { NO_REDIS, RedisServer } from './redis-server.js';

/** However busy this machine is, it answers by then. */
const PATIENT_MS = 10_000;
const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 15_000;
  while (!(await check())) {
    if (performance.now() > giveUpAt) throw new Error('it never came to be');
    await sleep(20);
  }
}

async function start(): Promise<RedisServer> {
  const server = await RedisServer.start();
  closing.push(() => server.stop());
  return server;
}

async function connect({ url }: RedisServer, operationMs?: number): Promise<RedisConnection> {
  const redis = new RedisConnection(url, createLogger('silent', 'test'), operationMs);
  closing.push(() => redis.close());
  await until(() => redis.status.isUp);
  return redis;
}

const of = (redis: RedisConnection, more: Partial<RedisValuesOptions> = {}) =>
  new RedisValues(redis, {
    ...{ use: 'tests', scope: 'one', ttlMs: 60_000, patienceMs: PATIENT_MS },
    ...more,
  });

describe.skipIf(NO_REDIS !== undefined)(
  `values that nodes share${NO_REDIS ? ` (${NO_REDIS})` : ''}`,
  () => {
    test('are what another node has put there, byte for byte, and of no other use or scope', async () => {
      const server = await start();
      const [here, there] = [await connect(server, PATIENT_MS), await connect(server, PATIENT_MS)];
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      expect(await of(there).get('key')).toBeUndefined();
      of(here).set('key', bytes);
      const reader = of(there);
      await until(async () => (await reader.get('key')) !== undefined);
      expect(await reader.get('key')).toEqual(bytes);
      expect(reader.status).toMatchObject({ use: 'tests', late: 0 });
      expect(await of(there, { scope: 'other' }).get('key')).toBeUndefined();
      expect(await of(there, { use: 'others' }).get('key')).toBeUndefined();
    });

    test('have an end, and none that is too large is put there', async () => {
      const redis = await connect(await start(), PATIENT_MS);
      const values = of(redis, { ttlMs: 60_000 });
      values.set('large', Buffer.alloc(1_000_000));
      values.set('small', Buffer.from('a'));
      await until(async () => (await values.get('small')) !== undefined);
      const keys = await redis.client.keys('*');
      expect(keys).toHaveLength(1);
      const leftMs = await redis.client.pttl(keys[0] ?? '');
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs).toBeLessThanOrEqual(60_000);
      const short = of(redis, { use: 'short', ttlMs: 1 });
      short.set('gone', Buffer.from('a'));
      await until(async () => (await short.get('gone')) === undefined);
    });

    test('are not waited for where Redis hangs or is gone, and there again when it is', async () => {
      const server = await start();
      const redis = await connect(server);
      const values = of(redis, { patienceMs: 4 });
      values.set('key', Buffer.from('a'));
      await until(async () => (await values.get('key')) !== undefined);
      const known = values.status;
      server.signal('SIGSTOP');
      for (let i = 0; i < 200; i++) {
        values.set(`more ${i}`, Buffer.from('a'));
        expect(await values.get('key')).toBeUndefined();
      }
      expect(redis.status.isUp).toBe(false);
      // None of them was answered: those that were tried were late, the others left alone.
      expect(values.status).toEqual({ ...known, late: known.late + 200 });
      server.signal('SIGCONT');
      await until(async () => (await values.get('key')) !== undefined);
      await server.kill();
      await until(() => !redis.status.isUp);
      expect(await values.get('key')).toBeUndefined();
      await server.restart();
      await until(async () => {
        values.set('key', Buffer.from('b'));
        return (await values.get('key')) !== undefined && redis.status.isUp;
      });
    });

    test('no more than a bound are asked for at a time', async () => {
      const server = await start();
      const redis = await connect(server, PATIENT_MS);
      const values = of(redis, { patienceMs: 50 });
      server.signal('SIGSTOP');
      const asked = await Promise.all(Array.from({ length: 2_000 }, () => values.get('key')));
      expect(asked.every((value) => value === undefined)).toBe(true);
      expect(values.status.late).toBe(2_000);
      server.signal('SIGCONT');
      await until(async () => (await values.get('key'), values.status.misses > 0));
    });
  },
);
