import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bruteForce, makeProducts, randomVector, seeded, type TestProduct } from './catalogue.js';
import { Cluster } from './cluster.js';

const DIMENSIONS = 24;
const NONE = ['--model', 'none', '--dimensions', String(DIMENSIONS)];

const CASES: { filter: object | undefined; matches: (product: TestProduct) => boolean }[] = [
  { filter: undefined, matches: () => true },
  { filter: { category: 'Category 2' }, matches: (p) => p.category === 'Category 2' },
  {
    filter: { category: ['Category 0', 'Category 5'], price: { gt: 90 } },
    matches: (p) => ['Category 0', 'Category 5'].includes(p.category) && p.price > 90,
  },
  {
    filter: { not: { 'attributes.Colour': 'red' }, in_stock: true },
    matches: (p) => p.attributes.Colour !== 'red' && p.in_stock,
  },
  {
    filter: { or: [{ brand: 'Brand 3' }, { 'attributes.Tags': ['b'] }] },
    matches: (p) => p.brand === 'Brand 3' || p.attributes.Tags.includes('b'),
  },
];

describe('invariant 3: exact answers do not depend on shards, partitions and segments', () => {
  const products = makeProducts(3_000, DIMENSIONS);
  // Equal vectors: what decides between them is the id (invariant 5).
  for (const i of [100, 700, 1_900, 2_500]) {
    (products[i] as TestProduct).vector = (products[10] as TestProduct).vector;
  }
  let dataDir: string;

  beforeAll(async () => {
    const cluster = await Cluster.start({ shards: 1, args: NONE });
    dataDir = cluster.dataDir;
    await cluster.index(products);
    await cluster.stop();
  });
  afterAll(async () => {
    const cluster = await Cluster.start({ dataDir, args: NONE });
    await cluster.stop();
    cluster.remove();
  });

  test.each([
    { shards: 1, env: {} },
    { shards: 2, env: { OMNISEARCH_TAIL_ROWS: '400', OMNISEARCH_GRAPH_MIN_ROWS: '100' } },
    {
      shards: 2,
      env: {
        OMNISEARCH_TAIL_ROWS: '400',
        OMNISEARCH_GRAPH_MIN_ROWS: '100',
        OMNISEARCH_GRAPH_ENGINE: 'hnswlib',
      },
    },
    { shards: 5, env: { OMNISEARCH_TAIL_ROWS: '100' } },
    { shards: 16, env: {} },
    { shards: 2, env: { OMNISEARCH_REPLICAS: '2' } },
    { shards: 1, env: { OMNISEARCH_REPLICAS: '3', OMNISEARCH_TAIL_ROWS: '400' } },
  ])('with $shards shards, as brute force says', async ({ shards, env }) => {
    const cluster = await Cluster.start({ shards, dataDir, args: NONE, env });
    try {
      expect(await nodesWithRows(cluster)).toBeGreaterThanOrEqual(Math.min(2, shards));
      const random = seeded(7);
      for (const { filter, matches } of CASES) {
        for (const k of [1, 10, 150]) {
          const query =
            k === 10 ? (products[10] as TestProduct).vector : randomVector(random, DIMENSIONS);
          const { json } = await cluster.post('/search/vector', {
            vector: query,
            top_k: k,
            exact: true,
            fields: [],
            ...(filter === undefined ? {} : { filter }),
          });
          const hits = json.hits?.map(({ id, score }) => ({ id, score: Math.fround(score) }));
          expect(json['partial']).toBeNull();
          expect(hits).toEqual(bruteForce(products, query, k, matches));
        }
      }
    } finally {
      expect(await cluster.stop()).toBe(0);
    }
  });
});

async function nodesWithRows(cluster: Cluster): Promise<number> {
  const held = (await cluster.partitions()).filter(({ rows }) => rows > 0);
  return new Set(held.flatMap(({ replicas }) => replicas.map(({ node }) => node))).size;
}
