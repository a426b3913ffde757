import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedFile } from '../../bench/lib/paths.js';
import { DEMO_QUERIES } from '../../bench/relevance/demo-queries.js';
import { judgedOnly, mean, ndcg } from '../../bench/lib/quality.js';
import { seeded } from './catalogue.js';
import { Cluster } from './cluster.js';
import { runCommand, type Ended } from './command.js';

const FEED = sharedFile('icecat-19k.ndjson.gz');
const JUDGMENTS = sharedFile('judgments-dev.csv');
const NO_SHARED_DATA = FEED === undefined || JUDGMENTS === undefined;
if (NO_SHARED_DATA) {
  console.warn('relevance on icecat-19k is skipped: no shared data folder; set OMNISEARCH_SHARED');
}

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
    for (const [query, category] of DEMO_QUERIES) {
      const hits = await searchText(cluster, { query, top_k: 5, fields: ['category'] });
      const right = hits.filter(({ product }) => product['category'] === category);
      if (right.length < 3) missed.push(query);
    }
    // "bookshelf" is one word to a shopper, and mostly books to an encoder of single word pieces.
    expect(missed.length, missed.join(', ')).toBeLessThanOrEqual(2);
  });

  test('the graph finds what an exact search finds', async () => {
    for (const [query] of DEMO_QUERIES) {
      const hits = await searchText(cluster, { query, top_k: 5, fields: [] });
      const exact = await searchText(cluster, { query, top_k: 5, fields: [], exact: true });
      const overlap = hits.filter(({ id }) => exact.some((hit) => hit.id === id));
      expect(overlap.length).toBeGreaterThanOrEqual(4);
    }
  });
});

describe.skipIf(NO_SHARED_DATA)('icecat-19k, needs the shared data folder', () => {
  let cluster: Cluster;
  let stateDir: string;
  let first: Ended;

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'omnisearch-state-'));
    cluster = await Cluster.start();
    first = await index();
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
    rmSync(stateDir, { recursive: true, force: true });
  });

  async function index(): Promise<Ended> {
    const args = ['index', FEED as string, '--url', cluster.url, '--wait'];
    return runCommand(args, { XDG_STATE_HOME: stateDir });
  }

  async function rank(query: string, topK: number, more: object = {}): Promise<string[]> {
    const body = { query, top_k: topK, fields: [], ...more };
    return (await searchText(cluster, body)).map(({ id }) => id);
  }

  test('`index --wait` makes every product searchable', async () => {
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain('19406 accepted (0 unchanged, 0 stale), 0 rejected');
    // Figures of the status pages are kept, not asked for: they are true within a second.
    const figures = async () => {
      const { json } = await cluster.send('GET', '/stats');
      const shards = json['shards'] as { documents: number; behind: number }[];
      const documents = shards.reduce((sum, shard) => sum + shard.documents, 0);
      return { products: json['products'], documents, behind: shards.map(({ behind }) => behind) };
    };
    const expected = { products: 19_406, documents: 19_406, behind: [0, 0] };
    await expect.poll(figures, { timeout: 10_000 }).toEqual(expected);
  });

  test.each([
    // Words and meaning together.
    { mode: 'hybrid', least: { plain: 0.81, onlyJudged: 0.89 } },
    { mode: 'vector', least: { plain: 0.53, onlyJudged: 0.86 } },
  ])('answers as people judged, $mode: nDCG@10, by graph and exactly', async ({ mode, least }) => {
    const judgments = readJudgments();
    expect(judgments.size).toBe(58);
    const plain: number[] = [];
    const exact: number[] = [];
    const onlyJudged: number[] = [];
    for (const [query, ratings] of judgments) {
      plain.push(ndcg(await rank(query, 10, { mode }), ratings, 10));
      exact.push(ndcg(await rank(query, 10, { mode, exact: true }), ratings, 10));
      // Deep enough that the ranking still holds judged products when the others are dropped.
      const deep = judgedOnly(await rank(query, 1_000, { mode }), ratings);
      onlyJudged.push(ndcg(deep, ratings, 10));
    }
    expect(mean(plain)).toBeGreaterThanOrEqual(least.plain);
    expect(mean(onlyJudged)).toBeGreaterThanOrEqual(least.onlyJudged);
    expect(Math.abs(mean(plain) - mean(exact))).toBeLessThanOrEqual(0.01);
  });

  test('letters at random, signs and other scripts find nothing', async () => {
    const random = seeded(5);
    const word = (): string =>
      Array.from({ length: 5 + Math.floor(random() * 8) }, () =>
        String.fromCharCode(97 + Math.floor(random() * 26)),
      ).join('');
    const noise = [
      ...Array.from({ length: 30 }, (_, i) => Array.from({ length: 1 + (i % 3) }, word).join(' ')),
      ...'🎧 👟👟 ★★★ !!! 日本語 无线鼠标 ノートパソコン 키보드 мышь ноутбук עכבר πληκτρολόγιο माउस'.split(
        ' ',
      ),
    ];
    const found: string[] = [];
    for (const query of noise) if ((await rank(query, 3)).length > 0) found.push(query);
    expect(found.length, found.join(', ')).toBeLessThanOrEqual(0.05 * noise.length);
  });

  test('what shoppers type is not left without an answer where a title has all of its words', async () => {
    const titles = (
      await searchText(cluster, { query: 'black', top_k: 500, fields: ['title'] })
    ).map(({ product }) => String(product['title']));
    const random = seeded(9);
    for (const title of titles.slice(0, 100)) {
      const words = title.split(' ').filter((word) => /^[a-z]{3,}$/i.test(word));
      const query = words
        .sort(() => random() - 0.5)
        .slice(0, 2)
        .join(' ');
      if (query !== '') expect(await rank(query, 1), query).toHaveLength(1);
    }
  });

  test('a second run changes nothing, so nothing is embedded', async () => {
    const second = await index();
    expect(second.code, second.stderr).toBe(0);
    expect(second.stdout).toContain('19406 accepted (19406 unchanged, 0 stale), 0 rejected');
  }, 120_000);
});

function readJudgments(): Map<string, Map<string, number>> {
  const options = { columns: true, bom: true } as const;
  const rows = parse<Record<string, string>>(readFileSync(JUDGMENTS as string), options);
  const judgments = new Map<string, Map<string, number>>();
  for (const { query = '', productId = '', rating = '' } of rows) {
    const ratings = judgments.get(query) ?? new Map<string, number>();
    judgments.set(query, ratings.set(productId, Number(rating)));
  }
  return judgments;
}
