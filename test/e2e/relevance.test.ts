import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from './cluster.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHARED = process.env['OMNISEARCH_SHARED'] ?? join(ROOT, '../shared');
const FEED = join(SHARED, 'data/icecat-19k.ndjson.gz');
const JUDGMENTS = join(SHARED, 'data/judgments-dev.csv');

/** What shoppers type, and the category that the best of the demo shop's answers are of. */
const QUERIES: [query: string, category: string][] = [
  ['running shoes for men', 'Shoes'],
  ['warm boots for snow', 'Shoes'],
  ['leather sandals', 'Shoes'],
  ['summer dress', 'Dresses'],
  ['elegant evening dress', 'Dresses'],
  ['waterproof rain jacket', 'Jackets'],
  ['something to fry eggs in', 'Cookware'],
  ['saucepan with lid', 'Cookware'],
  ['wooden puzzle for children', 'Toys'],
  ['teddy bear', 'Toys'],
  ['office chair', 'Furniture'],
  ['small desk for a tiny room', 'Furniture'],
  ['bookshelf', 'Furniture'],
  ['shovel for the garden', 'Garden'],
  ['flower pot', 'Garden'],
  ['dark chocolate', 'Groceries'],
  ['coffee beans', 'Groceries'],
  ['detective novel', 'Books'],
  ['gaming laptop', 'Laptops'],
  ['quiet headphones for the train', 'Headphones'],
  ['wireless mouse', 'Mice'],
  ['mechanical keyboard', 'Keyboards'],
  ['smartphone with a good camera', 'Phones'],
  ['bedside lamp', 'Lighting'],
  ['backpack for school', 'Bags'],
  ['wrist watch', 'Watches'],
  ['yoga mat', 'Sports'],
  ['dog bed', 'Pets'],
  ['face cream', 'Beauty'],
  ['cordless drill', 'Tools'],
];

interface Ranked {
  id: string;
  product: Record<string, unknown>;
}

async function searchText(cluster: Cluster, body: object): Promise<Ranked[]> {
  const { status, json } = await cluster.post('/search/text', { timeout_ms: 10_000, ...body });
  expect(status).toBe(200);
  expect(json['partial']).toBeNull();
  return json.hits ?? [];
}

describe('the starter encoder finds general goods in the demo shop', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start({ args: ['--demo'] });
  });
  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
  });

  test('of 30 queries at least 28 have the right category in most of the first five', async () => {
    const missed: string[] = [];
    for (const [query, category] of QUERIES) {
      const hits = await searchText(cluster, { query, top_k: 5, fields: ['category'] });
      const right = hits.filter(({ product }) => product['category'] === category);
      if (right.length < 3) missed.push(query);
    }
    // "bookshelf" is one word to a shopper, and mostly books to an encoder of single word pieces.
    expect(missed.length, missed.join(', ')).toBeLessThanOrEqual(2);
  });

  test('the graph finds what an exact search finds', async () => {
    for (const [query] of QUERIES) {
      const hits = await searchText(cluster, { query, top_k: 5, fields: [] });
      const exact = await searchText(cluster, { query, top_k: 5, fields: [], exact: true });
      const overlap = hits.filter(({ id }) => exact.some((hit) => hit.id === id));
      expect(overlap.length).toBeGreaterThanOrEqual(4);
    }
  });
});

describe.skipIf(!existsSync(FEED))('icecat-19k, needs the shared data folder', () => {
  let cluster: Cluster;
  const index = (): string =>
    execFileSync(
      process.execPath,
      [join(ROOT, 'dist/cli/main.js'), 'index', FEED, '--url', cluster.url, '--wait'],
      { encoding: 'utf8' },
    );

  beforeAll(async () => {
    cluster = await Cluster.start();
  });
  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
  });

  test('is indexed once; a second run changes and embeds nothing', async () => {
    expect(index()).toContain('19406 accepted (0 unchanged, 0 stale), 0 rejected');
    expect(index()).toContain('19406 accepted (19406 unchanged, 0 stale), 0 rejected');
  });

  test('answers as people judged: nDCG@10, by graph and exactly', async () => {
    const judged = readJudgments();
    const graph = await meanNdcg(cluster, judged, false);
    const exact = await meanNdcg(cluster, judged, true);
    expect(graph.plain).toBeGreaterThanOrEqual(0.53);
    expect(graph.judgedOnly).toBeGreaterThanOrEqual(0.86);
    expect(Math.abs(graph.plain - exact.plain)).toBeLessThanOrEqual(0.01);
  });
});

type Judgments = Map<string, Map<string, number>>;

function readJudgments(): Judgments {
  const rows = parse(readFileSync(JUDGMENTS), { columns: true }) as Record<string, string>[];
  const judged: Judgments = new Map();
  for (const { query = '', productId = '', rating = '' } of rows) {
    const ratings = judged.get(query) ?? new Map<string, number>();
    judged.set(query, ratings.set(productId, Number(rating)));
  }
  return judged;
}

/** Gain 2^rating - 1, discount log2(rank + 1); Järvelin and Kekäläinen 2002. */
function dcg(ratings: readonly number[]): number {
  return ratings
    .slice(0, 10)
    .reduce((sum, rating, i) => sum + (2 ** rating - 1) / Math.log2(i + 2), 0);
}

async function meanNdcg(
  cluster: Cluster,
  judged: Judgments,
  exact: boolean,
): Promise<{ plain: number; judgedOnly: number }> {
  let plain = 0;
  let judgedOnly = 0;
  for (const [query, ratings] of judged) {
    const hits = await searchText(cluster, { query, top_k: 1_000, fields: [], exact });
    const ideal = dcg([...ratings.values()].sort((a, b) => b - a));
    if (ideal === 0) continue;
    plain += dcg(hits.map(({ id }) => ratings.get(id) ?? 0)) / ideal;
    judgedOnly += dcg(hits.flatMap(({ id }) => ratings.get(id) ?? [])) / ideal;
  }
  return { plain: plain / judged.size, judgedOnly: judgedOnly / judged.size };
}
