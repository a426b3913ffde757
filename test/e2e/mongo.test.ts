import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropDatabase, freshOptions } from '../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from '../store/mongo-server.js';
import { makeProducts } from './catalogue.js';
import { Cluster } from './cluster.js';

const DIMENSIONS = 16;
const PATIENCE_MS = 40_000;
const reason = whyNoServer();
const products = makeProducts(300, DIMENSIONS, 5);
let server: MongoServer | undefined;
let url: string;
let cluster: Cluster;

async function search(timeoutMs = 1_000) {
  const body = { vector: products[7]?.vector, top_k: 10, timeout_ms: timeoutMs };
  const response = await fetch(`${cluster.url}/search/vector`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const json = (await response.json()) as { hits?: { id: string }[]; partial?: unknown };
  return { status: response.status, json };
}

/** Repeats `attempt` until it succeeds. */
async function eventually(attempt: () => Promise<void>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await sleep(200);
    }
  }
}

describe.skipIf(reason !== undefined)(`up on MongoDB${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    if (MONGODB_URL === undefined) server = await MongoServer.start();
    ({ url } = freshOptions(server));
    const times = {
      OMNISEARCH_STORE_TIMEOUT_MS: '3000',
      OMNISEARCH_STORE_SELECTION_TIMEOUT_MS: '1000',
    };
    cluster = await Cluster.start({
      args: ['--model', 'none', '--dimensions', String(DIMENSIONS)],
      env: { OMNISEARCH_STORE_URL: url, OMNISEARCH_LOG_LEVEL: 'silent', ...times },
    });
    await cluster.index(products);
  });
  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
    if (server === undefined) await dropDatabase({ url });
    await server?.stop();
  });

  it('takes products, finds them, changes and deletes them', async () => {
    const { status, json } = await search();
    expect([status, json.hits?.[0]?.id, json.partial]).toEqual([200, 'p7', null]);
    const changed = await cluster.send('PATCH', '/products/p7?wait=searchable', { price: 1 });
    expect(changed.status).toBe(200);
    expect((await cluster.send('DELETE', '/products/p7')).status).toBe(200);
    expect((await search()).json.hits?.map(({ id }) => id)).not.toContain('p7');
  });

  it.skipIf(MONGODB_URL !== undefined)(
    'without its server: 503 or 504 by the caller’s deadline, writes are 503, and it heals by itself',
    async () => {
      await server?.kill();
      for (const timeoutMs of [100, 1_000]) {
        // As the driver hears first that the server is gone, or the caller's own time runs out.
        expect([503, 504]).toContain((await search(timeoutMs)).status);
      }
      const write = await cluster.post('/products', { ...products[8], price: 2 });
      expect(write.status).toBe(503);
      // The store is asked every few seconds, whoever wants to know.
      await eventually(async () => {
        expect((await cluster.send('GET', '/healthz')).json['status']).toBe('degraded');
      });
      await server?.restart();
      await eventually(async () => expect((await search()).status).toBe(200));
      await eventually(async () => {
        const again = await cluster.post('/products?wait=searchable', { ...products[8], price: 3 });
        expect([again.status, again.json['searchable']]).toEqual([200, true]);
      });
      expect((await search()).json).toMatchObject({ partial: null });
      const { json } = await cluster.send('GET', '/products/p8');
      expect(json['price'] ?? (json['product'] as { price: number }).price).toBe(3);
    },
  );
});
