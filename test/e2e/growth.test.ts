import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { bruteForce, makeProducts, randomVector, seeded, type TestProduct } from './catalogue.js';
import { Cluster, type Placed } from './cluster.js';
import { runCommand } from './command.js';

/** A tenant begins as one partition; what becomes large is cut out of it and moves, while all is searched. */

const DIMENSIONS = 16;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
const ENV = { OMNISEARCH_PARTITION_ROWS: '300', OMNISEARCH_RANGE_ROWS: '800' };
const PRODUCTS = makeProducts(2_500, DIMENSIONS);
const SHOPPERS = 2;
const GROWN_MS = 60_000;

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster?.remove();
  cluster = undefined;
});

/** Until nothing is too large, and nothing moves. */
async function untilGrown(at: Cluster, largest = 800): Promise<Placed[]> {
  const endsAt = performance.now() + GROWN_MS;
  for (;;) {
    const partitions = await at.partitions();
    const areServing = partitions.every(({ replicas }) =>
      replicas.every(({ state }) => state === 'serving'),
    );
    const bound = ({ categories }: Placed): number => (categories === 'rest' ? 300 : largest);
    if (areServing && partitions.every((each) => each.rows <= bound(each))) return partitions;
    if (performance.now() > endsAt) throw new Error(JSON.stringify(partitions));
    await sleep(250);
  }
}

/** Compares an exact answer, its total and a facet with the truth; returns what is wrong. */
async function checked(at: Cluster, random: () => number): Promise<unknown> {
  const vector = randomVector(random, DIMENSIONS);
  const category = `Category ${Math.floor(random() * 8)}`;
  const isAll = random() < 0.5;
  const matches = (product: TestProduct): boolean => isAll || product.category === category;
  const { status, json } = await at.post('/search/vector', {
    ...{ vector, exact: true, fields: [], top_k: 20, timeout_ms: 20_000 },
    ...{ facets: [{ field: 'category', limit: 20 }], ...(isAll ? {} : { filter: { category } }) },
  });
  const { total, partial, facets } = json as unknown as {
    total: number;
    partial: unknown;
    facets: { category: { values: { count: number }[] } } | undefined;
  };
  const found = {
    ...{ status, partial, total },
    counted: facets?.category.values.reduce((sum, { count }) => sum + count, 0),
    hits: json.hits?.map(({ id, score }) => ({ id, score: Math.fround(score) })),
  };
  const count = PRODUCTS.filter(matches).length;
  const right = {
    ...{ status: 200, partial: null, total: count, counted: count },
    hits: bruteForce(PRODUCTS, vector, 20, matches),
  };
  return isDeepStrictEqual(found, right) ? undefined : { category, isAll, found, right };
}

/** Shoppers who ask until the returned function is called, which returns what was wrong. */
function shop(at: Cluster): () => Promise<{ answers: number; wrong: unknown[] }> {
  const seen = { answers: 0, wrong: [] as unknown[] };
  let over = false;
  const shoppers = Array.from({ length: SHOPPERS }, async (_, shopper) => {
    const random = seeded(shopper);
    while (!over) {
      const wrong = await checked(at, random);
      seen.answers += 1;
      await sleep(10);
      if (wrong !== undefined) seen.wrong.push(wrong);
    }
  });
  return async () => {
    over = true;
    await Promise.all(shoppers);
    return seen;
  };
}

test('invariant 3: while a tenant grows from one partition to many, exact answers and counts are those of brute force', async () => {
  cluster = await Cluster.start({ shards: 2, args: ARGS, env: ENV });
  const at = cluster;
  await at.index(PRODUCTS.slice(0, 200));
  expect(await at.partitions()).toMatchObject([{ categories: 'rest', rows: 200 }]);
  await at.index(PRODUCTS);
  const end = shop(at);
  const grown = await untilGrown(at);
  // Split and merged by hand as well, in the midst of it.
  const cli = (...words: string[]) =>
    runCommand(['placement', ...words, '--url', at.url, '--json'], {});
  const large = grown.find(({ categories }) => categories.includes('Category 0')) as Placed;
  expect(large.range[1] - large.range[0]).toBeLessThan(2 ** 32);
  const split = await cli('split', '--category', 'Category 3');
  expect(split.code).toBe(0);
  const { partitions: halves } = JSON.parse(split.stdout) as { partitions: Placed[] };
  expect(halves.length).toBeGreaterThan(1);
  const merged = await cli('merge', '--category', 'Category 3');
  expect(merged.code).toBe(0);
  expect((JSON.parse(merged.stdout) as { partitions: Placed[] }).partitions).toHaveLength(1);
  const { answers, wrong } = await end();
  expect(wrong).toEqual([]);
  expect(answers).toBeGreaterThan(SHOPPERS);
  const nodes = grown.flatMap(({ replicas }) => replicas.map(({ node }) => node));
  expect(new Set(nodes).size).toBe(2);
});

test('invariant 1: processes that are killed while partitions are cut and move lose nothing', async () => {
  cluster = await Cluster.start({ shards: 2, args: ARGS, env: ENV });
  const at = cluster;
  await at.index(PRODUCTS);
  for (const role of ['shard-node', 'query-node', 'shard-node'] as const) {
    await sleep(2_500);
    const [first] = at.pids(role);
    process.kill(first as number, 'SIGKILL');
  }
  await expect
    .poll(async () => (await at.send('GET', '/readyz').catch(() => undefined))?.status, {
      timeout: 30_000,
    })
    .toBe(200);
  await untilGrown(at);
  // The last that was killed is missed at once, and back when answers are whole again.
  const whole = { query: undefined, browse: true, top_k: 1 };
  await expect
    .poll(async () => (await at.post('/search/text', whole)).json['partial'], { timeout: 30_000 })
    .toBeNull();
  const random = seeded(1);
  for (let i = 0; i < 20; i++) expect(await checked(at, random)).toBeUndefined();
});
