import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import type { JobKind } from '../../src/jobs/job.js';
import { BullQueue } from '../../src/jobs/job-queue.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { RedisConnection } from '../../src/redis/redis.js';
import { openIngest } from '../ingest/harness.js';
import { NO_REDIS, RedisServer, WatchedRedis } from '../redis/redis-server.js';
import { openImports } from './import-harness.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const logger = createLogger('silent', 'test');

/** Jobs that say when they are worked on. */
class Works {
  readonly records = new MemoryRecords();
  readonly begun: string[] = [];
  readonly done: string[] = [];
  readonly runners: JobRunner[] = [];
  readonly connections: RedisConnection[] = [];
  hold: Promise<void> = Promise.resolve();
  readonly kind: JobKind = {
    isOfCatalogues: true,
    run: async ({ key, signal }) => {
      this.begun.push(key);
      await this.hold;
      signal.throwIfAborted();
      this.done.push(key);
    },
  };

  constructor(private readonly url: string) {}

  open(ofCatalogues = 2): JobRunner {
    const connection = new RedisConnection(this.url, logger);
    this.connections.push(connection);
    const runner = new JobRunner({
      ...{ records: this.records, kinds: new Map([['import', this.kind]]), logger, ofCatalogues },
      queue: new BullQueue(connection, logger),
    });
    this.runners.push(runner);
    return runner;
  }

  async close(): Promise<void> {
    for (const runner of this.runners) await runner.close();
    for (const connection of this.connections) connection.close();
  }
}

describe.skipIf(NO_REDIS !== undefined)('jobs that BullMQ wakes', () => {
  let server: RedisServer;
  let works: Works;
  beforeEach(async () => {
    server = await RedisServer.start();
    works = new Works(server.url);
  });
  afterEach(async () => {
    await works.close();
    await server.stop();
  });

  const keys = (count: number, name = 'k'): string[] =>
    Array.from({ length: count }, (_, i) => `${name}${i}`);
  const isDone = (count: number) =>
    expect.poll(() => works.done.length, { timeout: 30_000 }).toBe(count);
  const left = async (): Promise<number> => (await works.records.list('job', undefined, 99)).length;

  test('each is done once, by any of several workers', async () => {
    const asker = works.open(0);
    for (const runner of [works.open(), works.open()]) runner.start();
    for (const key of keys(100)) await asker.request('import', key);
    await isDone(100);
    expect([...works.done].sort()).toEqual(keys(100).sort());
    await expect.poll(left).toBe(0);
    // What was done once can be asked for again.
    await asker.request('import', 'k0');
    await isDone(101);
  });

  test('small ones go before large ones', async () => {
    let letGo: () => void = () => undefined;
    works.hold = new Promise((resolve) => (letGo = resolve));
    const runner = works.open(1);
    runner.start();
    await runner.request('import', 'first');
    await expect.poll(() => works.begun, { timeout: 20_000 }).toEqual(['first']);
    await runner.request('import', 'large', 0, 1);
    await runner.request('import', 'small', 0, 0);
    letGo();
    await isDone(3);
    expect(works.done).toEqual(['first', 'small', 'large']);
  });

  test('a Redis that loses everything loses no job', async () => {
    const asker = works.open(0);
    asker.start();
    for (const key of keys(20)) await asker.request('import', key);
    const client = new Redis(server.url);
    await client.flushall();
    works.open().start();
    await isDone(20);
    client.disconnect();
  });

  test('without it, frozen or gone, jobs are found in the store', async () => {
    const runner = works.open();
    runner.start();
    for (const key of keys(5, 'up')) await runner.request('import', key);
    await isDone(5);
    server.signal('SIGSTOP');
    for (const key of keys(5, 'frozen')) await runner.request('import', key);
    await isDone(10);
    server.signal('SIGCONT');
    await server.kill();
    for (const key of keys(5, 'gone')) await runner.request('import', key);
    await isDone(15);
    await server.restart();
    for (const key of keys(5, 'back')) await runner.request('import', key);
    await isDone(20);
    expect(new Set(works.done).size).toBe(20);
  }, 60_000);
});

test.skipIf(NO_REDIS !== undefined)(
  'imports go on and none is lost when the primary that sentinels watch is killed, and they are woken by the next one',
  { timeout: 60_000 },
  async () => {
    const watched = await WatchedRedis.start();
    const node = await openIngest();
    const connection = new RedisConnection(watched.url, logger);
    const queue = new BullQueue(connection, logger);
    const imports = openImports(node, { queue });
    const { desk, runner } = imports;
    runner.start();
    const soon = { timeout: 30_000 };
    const ids: string[] = [];
    /** Ten products of its own an import. */
    const takeSome = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const rows = Array.from({ length: 10 }, (_, n) => {
          return { id: `${ids.length}-${n}`, title: `Chair ${n}`, category: 'Chairs' };
        });
        ids.push(await imports.take(rows));
      }
    };
    const states = async (): Promise<string[]> => {
      const all = await Promise.all(ids.map((id) => desk.get('default', id)));
      return all.map(({ state }) => state);
    };
    await expect.poll(() => queue.isUp, soon).toBe(true);
    await takeSome(5);
    await watched.primary.kill();
    await takeSome(5);
    await expect.poll(() => queue.isUp, soon).toBe(false);
    await expect.poll(() => queue.isUp, soon).toBe(true);
    await takeSome(5);
    await expect.poll(states, soon).toEqual(ids.map(() => 'done'));
    expect(await node.store.productCount()).toBe(150);
    // Nothing was written twice: each product has a version of its own.
    const { entries } = await node.store.readFeed('default', undefined, 1_000);
    expect(Math.max(...entries.map(({ version }) => version))).toBe(150);
    const next = new Redis(watched.replica.port);
    expect(await next.role()).toContain('master');
    expect((await next.client('LIST')) as string).toMatch(/cmd=bzpopmin/);
    next.disconnect();
    await runner.close();
    connection.close();
    await node.close();
    await watched.stop();
  },
);
