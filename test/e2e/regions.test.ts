import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CutLink } from '../link.js';
import { makeProducts } from './catalogue.js';
import { Cluster } from './cluster.js';
import { localNginxConf, NGINX, startNginx, stopNginx } from './nginx.js';
import { freePorts } from './topology.js';

/** A deployment, and a region that follows it over a line that breaks. */

const DIMENSIONS = 16;
const MODEL = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
const PRODUCTS = makeProducts(400, DIMENSIONS);
const KEY = 'the-key-of-operators';
const AS_OPERATOR = { authorization: `Bearer ${KEY}` };
const LIMIT = { timeout: 20_000, interval: 50 };

let dir: string;
let primary: Cluster;
let region: Cluster;
let link: CutLink;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-regions-'));
  const env = { OMNISEARCH_ADMIN_KEY: KEY };
  primary = await Cluster.start({ shards: 2, dataDir: join(dir, 'eu'), args: MODEL, env });
  link = await CutLink.to(primary.url);
  await primary.index(PRODUCTS.slice(0, 300));
  region = await Cluster.start({
    // Another number of shards: what is exact does not depend on it.
    ...{ shards: 1, dataDir: join(dir, 'us'), args: [...MODEL, '--region', 'us'] },
    env: {
      ...env,
      OMNISEARCH_REGION_OF: link.url,
      OMNISEARCH_REGION_KEY: KEY,
      OMNISEARCH_REGION_MAX_LAG_MS: '2500',
    },
  });
}, 120_000);
afterAll(async () => {
  if (region.process.signalCode === null) await region.stop();
  await link.close();
  await primary.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function answerOf(at: Cluster, body: object): Promise<unknown> {
  const { status, json } = await at.post('/search/text', { exact: true, ...body });
  return [status, json.hits, json['total'], json['facets'], json['partial']];
}

/** Answers of both to the same, as far as they do not tell of times. */
async function expectEqual(): Promise<void> {
  const asked = [
    { query: 'product 7', top_k: 400 },
    { query: 'something', top_k: 50, filter: { category: ['Category 1'] }, facets: ['brand'] },
    { browse: true, sort: [{ field: 'price' }], facets: ['category'], per_page: 250 },
  ];
  for (const body of asked)
    expect(await answerOf(region, body)).toEqual(await answerOf(primary, body));
  const { vector } = PRODUCTS[5] as (typeof PRODUCTS)[number];
  const near = { vector, top_k: 400, exact: true };
  const [here, there] = await Promise.all(
    [region, primary].map(async (at) => (await at.post('/search/vector', near)).json.hits),
  );
  expect(here).toEqual(there);
}

const count = async (at: Cluster) =>
  (await at.post('/search/text', { browse: true, per_page: 0 })).json['total'];

async function head(path: string, init?: RequestInit) {
  const { status, headers } = await fetch(region.url + path, init);
  return { status, age: headers.get('age') };
}

test('what the primary has is there, and what is written to the region is written there', async () => {
  // Its shards have what was copied a moment later.
  await expect.poll(() => count(region), LIMIT).toBe(300);
  await expectEqual();
  const written = await region.post('/products', PRODUCTS.slice(300, 310));
  expect(written).toMatchObject({ status: 200, json: { accepted: 10 } });
  const rule = { when: { query: 'bestseller' }, then: { pinned: [{ id: 'p3', position: 1 }] } };
  expect((await region.send('PUT', '/rules/best', rule)).status).toBe(200);
  await expect.poll(() => count(region), LIMIT).toBe(310);
  const first = async () =>
    (await region.post('/search/text', { query: 'bestseller' })).json.hits?.[0]?.id;
  await expect.poll(first, LIMIT).toBe('p3');
  expect(await head('/search?q=x')).toEqual({ status: 200, age: null });
});

test('cut off, it serves on and says its age; mended, it catches up by itself', async () => {
  link.cut();
  await primary.index(PRODUCTS.slice(310));
  for (const { id } of PRODUCTS.slice(0, 20)) await primary.send('DELETE', `/products/${id}`);
  const list = `{"id":"p50","price":1}\n{"id":"p51","price":2}\n`;
  expect((await primary.send('PUT', '/price-lists/club', list)).status).toBe(200);

  const age = async () => Number((await head('/search?q=x')).age);
  await expect.poll(age, LIMIT).toBeGreaterThanOrEqual(2);
  expect(await count(region)).toBe(310);
  await expect.poll(async () => (await head('/readyz')).status, LIMIT).toBe(503);
  const { json } = await region.send('GET', '/healthz');
  expect(JSON.stringify(json)).toMatch(/behind its primary; the primary can not be reached/);
  const metrics = await fetch(`${region.url}/metrics`, { headers: AS_OPERATOR });
  const [, lag] = /^region_lag_seconds\{region="us"\} (\S+)/m.exec(await metrics.text()) ?? [];
  expect(Number(lag)).toBeGreaterThan(2);

  link.mend();
  await expect.poll(() => count(region), LIMIT).toBe(380);
  await expect.poll(async () => (await head('/readyz')).status, LIMIT).toBe(200);
  await expectEqual();
  const listed = { browse: true, price_list: 'club', sort: [{ field: 'price' }], per_page: 3 };
  const prices = async (at: Cluster) => (await at.post('/search/text', listed)).json.hits;
  await expect.poll(() => prices(region), LIMIT).toEqual(await prices(primary));
  expect((await head('/search?q=x')).age).toBeNull();
});

test.skipIf(NGINX === undefined)(
  'a region that dies is answered for by the other: no search fails (needs nginx)',
  async () => {
    const [port] = await freePorts(1);
    const folder = join(dir, 'nginx');
    const addresses = { 'region-eu': primary.url, 'region-us': region.url };
    const conf = localNginxConf(
      folder,
      `127.0.0.1:${port}`,
      (service) => [new URL(addresses[service as keyof typeof addresses]).host],
      'nginx-regions.conf',
    );
    writeFileSync(conf, readFileSync(conf, 'utf8').replace('203.0.113.0/24', '127.0.0.2/32'));
    const url = `http://127.0.0.1:${port}`;
    const nginx = await startNginx(conf, folder, url);
    try {
      const [near, far] = [new Shoppers(url, '127.0.0.1'), new Shoppers(url, '127.0.0.2')];
      await expect.poll(() => near.answered > 20 && far.answered > 20, LIMIT).toBe(true);
      const asked = async (at: Cluster) => {
        const page = await (await fetch(`${at.url}/metrics`, { headers: AS_OPERATOR })).text();
        return Number(/^queries_total\S* (\d+)/m.exec(page)?.[1]);
      };
      // Each is asked by its own.
      expect(Math.min(await asked(region), await asked(primary))).toBeGreaterThan(10);
      await region.crash(region.pids('query-node'));
      const before = far.answered;
      await expect.poll(() => far.answered - before, LIMIT).toBeGreaterThan(50);
      await Promise.all([near.stop(), far.stop()]);
      expect([near.failed, far.failed]).toEqual([[], []]);
    } finally {
      await stopNginx(nginx);
    }
  },
);

/** Searches one after the other from an address. */
class Shoppers {
  answered = 0;
  readonly failed: unknown[] = [];
  private over = false;
  private readonly agent: Agent;
  private readonly running: Promise<void>;

  constructor(
    private readonly url: string,
    localAddress: string,
  ) {
    this.agent = new Agent({ keepAlive: true, localAddress });
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.over = true;
    await this.running;
    this.agent.destroy();
  }

  private async run(): Promise<void> {
    while (!this.over) {
      const status = await this.search().catch(String);
      if (status !== 200) this.failed.push(status);
      this.answered += 1;
      await sleep(5);
    }
  }

  private search(): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const asked = request(`${this.url}/search/text`, {
        method: 'POST',
        agent: this.agent,
        headers,
      });
      asked.on('response', (reply) => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode));
      });
      asked.on('error', reject);
      asked.end('{"query":"product 7"}');
    });
  }
}
