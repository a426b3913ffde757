import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedFile } from '../../bench/lib/paths.js';
import { judgedOnly, mean, ndcg, type Judgments } from '../../bench/lib/quality.js';
import { Cluster } from './cluster.js';
import { runCommand, type Ended } from './command.js';

/** What a shopper types, and where the shop keeps it. */
const GENERAL_GOODS: readonly (readonly [query: string, category: string])[] = [
  ['running shoes', 'Shoes'],
  ['hiking boots', 'Shoes'],
  ['leather sandals', 'Shoes'],
  ['summer dress', 'Dresses'],
  ['evening gown', 'Dresses'],
  ['frying pan', 'Cookware'],
  ['saucepan with lid', 'Cookware'],
  ['building blocks for kids', 'Toys'],
  ['teddy bear', 'Toys'],
  ['jigsaw puzzle', 'Toys'],
  ['dining table', 'Furniture'],
  ['office chair', 'Furniture'],
  ['watering can', 'Garden'],
  ['rain jacket', 'Jackets'],
  ['winter coat', 'Jackets'],
  ['cookbook', 'Books'],
  ['crime novel', 'Books'],
  ['noise cancelling headphones', 'Headphones'],
  ['smartphone', 'Phones'],
  ['gaming laptop', 'Laptops'],
  ['backpack for school', 'Bags'],
  ['desk lamp', 'Lighting'],
  ['yoga mat', 'Sports'],
  ['wireless mouse', 'Mice'],
  ['wrist watch', 'Watches'],
  ['shampoo', 'Beauty'],
  ['mechanical keyboard', 'Keyboards'],
  ['cordless drill', 'Tools'],
  ['olive oil', 'Groceries'],
  ['ballpoint pen', 'Stationery'],
];

describe('the demo shop, with the bundled encoder', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start({ args: ['--demo'] });
  });
  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
  });

  test.each(GENERAL_GOODS)('"%s" is found among %s', async (query, category) => {
    for (const exact of [false, true]) {
      const { json } = await cluster.post('/search/text', { query, top_k: 5, exact });
      const found = json.hits?.map(({ product }) => product['category']) ?? [];
      expect(found[0]).toBe(category);
      expect(found.filter((each) => each === category).length).toBeGreaterThanOrEqual(3);
    }
  });
});

const CATALOGUE = sharedFile('icecat-19k.ndjson.gz');
const JUDGMENTS = sharedFile('judgments-dev.csv');
const WHY_NOT = CATALOGUE && JUDGMENTS ? undefined : 'the shared data is not here: see README';
if (WHY_NOT !== undefined) console.warn(`relevance on real products is skipped: ${WHY_NOT}`);

describe.skipIf(WHY_NOT !== undefined)('19,406 real products of the shared data', () => {
  let cluster: Cluster;
  let stateDir: string;
  let first: Ended;

  beforeAll(async () => {
    cluster = await Cluster.start();
    stateDir = mkdtempSync(join(tmpdir(), 'omnisearch-state-'));
    first = await index();
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
    rmSync(stateDir, { recursive: true });
  });

  async function index(): Promise<Ended> {
    const args = ['index', CATALOGUE as string, '--url', cluster.url, '--wait'];
    return runCommand([...args, '--map', 'image_url=imageUrl'], { XDG_STATE_HOME: stateDir });
  }

  test('shared: `index --wait` makes all of them searchable', async () => {
    expect(first.stderr).not.toContain('omnisearch:');
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('19406 accepted (0 unchanged, 0 stale), 0 rejected');
    const { json } = await cluster.send('GET', '/stats');
    expect(json['products']).toBe(19_406);
    const shards = json['shards'] as { documents: number; behind: number }[];
    expect(shards.reduce((sum, { documents }) => sum + documents, 0)).toBe(19_406);
    expect(shards.every(({ behind }) => behind === 0)).toBe(true);
  });

  test('shared: the human judgments are met, exactly compared or not', async () => {
    const judgments = readJudgments();
    expect(judgments.size).toBe(58);
    const plain: number[] = [];
    const judged: number[] = [];
    const exact: number[] = [];
    for (const [query, ratings] of judgments) {
      plain.push(ndcg(await rank(query, 10), ratings, 10));
      judged.push(ndcg(judgedOnly(await rank(query, 1_000), ratings), ratings, 10));
      exact.push(ndcg(await rank(query, 10, true), ratings, 10));
    }
    expect(mean(plain)).toBeGreaterThanOrEqual(0.53);
    expect(mean(judged)).toBeGreaterThanOrEqual(0.86);
    expect(Math.abs(mean(plain) - mean(exact))).toBeLessThanOrEqual(0.01);
  }, 120_000);

  test('shared: a second run changes nothing and embeds nothing', async () => {
    const before = await embeddingSeconds();
    const second = await index();
    expect(second.code).toBe(0);
    expect(second.stdout).toContain('19406 accepted (19406 unchanged, 0 stale), 0 rejected');
    expect(await embeddingSeconds()).toBe(before);
  }, 120_000);

  async function rank(query: string, topK: number, exact = false): Promise<string[]> {
    const body = { query, top_k: topK, exact, fields: [], timeout_ms: 10_000 };
    const { status, json } = await cluster.post('/search/text', body);
    expect([status, json['partial']]).toEqual([200, null]);
    return json.hits?.map(({ id }) => id) ?? [];
  }
});

function readJudgments(): Map<string, Judgments> {
  const text = readFileSync(JUDGMENTS as string);
  const rows: { query: string; productId: string; rating: string }[] = parse(text, {
    columns: true,
    bom: true,
  });
  const judgments = new Map<string, Map<string, number>>();
  for (const { query, productId, rating } of rows) {
    const ratings = judgments.get(query) ?? new Map<string, number>();
    judgments.set(query, ratings.set(productId, Number(rating)));
  }
  return judgments;
}
