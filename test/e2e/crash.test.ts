import { expect, test } from 'vitest';
import { makeProducts, seeded, type TestProduct } from './catalogue.js';
import { Cluster, descendants } from './cluster.js';

const DIMENSIONS = 16;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
/** Small, so that seals and merges are under way when processes die. */
const ENV = { OMNISEARCH_TAIL_ROWS: '200', OMNISEARCH_GRAPH_MIN_ROWS: '50' };

/** What the store acknowledged: the product, or null for an acknowledged delete. */
type Acknowledged = Map<string, TestProduct | null>;

async function expectAllServed(cluster: Cluster, acknowledged: Acknowledged): Promise<void> {
  await cluster.index([probe], true);
  for (const [id, product] of acknowledged) {
    const { status, json } = await cluster.send('GET', `/products/${id}`);
    expect([id, status]).toEqual([id, product === null ? 404 : 200]);
    if (product !== null) expect(json['price']).toBe(product.price);
  }
  const { json } = await cluster.post('/search/vector', {
    vector: Array.from({ length: DIMENSIONS }, (_, i) => i + 1),
    top_k: 1_000,
    exact: true,
    fields: [],
  });
  expect(json['partial']).toBeNull();
  const found = new Set(json.hits?.map(({ id }) => id));
  const wrong = [...acknowledged].filter(([id, product]) => found.has(id) !== (product !== null));
  expect(wrong).toEqual([]);
}

const probe = { ...makeProducts(1, DIMENSIONS, 99)[0], id: 'probe' };

/** Writes until told to stop; only what was answered with 200 counts. */
async function writeUntil(
  stop: () => boolean,
  cluster: Cluster,
  products: readonly TestProduct[],
  acknowledged: Acknowledged,
  seed: number,
): Promise<void> {
  const random = seeded(seed);
  while (!stop()) {
    const batch = new Map<string, TestProduct | null>();
    const rows: object[] = [];
    for (let i = 0; i < 20; i++) {
      const product = products[Math.floor(random() * products.length)] as TestProduct;
      const deleted = random() < 0.25;
      const next = { ...product, price: Math.floor(random() * 1_000) };
      batch.set(product.id, deleted ? null : next);
      rows.push(deleted ? { op: 'delete', id: product.id } : next);
    }
    try {
      const { status } = await cluster.post(
        '/products',
        rows.map((row) => JSON.stringify(row)).join('\n'),
      );
      // A batch without an answer may be there or not: what it touched is not checked.
      if (status !== 200) batch.forEach((_, id) => acknowledged.delete(id));
      else batch.forEach((product, id) => acknowledged.set(id, product));
    } catch {
      batch.forEach((_, id) => acknowledged.delete(id));
    }
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('invariant 1: acknowledged writes survive kill -9 of any process while indexing', async () => {
  const products = makeProducts(600, DIMENSIONS, 5);
  const acknowledged: Acknowledged = new Map();
  let cluster = await Cluster.start({ args: ARGS, env: ENV });
  const { dataDir } = cluster;
  const random = seeded(11);
  try {
    for (const victim of ['shard-node', 'query-node', 'up', 'shard-node', 'up'] as const) {
      let stopped = false;
      const writing = writeUntil(() => stopped, cluster, products, acknowledged, random() * 1e6);
      await sleep(150 + random() * 350);
      if (victim === 'up') await cluster.crash();
      else process.kill(cluster.pids(victim)[0] as number, 'SIGKILL');
      await sleep(100);
      stopped = true;
      await writing;
      if (victim === 'up') cluster = await Cluster.start({ args: ARGS, env: ENV, dataDir });
      await untilReady(cluster);
      await expectAllServed(cluster, acknowledged);
    }
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}, 120_000);

async function untilReady(cluster: Cluster): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const health = await cluster.send('GET', '/healthz').catch(() => undefined);
    if (health?.json['status'] === 'ok') return;
    await sleep(50);
  }
  throw new Error(`not ready: ${cluster.log()}`);
}

test('invariant 6: while a shard is down or hangs, replies name what they miss', async () => {
  const cluster = await Cluster.start({ args: ARGS });
  const search = { vector: Array(DIMENSIONS).fill(1), top_k: 5, timeout_ms: 300 };
  try {
    await cluster.index(makeProducts(400, DIMENSIONS));
    const [hung] = cluster.pids('shard-node');
    process.kill(hung as number, 'SIGSTOP');
    const { status, json } = await cluster.post('/search/vector', search);
    expect(status).toBe(200);
    expect(json.hits?.length).toBe(5);
    const { missing } = json['partial'] as { missing: Record<string, string>[] };
    expect(missing.length).toBeGreaterThan(0);
    for (const part of missing) {
      expect(part).toMatchObject({ part: 'shard', reason: 'timeout' });
      expect(part['category']).toMatch(/^Category /);
      expect(part['shard']).toMatch(/^s[12]$/);
    }
    for (const pid of cluster.pids('shard-node')) process.kill(pid, 'SIGSTOP');
    expect((await cluster.post('/search/vector', search)).status).toBe(503);
    for (const pid of cluster.pids('shard-node')) process.kill(pid, 'SIGCONT');
    await untilReady(cluster);
    expect((await cluster.post('/search/vector', search)).json['partial']).toBeNull();
  } finally {
    await cluster.stop();
    cluster.remove();
  }
});

test('a stop leaves no process, no lock and no socket behind', async () => {
  const cluster = await Cluster.start({ args: ARGS });
  const children = descendants(cluster.process.pid as number);
  expect(children.length).toBeGreaterThanOrEqual(3);
  await cluster.index(makeProducts(300, DIMENSIONS), false);
  expect(await cluster.stop()).toBe(0);
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow();
  const again = await Cluster.start({ args: ARGS, dataDir: cluster.dataDir });
  expect((await again.send('GET', '/stats')).json['products']).toBe(300);
  await again.stop();
  cluster.remove();
});

test('children end with a supervisor that was killed', async () => {
  const cluster = await Cluster.start({ args: ARGS });
  const children = descendants(cluster.process.pid as number);
  await cluster.crash();
  for (let attempt = 0; attempt < 100 && children.some(isRunning); attempt++) await sleep(50);
  expect(children.filter(isRunning)).toEqual([]);
  cluster.remove();
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
