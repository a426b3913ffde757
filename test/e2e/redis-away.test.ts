import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { NO_REDIS, RedisServer } from '../redis/redis-server.js';
import { Cluster } from './cluster.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const NOUNS = ['mouse', 'lamp', 'printer', 'keyboard', 'cable', 'screen'];

function products(): object[] {
  return Array.from({ length: 60 }, (_, n) => {
    return { id: `p${n}`, title: `${NOUNS[n % 6] ?? ''} ${n}`, category: `c${n % 3}`, price: n };
  });
}

/** Shoppers who search until they are told to stop, each text now and then for the first time. */
class Shoppers {
  answered = 0;
  readonly failed: string[] = [];
  private stopped = false;
  private readonly walks: Promise<void>[];

  constructor(private readonly at: Cluster) {
    this.walks = Array.from({ length: 4 }, (_, n) => this.walk(n));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.walks);
  }

  private async walk(n: number): Promise<void> {
    for (let i = 0; !this.stopped; i++) {
      const query = i % 3 === 0 ? `${NOUNS[i % 6] ?? ''} ${n} ${i}` : (NOUNS[i % 6] ?? '');
      const { status, json } = await this.at.post('/search/text', { query, top_k: 5 });
      if (status === 200 && json['partial'] !== true) this.answered += 1;
      else this.failed.push(`${status} ${JSON.stringify(json)}`);
    }
  }
}

describe.skipIf(NO_REDIS !== undefined)(
  `with a Redis that comes and goes${NO_REDIS ? ` (${NO_REDIS})` : ''}`,
  () => {
    test('no search fails while it is frozen, killed and started again, and health and figures tell', async () => {
      const redis = await RedisServer.start();
      closing.push(() => redis.stop());
      const env = { OMNISEARCH_REDIS_URL: redis.url };
      const at = await Cluster.start({ shards: 2, env });
      closing.push(() => at.stop());
      await at.index(products());
      const shoppers = new Shoppers(at);
      closing.push(() => shoppers.stop());
      await untilRedis(at, 'ok');
      await untilAnswered(shoppers);
      redis.signal('SIGSTOP');
      await untilRedis(at, 'degraded');
      await untilAnswered(shoppers);
      redis.signal('SIGCONT');
      await untilRedis(at, 'ok');
      await redis.kill();
      await untilRedis(at, 'degraded');
      await untilAnswered(shoppers);
      await redis.restart();
      await untilRedis(at, 'ok');
      await untilAnswered(shoppers);
      await shoppers.stop();
      expect(shoppers.failed).toEqual([]);
      const metrics = await (await fetch(`${at.url}/metrics`)).text();
      for (const use of ['embeddings', 'answers']) {
        expect(metrics).toMatch(
          new RegExp(`redis_lookups_total{use="${use}",result="miss"} [1-9]`),
        );
        expect(metrics).toMatch(
          new RegExp(`redis_lookups_total{use="${use}",result="late"} [1-9]`),
        );
      }
    });

    test('what one node has found another gives, until it is written', async () => {
      const redis = await RedisServer.start();
      closing.push(() => redis.stop());
      // However busy this machine is, it is waited for.
      const env = { OMNISEARCH_REDIS_URL: redis.url, OMNISEARCH_REDIS_TIMEOUT_MS: '10000' };
      const args = ['--query-nodes', '2'];
      const at = await Cluster.start({ shards: 1, args, env });
      closing.push(() => at.stop());
      await at.index(products());
      const ask = async (query = 'lamp') =>
        (await at.post('/search/text', { query, top_k: 50 })).json;
      // Over several connections, so that both nodes are asked.
      const onAll = <T>(work: () => Promise<T>): Promise<T[]> =>
        Promise.all(Array.from({ length: 12 }, work));
      let asked = 0;
      const hits = async (): Promise<number> => {
        const query = `lamp ${asked++}`;
        await ask(query);
        await onAll(() => ask(query));
        const metrics = await onAll(async () => (await fetch(`${at.url}/metrics`)).text());
        const line = /redis_lookups_total{use="answers",result="hit"} (\d+)/;
        return Math.max(...metrics.map((text) => Number(line.exec(text)?.[1])));
      };
      await expect.poll(hits, { timeout: 30_000 }).toBeGreaterThan(0);
      for (let price = 100; price < 110; price++) {
        const row = { id: 'p1', title: 'lamp 1', category: 'c1', price };
        await at.index([row]);
        for (const { hits: found } of await onAll(() => ask())) {
          expect(found?.find(({ id }) => id === 'p1')?.product['price']).toBe(price);
        }
      }
    });
  },
);

async function untilRedis(at: Cluster, state: string): Promise<void> {
  const stateNow = async (): Promise<unknown> => {
    const parts = (await at.send('GET', '/healthz')).json['parts'] as {
      name: string;
      state: string;
    }[];
    return parts.find(({ name }) => name === 'redis')?.state;
  };
  await expect.poll(stateNow, { timeout: 20_000 }).toBe(state);
}

async function untilAnswered(shoppers: Shoppers): Promise<void> {
  const enough = shoppers.answered + 200;
  while (shoppers.answered < enough && shoppers.failed.length === 0) await sleep(50);
}
