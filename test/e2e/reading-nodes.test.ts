import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeProducts, randomVector, seeded } from './catalogue.js';
import { Cluster, type Reply } from './cluster.js';

/** Query nodes that share a port and search, and one more that writes for them. */

const DIMENSIONS = 16;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS), '--query-nodes', '2'];
const PRODUCTS = makeProducts(400, DIMENSIONS);
/** At a time: on connections to each of the query nodes. */
const AT_ONCE = 6;
const WRITE_EVERY_MS = 50;

let at: Cluster;
beforeAll(async () => {
  at = await Cluster.start({ shards: 2, args: ARGS });
  await at.index(PRODUCTS);
}, 120_000);
afterAll(async () => {
  await at.stop();
  at.remove();
});

const atOnce = (send: () => Promise<Reply>): Promise<Reply[]> =>
  Promise.all(Array.from({ length: AT_ONCE }, send));

test('what was written through the shared port is found at once, by each query node', async () => {
  expect(at.pids('query-node')).toHaveLength(3);
  expect(at.writer()).toBeDefined();
  const search = { vector: PRODUCTS[0]?.vector, top_k: 400, fields: [] };
  const leastFound = async (): Promise<number> => {
    const replies = await atOnce(() => at.post('/search/vector', search));
    return Math.min(...replies.map(({ json }) => json.hits?.length ?? 0));
  };
  // Each knows of new categories within a second.
  await expect.poll(leastFound, { timeout: 20_000 }).toBe(400);
  for (let i = 0; i < 20; i++) {
    const { vector, category } = PRODUCTS[i] as (typeof PRODUCTS)[number];
    const id = `new-${i}`;
    const product = { id, title: 'Just written', category, vector };
    const written = await at.post('/products?wait=searchable', product);
    expect(written.json).toMatchObject({ accepted: 1, searchable: true });
    for (const { json } of await atOnce(() => at.post('/search/vector', { vector, top_k: 5 }))) {
      expect(json.hits?.map((hit) => hit.id)).toContain(id);
    }
    const removed = await at.send('DELETE', `/products/${id}`);
    expect(removed.status).toBe(200);
    for (const { json } of await atOnce(() => at.post('/search/vector', { vector, top_k: 5 }))) {
      expect(json.hits?.map((hit) => hit.id)).not.toContain(id);
    }
  }
}, 60_000);

test('settings and rules that were changed through it hold on each within a second or so', async () => {
  expect((await at.send('PUT', '/settings', { facets: ['brand'] })).status).toBe(200);
  const rule = { when: { category: 'Category 1' }, then: { data: { banner: 'x' } } };
  expect((await at.send('PUT', '/rules/banner', rule)).status).toBe(200);
  const isRefused = async (): Promise<boolean> => {
    const search = { vector: PRODUCTS[0]?.vector, facets: ['price'] };
    const replies = await atOnce(() => at.post('/search/vector', search));
    return replies.every(({ status }) => status === 400);
  };
  await expect.poll(isRefused, { timeout: 10_000 }).toBe(true);
  const replies = await atOnce(() => at.send('GET', '/rules/banner'));
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
}, 60_000);

test('while the one that writes is killed, searches go on, writes wait for it, and none is lost', async () => {
  let over = false;
  const failed: unknown[] = [];
  let answers = 0;
  const shoppers = Array.from({ length: 2 }, async (_, shopper) => {
    const random = seeded(shopper);
    while (!over) {
      const vector = randomVector(random, DIMENSIONS);
      const { status, json } = await at.post('/search/vector', { vector, timeout_ms: 10_000 });
      answers += 1;
      await sleep(10);
      if (status !== 200 || json['partial'] !== null) failed.push({ status, json });
    }
  });
  const acknowledged: string[] = [];
  const refused: unknown[] = [];
  const writes: Promise<void>[] = [];
  const write = async (id: string): Promise<void> => {
    const { vector, category } = PRODUCTS[0] as (typeof PRODUCTS)[number];
    const { status, json } = await at.post('/products', { id, title: 'x', category, vector });
    if (status === 200) acknowledged.push(id);
    else refused.push([status, (json['error'] as { code: string }).code]);
  };
  const shop = async (count: number, name: string): Promise<void> => {
    for (let i = 0; i < count; i++) {
      writes.push(write(`${name}-${i}`));
      await sleep(WRITE_EVERY_MS);
    }
  };
  await shop(20, 'before');
  const killed = at.writer() as number;
  process.kill(killed, 'SIGKILL');
  await shop(20, 'meanwhile');
  const isBack = async (): Promise<boolean> =>
    (await at.post('/products', { ...PRODUCTS[1], title: 'Back' })).status === 200;
  await expect.poll(isBack, { timeout: 30_000 }).toBe(true);
  await shop(20, 'after');
  await Promise.all(writes);
  over = true;
  await Promise.all(shoppers);

  expect(failed).toEqual([]);
  expect(answers).toBeGreaterThan(10);
  expect(at.writer()).not.toBe(killed);
  // Those that were under way in that moment.
  expect(refused).toEqual(refused.map(() => [503, 'unavailable']));
  const after = acknowledged.filter((id) => id.startsWith('after'));
  expect(after).toHaveLength(20);
  expect(acknowledged.length).toBeGreaterThan(after.length);
  for (const id of acknowledged) {
    expect([id, (await at.send('GET', `/products/${id}`)).status]).toEqual([id, 200]);
  }
}, 120_000);
