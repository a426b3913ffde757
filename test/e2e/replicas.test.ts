import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { makeProducts, seeded, randomVector } from './catalogue.js';
import { Cluster, type Placed } from './cluster.js';

/** A part of the data on several processes: what one of them does is seen by nobody. */

const DIMENSIONS = 16;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS), '--replicas', '2'];
/** A lease so short that a test can wait for its end. */
const ENV = { OMNISEARCH_LEASE_MS: '500' };
const PRODUCTS = makeProducts(400, DIMENSIONS);
const SHOPPERS = 4;

let cluster: Cluster | undefined;
afterEach(async () => {
  for (const pid of cluster?.pids('shard-node') ?? []) process.kill(pid, 'SIGCONT');
  await cluster?.stop();
  cluster?.remove();
  cluster = undefined;
});

async function startShop(...args: string[]): Promise<Cluster> {
  cluster = await Cluster.start({ shards: 2, args: [...ARGS, ...args], env: ENV });
  await cluster.index(PRODUCTS);
  return cluster;
}

interface Seen {
  answers: number;
  /** Replies other than whole ones. */
  others: unknown[];
}

/** Shoppers who search, one request after the other, until the returned function is called. */
function shop(at: Cluster): () => Promise<Seen> {
  const seen: Seen = { answers: 0, others: [] };
  let over = false;
  const shoppers = Array.from({ length: SHOPPERS }, async (_, shopper) => {
    const random = seeded(shopper);
    while (!over) {
      const vector = randomVector(random, DIMENSIONS);
      const { status, json } = await at.post('/search/vector', { vector, timeout_ms: 10_000 });
      seen.answers += 1;
      await sleep(10);
      const isWhole = status === 200 && json['partial'] === null && json.hits?.length === 10;
      if (!isWhole) seen.others.push({ status, partial: json['partial'], error: json['error'] });
    }
  });
  return async () => {
    over = true;
    await Promise.all(shoppers);
    return seen;
  };
}

test('invariant 6: while one replica is killed, or hangs, every answer is whole', async () => {
  const at = await startShop();
  const end = shop(at);
  await sleep(500);
  const [first, second] = at.pids('shard-node');
  process.kill(first as number, 'SIGKILL');
  await sleep(1_500);
  process.kill(second as number, 'SIGSTOP');
  await sleep(2_500);
  process.kill(second as number, 'SIGCONT');
  await sleep(1_000);
  const { answers, others } = await end();
  expect(others).toEqual([]);
  expect(answers).toBeGreaterThan(SHOPPERS);
});

test('invariant 6: with all replicas of a part away, answers name its categories, and are whole again later', async () => {
  const at = await startShop();
  const partitions = await at.partitions();
  const nodesOf = ({ replicas }: Placed): string => replicas.map(({ node }) => node).join();
  expect(new Set(partitions.map(nodesOf))).toEqual(new Set(['s1,s2', 's3,s4']));
  const lost = partitions.filter((each) => nodesOf(each) === 's1,s2');
  const hung = at.nodes().filter(({ name }) => ['s1', 's2'].includes(name));
  for (const { pid } of hung) process.kill(pid, 'SIGSTOP');
  const search = { vector: PRODUCTS[0]?.vector, top_k: 400, fields: [], timeout_ms: 1_000 };
  const { status, json } = await at.post('/search/vector', search);
  expect(status).toBe(200);
  const { missing, coverage } = json['partial'] as {
    missing: { category: string; shard: string }[];
    coverage: { documents: number; of: number };
  };
  expect(missing.map(({ category }) => category).sort()).toEqual(
    lost.flatMap(({ categories }) => categories).sort(),
  );
  expect(coverage).toMatchObject({ documents: json.hits?.length, of: 400 });
  for (const { pid } of hung) process.kill(pid, 'SIGCONT');
  await expect
    .poll(async () => (await at.post('/search/vector', search)).json.hits?.length, {
      timeout: 20_000,
    })
    .toBe(400);
});

test('a write is searchable without a dead replica, and what comes back to life has it at once', async () => {
  const at = await startShop();
  const hung = at.nodes().filter(({ name }) => ['s1', 's3'].includes(name));
  for (const { pid } of hung) process.kill(pid, 'SIGSTOP');
  const product = { ...PRODUCTS[0], id: 'new', title: 'Written meanwhile' };
  const written = await at.post('/products?wait=searchable&wait_timeout_ms=30000', product);
  expect(written.json).toMatchObject({ accepted: 1, searchable: true });
  for (const { pid } of hung) process.kill(pid, 'SIGCONT');
  const search = { vector: product.vector, top_k: 5, timeout_ms: 10_000 };
  for (let i = 0; i < 60; i++) {
    const { json } = await at.post('/search/vector', search);
    expect(json.hits?.map(({ id }) => id)).toContain('new');
  }
});

/** Asks each process of a role to stop, one after the other, each when the one before is back. */
async function restartAll(at: Cluster, role: 'shard-node' | 'query-node'): Promise<void> {
  const before = at.pids(role);
  for (const pid of before) {
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => at.pids(role).includes(pid), { timeout: 20_000 }).toBe(false);
    await expect.poll(() => at.pids(role).length, { timeout: 20_000 }).toBe(before.length);
    await expect
      .poll(async () => JSON.stringify((await at.send('GET', '/healthz')).json), {
        timeout: 20_000,
      })
      .toContain('4 of 4 healthy');
  }
}

test('a rolling restart of all shards, then of all query nodes, is seen by nobody', async () => {
  const at = await startShop('--query-nodes', '2');
  // Two that share the port, and the one that writes.
  expect(at.pids('query-node')).toHaveLength(3);
  const end = shop(at);
  await restartAll(at, 'shard-node');
  await restartAll(at, 'query-node');
  const { answers, others } = await end();
  expect(others).toEqual([]);
  expect(answers).toBeGreaterThan(SHOPPERS);
});
