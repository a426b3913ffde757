import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeProducts, seeded } from './catalogue.js';
import { Cluster, descendants, isRunning, untilGone } from './cluster.js';
import { expectAllServed, searchUntil, writeUntil, type Acknowledged } from './mixed-load.js';

const DIMENSIONS = 16;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
/** Small, so that seals and merges are under way when processes die. */
const ENV = { OMNISEARCH_TAIL_ROWS: '200', OMNISEARCH_GRAPH_MIN_ROWS: '50' };

/** Processes killed in the mixed load; more than CI has time for by this variable. */
const KILLS = Number(process.env['OMNISEARCH_TEST_KILLS'] ?? 6);

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

const VICTIMS = ['shard-node', 'query-node', 'up', 'all'] as const;
type Victim = (typeof VICTIMS)[number];

/** Kills by name; what is left of a cluster without `up` has to end by itself. */
async function kill(cluster: Cluster, victim: Victim): Promise<number[]> {
  if (victim === 'up') return cluster.crash();
  if (victim === 'all') return cluster.crash(descendants(cluster.process.pid as number));
  const pids = cluster.pids(victim);
  process.kill(pids[Date.now() % pids.length] as number, 'SIGKILL');
  return [];
}

test(
  'invariant 1: acknowledged writes survive kill -9 of any process while indexing',
  async () => {
    const products = makeProducts(600, DIMENSIONS, 5);
    const acknowledged: Acknowledged = new Map();
    let cluster = await Cluster.start({ args: ARGS, env: ENV });
    const { dataDir } = cluster;
    const random = seeded(11);
    try {
      for (let round = 0; round < KILLS; round++) {
        const victim = VICTIMS[round < 4 ? round : Math.floor(random() * 4)] as Victim;
        const name = `kill ${round} of ${victim}`;
        let stopped = false;
        const load = { cluster, products, acknowledged, stop: () => stopped };
        const running = Promise.all([
          writeUntil({ ...load, seed: random() * 1e6 }),
          searchUntil({ ...load, seed: random() * 1e6 }),
        ]);
        await sleep(100 + random() * 500);
        const orphans = await kill(cluster, victim);
        await sleep(100);
        stopped = true;
        await step(`${name}: the last requests`, 45_000, running);
        if (!isRunning(cluster.process.pid as number)) {
          cluster = await Cluster.start({ args: ARGS, env: ENV, dataDir });
        }
        await step(`${name}: processes without a parent end`, 15_000, untilGone(orphans));
        await step(`${name}: ready again`, 30_000, untilReady(cluster));
        await step(`${name}: all is served`, 60_000, expectAllServed(cluster, acknowledged));
      }
    } finally {
      await cluster.stop();
      cluster.remove();
    }
  },
  120_000 + KILLS * 12_000,
);

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
    // Nothing but the caller's own time has run out.
    expect((await cluster.post('/search/vector', search)).status).toBe(504);
    for (const pid of cluster.pids('shard-node')) process.kill(pid, 'SIGCONT');
    await untilReady(cluster);
    const patient = { ...search, timeout_ms: 10_000 };
    expect((await cluster.post('/search/vector', patient)).json['partial']).toBeNull();
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
  const load = { cluster, products, acknowledged: new Map(), batchRows: 300, stop: () => stopped };
  const writers = [1, 2, 3].map((seed) => writeUntil({ ...load, seed }));
  await sleep(700);
  const children = await cluster.crash();
  expect(children.length).toBeGreaterThanOrEqual(3);
  stopped = true;
  await untilGone(children);
  await step('the writers', 45_000, Promise.all(writers));
  cluster.remove();
});
