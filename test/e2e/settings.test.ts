import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeProducts } from './catalogue.js';
import { Cluster, type Reply } from './cluster.js';

const DIMENSIONS = 8;
const PRODUCTS = 3_000;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
/** Small, so that seals and merges are under way while generations come and go. */
const ENV = { OMNISEARCH_TAIL_ROWS: '300', OMNISEARCH_GRAPH_MIN_ROWS: '200' };
const LIMIT_MS = 120_000;

interface Stats {
  text: { analyzer: number; switching: { tenants: number; progress: object[] } };
}

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ args: ARGS, env: ENV });
  const products = makeProducts(PRODUCTS, DIMENSIONS, 3);
  await cluster.index(products.map((product, i) => ({ ...product, shelf: `shelf${i % 100}` })));
}, LIMIT_MS);
afterAll(async () => {
  await cluster.stop();
  cluster.remove();
});

const FIELDS = [
  { field: 'title', weight: 3 },
  { field: 'brand', weight: 1 },
];
const put = (body: object): Promise<Reply> => cluster.send('PUT', '/settings', body);
const search = (query: string): Promise<Reply> =>
  cluster.post('/search/text', { query, mode: 'keyword', top_k: 5, timeout_ms: 20_000 });
const foundBy = async (query: string): Promise<number> =>
  (await search(query)).json.hits?.length ?? -1;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + LIMIT_MS;
  while (Date.now() < endMs) {
    if (await holds()) return;
    await sleep(100);
  }
  throw new Error(`never: ${what}\n${cluster.log()}`);
}

/** Searches by the title of one product after the other until it is told to stop. */
async function searching(isDone: () => boolean): Promise<number> {
  let searches = 0;
  // From 100 on: shorter numbers are those of categories and brands as well.
  for (let i = 100; !isDone(); i = i + 7 < PRODUCTS ? i + 7 : 100) {
    const { status, json } = await search(`product ${i}`);
    expect([status, json['partial'], json.hits?.[0]?.id]).toEqual([200, null, `p${i}`]);
    searches += 1;
  }
  return searches;
}

test(
  'other searchable fields take over without a gap for those who search meanwhile',
  async () => {
    expect(await foundBy('shelf7')).toBe(0);
    let done = false;
    const searches = searching(() => done);
    const { status, json } = await put({ searchable: [...FIELDS, { field: 'shelf', weight: 1 }] });
    expect([status, json['language']]).toEqual([200, 'en']);
    await until('searched by shelf', async () => (await foundBy('shelf7')) === 5);
    done = true;
    expect(await searches).toBeGreaterThan(5);
    await until('told in /stats', async () => {
      const { text } = (await cluster.send('GET', '/stats')).json as unknown as Stats;
      return text.analyzer > 0 && text.switching.tenants === 0;
    });
  },
  2 * LIMIT_MS,
);

test(
  'whoever is killed meanwhile, of several changes the last one holds in the end',
  async () => {
    await put({ searchable: FIELDS });
    await put({ searchable: FIELDS, identifiers: ['shelf'] });
    process.kill(cluster.pids('shard-node')[0] as number, 'SIGKILL');
    await sleep(300);
    // A query node that is away answers later.
    await until('accepted', async () => {
      const last = put({ searchable: [{ field: 'brand', weight: 1 }], language: 'none' });
      return (await last.catch(() => undefined))?.status === 200;
    });
    process.kill(cluster.pids('query-node')[0] as number, 'SIGKILL');
    await until('the last settings serve', async () => {
      const found = await foundBy('product').catch(() => -1);
      return found === 0 && (await foundBy('shelf7').catch(() => -1)) === 0;
    });
    const { json } = await cluster.send('GET', '/settings');
    expect(json).toMatchObject({ searchable: [{ field: 'brand', weight: 1 }], language: 'none' });
    const [{ brand } = { brand: '' }] = makeProducts(1, DIMENSIONS, 3);
    await until('searched by brand', async () => (await foundBy(brand)) === 5);
  },
  2 * LIMIT_MS,
);
