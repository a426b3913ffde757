import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from './cluster.js';
import { runCommand } from './command.js';
import { FRONTS, type MovedFront } from './moved-fronts.js';

const LIMIT_MS = 120_000;
const PRODUCTS = 400;
const ARGS = ['--model', 'none', '--dimensions', '4'];
const OF = (tenant: string) => ({
  'content-type': 'application/json',
  'x-omnisearch-tenant': tenant,
});

const product = (i: number, price: number) => ({
  ...{ id: `p${i}`, title: `mouse ${i}`, category: i % 2 ? 'Mice' : 'Lamps', price },
  vector: [1, i + 1, i % 7, 1],
});

interface Answer {
  total: number;
  partial: unknown;
  hits: { id: string; product: { shop?: string } }[];
}

/** A connection that a balancer closes just as it is used again: no search was asked for, and clients ask again. */
function isOfClosed(reply: unknown): boolean {
  const { code } = ((reply as Error).cause ?? {}) as { code?: string };
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET';
}

/** Searches and writes of a tenant through a balancer, one after the other, until told to stop. */
class Load {
  readonly wrong: string[] = [];
  /** Prices that were acknowledged last. */
  readonly prices = new Map<number, number>();
  searches = 0;
  refused = 0;
  private readonly headers: Record<string, string>;
  private isOver = false;
  private readonly running: Promise<unknown>;

  constructor(
    private readonly front: MovedFront,
    private readonly tenant: string,
  ) {
    this.headers = { ...OF(tenant), ...front.headers };
    this.running = Promise.all([this.search(), this.write()]);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async search(): Promise<void> {
    while (!this.isOver) {
      // On a busy machine an answer takes its time; it is to be whole.
      const search = { browse: true, fields: ['shop'], top_k: 3, timeout_ms: 10_000 };
      const body = JSON.stringify(search);
      const asked = { method: 'POST', headers: this.headers, body };
      const ask = (): Promise<unknown> =>
        fetch(`${this.front.url}/search/text`, asked).catch((error: unknown) => error);
      const first = await ask();
      const reply = isOfClosed(first) ? await ask() : first;
      this.searches += 1;
      if (!(reply instanceof Response)) this.wrong.push(String(reply));
      else {
        const answer = (await reply.json()) as Answer;
        const isRight =
          reply.status === 200 &&
          answer.partial === null &&
          answer.total === PRODUCTS &&
          answer.hits.every(({ product: found }) => found.shop === this.tenant);
        if (!isRight) this.wrong.push(`${reply.status} ${JSON.stringify(answer)}`);
      }
      await sleep(5);
    }
  }

  private async write(): Promise<void> {
    for (let round = 1; !this.isOver; round++) {
      const i = round % PRODUCTS;
      const body = JSON.stringify({ price: round });
      const asked = { method: 'PATCH', headers: this.headers, body };
      const reply = await fetch(`${this.front.url}/products/p${i}`, asked).catch(() => undefined);
      if (reply?.status === 200) this.prices.set(i, round);
      else if (reply?.status === 403) this.refused += 1;
      else if (reply !== undefined && reply.status !== 503) this.wrong.push(`${reply.status}`);
      await reply?.arrayBuffer();
      await sleep(20);
    }
  }
}

async function fill(cluster: Cluster, tenant: string): Promise<void> {
  const rows = Array.from({ length: PRODUCTS }, (_, i) => ({ ...product(i, 0), shop: tenant }));
  const sent = await cluster.post('/products?wait=searchable', rows, OF(tenant));
  expect(sent.json).toMatchObject({ accepted: PRODUCTS, searchable: true });
}

describe.each(FRONTS)('omnisearch tenants move behind $name', ({ missing, start }) => {
  let shared: Cluster;
  let own: Cluster;
  let front: MovedFront;
  let dir: string;
  beforeAll(async () => {
    if (missing) return;
    dir = mkdtempSync(join(tmpdir(), 'omnisearch-move-'));
    [shared, own] = await Promise.all([
      Cluster.start({ args: [...ARGS, '--query-nodes', '2'], shards: 2 }),
      Cluster.start({ args: ARGS, shards: 1 }),
    ]);
    for (const tenant of ['acme', 'other']) await fill(shared, tenant);
    front = await start(dir, new URL(shared.url).host);
  }, LIMIT_MS);
  afterAll(async () => {
    if (missing) return;
    await front.stop();
    for (const cluster of [shared, own]) {
      await cluster.stop();
      cluster.remove();
    }
    rmSync(dir, { recursive: true, force: true });
  }, LIMIT_MS);

  const move = (...more: string[]) =>
    runCommand(['tenants', 'move', 'acme', '--url', shared.url, '--to', own.url, ...more]);

  test.skipIf(missing)(
    'a tenant goes to a deployment of its own under load: no search fails, no write is lost, nothing is left',
    async () => {
      await shared.send('PUT', '/tenants/acme', { plan: 'pro' });
      await shared.send('PUT', '/aliases/acme-shop', { tenant: 'acme' });
      const rule = { when: { query: 'mouse' }, then: { hidden: ['p1'] } };
      await shared.send('PUT', '/rules/hide', rule, OF('acme'));
      const loads = ['acme', 'other'].map((tenant) => new Load(front, tenant));
      await sleep(500);
      const { code, stdout, stderr } = await move(...front.args);
      await sleep(500);
      for (const load of loads) await load.stop();
      expect([code, stderr], stdout).toEqual([0, '']);
      const [acme, other] = loads as [Load, Load];
      expect([acme.wrong, other.wrong, other.refused]).toEqual([[], [], 0]);
      expect(Math.min(acme.searches, acme.prices.size, other.searches)).toBeGreaterThan(20);
      // Here it is gone, and there is what was acknowledged, by whichever side.
      expect((await shared.send('GET', '/tenants/acme')).json).toMatchObject({
        ...{ state: 'moved', plan: 'pro', usage: { products: 0, bytes: 0 } },
        deployment: { url: new URL(own.url).origin },
      });
      expect((await shared.send('GET', '/categories', undefined, OF('acme'))).status).toBe(404);
      const stray = await shared.post('/products', product(1, 1), OF('acme'));
      expect(stray.status).toBe(404);
      expect((await own.send('GET', '/tenants/acme')).json).toMatchObject({
        ...{ state: 'active', plan: 'pro', usage: { products: PRODUCTS } },
      });
      for (const [i, price] of acme.prices) {
        const found = await own.send('GET', `/products/p${i}`, undefined, OF('acme'));
        expect([i, found.json]).toMatchObject([i, { price }]);
      }
      expect((await own.send('GET', '/rules/hide', undefined, OF('acme'))).status).toBe(200);
      // By its alias too, and a collection in the path.
      const headers = OF('acme-shop');
      const aliased = await fetch(`${front.url}/products/p1`, { headers });
      expect([aliased.status, await aliased.json()]).toMatchObject([200, { shop: 'acme' }]);
      const typesense = await fetch(`${front.url}/typesense/collections/acme/documents/p2`);
      expect([typesense.status, await typesense.json()]).toMatchObject([200, { shop: 'acme' }]);
      // Again: it is done.
      expect((await move(...front.args)).code).toBe(0);
    },
    LIMIT_MS,
  );
});
