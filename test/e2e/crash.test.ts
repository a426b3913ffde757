import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeProducts, seeded, type TestProduct } from './catalogue.js';
import { Cluster, descendants, isRunning, Unanswered, untilGone } from './cluster.js';

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
  batchRows = 20,
): Promise<void> {
  const random = seeded(seed);
  while (!stop()) {
    const batch = new Map<string, TestProduct | null>();
    const rows: object[] = [];
    for (let i = 0; i < batchRows; i++) {
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
    } catch (error) {
      if (error instanceof Unanswered) throw error;
      batch.forEach((_, id) => acknowledged.delete(id));
    }
  }
}

/** `work`, or an error that names it when it has not ended by `limitMs`. */
async function step<T>(name: string, limitMs: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${name}: not done within ${limitMs} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

test('invariant 1: acknowledged writes survive kill -9 of any process while indexing', async () => {
  const products = makeProducts(600, DIMENSIONS, 5);
  const acknowledged: Acknowledged = new Map();
  let cluster = await Cluster.start({ args: ARGS, env: ENV });
  const { dataDir } = cluster;
  const random = seeded(11);
  try {
    const victims = ['shard-node', 'query-node', 'up', 'shard-node', 'up'] as const;
    for (const [round, victim] of victims.entries()) {
      const name = `round ${round}, ${victim} killed`;
      let stopped = false;
      const writing = writeUntil(() => stopped, cluster, products, acknowledged, random() * 1e6);
      await sleep(150 + random() * 350);
      const orphans = victim === 'up' ? await cluster.crash() : [];
      if (victim !== 'up') process.kill(cluster.pids(victim)[0] as number, 'SIGKILL');
      await sleep(100);
      stopped = true;
      await step(`${name}: the writer's last request`, 45_000, writing);
      if (victim === 'up') cluster = await Cluster.start({ args: ARGS, env: ENV, dataDir });
      await step(`${name}: processes without a parent end`, 15_000, untilGone(orphans));
      await step(`${name}: ready again`, 30_000, untilReady(cluster));
      await step(`${name}: all is served`, 60_000, expectAllServed(cluster, acknowledged));
    }
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}, 240_000);

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
  expect(children.filter(isRunning)).toEqual([]);
  const again = await Cluster.start({ args: ARGS, dataDir: cluster.dataDir });
  expect((await again.send('GET', '/stats')).json['products']).toBe(300);
  await again.stop();
  cluster.remove();
});

test('children end with a supervisor that was killed, also in the middle of a write', async () => {
  const cluster = await Cluster.start({ args: ARGS });
  const products = makeProducts(200, DIMENSIONS);
  let stopped = false;
  const writers = [1, 2, 3].map((seed) =>
    writeUntil(() => stopped, cluster, products, new Map(), seed, 300),
  );
  await sleep(700);
  const children = await cluster.crash();
  expect(children.length).toBeGreaterThanOrEqual(3);
  stopped = true;
  await untilGone(children);
  await step('the writers', 45_000, Promise.all(writers));
  cluster.remove();
});
