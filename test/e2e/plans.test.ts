import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NO_REDIS, RedisServer } from '../redis/redis-server.js';
import { Cluster } from './cluster.js';

const LIMIT_MS = 60_000;
const MOST = 500;
const JSON_TYPE = { 'content-type': 'application/json', 'x-omnisearch-tenant': 'shop' };

let redis: RedisServer | undefined;
let cluster: Cluster;
beforeAll(async () => {
  if (NO_REDIS === undefined) redis = await RedisServer.start();
  const env = redis === undefined ? {} : { OMNISEARCH_REDIS_URL: redis.url };
  const args = ['--model', 'none', '--dimensions', '4', '--query-nodes', '2'];
  cluster = await Cluster.start({ args, env, shards: 1 });
}, LIMIT_MS);
afterAll(async () => {
  await cluster.stop();
  cluster.remove();
  await redis?.stop();
});

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return fetch(cluster.url + path, { method, headers: JSON_TYPE, ...sent });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + LIMIT_MS;
  while (Date.now() < endMs) {
    if (await holds()) return;
    await sleep(100);
  }
  throw new Error(`it never came to be that ${what}`);
}

const metricsSay = async (line: string): Promise<boolean> =>
  (await (await ask('GET', '/metrics')).text()).includes(`\n${line}\n`);

interface Report {
  accepted: number;
  rejected: { code: string; field: string }[];
}

async function write(writer: number): Promise<Report[]> {
  const reports: Report[] = [];
  for (let batch = 0; batch < 5; batch++) {
    const rows = Array.from({ length: 10 }, (_, i) => {
      const id = `w${writer}-${batch}-${i}`;
      return { id, title: id, category: 'Mice', vector: [1, writer, batch, i + 1] };
    });
    for (;;) {
      const reply = await ask('POST', '/products', rows);
      const report = (await reply.json()) as Report;
      reports.push(report);
      // What was not taken is told by 503 and sent again; so is what was, which changes nothing.
      if (reply.status !== 503) break;
      reports.pop();
      await sleep(50);
    }
  }
  return reports;
}

test(
  'twenty writers race to the last product of a plan over two nodes: exactly so many, each refusal named',
  async () => {
    await ask('PUT', '/plans/small', { max_products: MOST, searches_per_s: 100_000 });
    expect((await ask('PUT', '/tenants/shop', { plan: 'small' })).status).toBe(201);
    const reports = (await Promise.all(Array.from({ length: 20 }, (_, w) => write(w)))).flat();
    const rejected = reports.flatMap((report) => report.rejected);
    expect(rejected).toHaveLength(1_000 - MOST);
    for (const { code, field } of rejected) {
      expect([code, field]).toEqual(['quota_exceeded', 'max_products']);
    }
    const shop = (await (await ask('GET', '/tenants/shop')).json()) as { usage: object };
    expect(shop.usage).toMatchObject({ products: MOST });
  },
  LIMIT_MS,
);

test.skipIf(NO_REDIS !== undefined)(
  `while Redis hangs searches go on, and a metric says so${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`,
  async () => {
    const search = () =>
      ask('POST', '/search/vector', { vector: [1, 2, 3, 4], timeout_ms: 20_000 });
    await until('Redis is used', async () => metricsSay('redis_up 1'));
    redis?.signal('SIGSTOP');
    for (let i = 0; i < 40; i++) expect((await search()).status).toBe(200);
    await until('it is told', async () => {
      expect((await search()).status).toBe(200);
      return metricsSay('redis_up 0');
    });
    redis?.signal('SIGCONT');
    await until('it is used again', async () => {
      expect((await search()).status).toBe(200);
      return metricsSay('redis_up 1');
    });
  },
  LIMIT_MS,
);

test(
  'a tenant that is dropped is gone at once, and its name is free once all is removed',
  async () => {
    expect((await ask('PUT', '/tenants/shop', { state: 'suspended' })).status).toBe(200);
    await until('every node knows', async () => {
      const replies = await Promise.all(
        Array.from({ length: 10 }, () => ask('GET', '/products/w0-0-0')),
      );
      return replies.every(({ status }) => status === 403);
    });
    expect((await ask('DELETE', '/tenants/shop')).status).toBe(202);
    await until('all is removed', async () => (await ask('GET', '/tenants/shop')).status === 404);
    expect((await ask('PUT', '/tenants/shop', {})).status).toBe(201);
    const shop = (await (await ask('GET', '/tenants/shop')).json()) as { usage: object };
    expect(shop.usage).toMatchObject({ products: 0, categories: 0, bytes: 0 });
  },
  LIMIT_MS,
);
