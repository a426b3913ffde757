import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { dropDatabase, freshOptions } from '../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from '../store/mongo-server.js';
import { makeProducts } from './catalogue.js';
import { Cluster } from './cluster.js';

const DIMENSIONS = 8;
const PRODUCTS = 300;
const LIMIT_MS = 120_000;
const PATIENCE_MS = 20_000;
const products = makeProducts(PRODUCTS, DIMENSIONS, 5).map((product, i) => {
  return { ...product, price: 100 + i, in_stock: true };
});
const reason = whyNoServer();

/** Searches by one list, and what they are to find: every third product is sold for its number, every sixth is out. */
async function check(cluster: Cluster): Promise<void> {
  const search = {
    ...{ browse: true, price_list: 'gold', fields: ['price', 'in_stock'], top_k: 5 },
    filter: { price: { lt: 100 }, in_stock: true },
    sort: [{ field: 'price', order: 'desc' }],
    facets: ['in_stock', { field: 'price', ranges: [{ to: 50 }, { from: 50 }] }],
  };
  const [whole, batch, got] = await Promise.all([
    cluster.post('/search/text', search),
    cluster.post('/search/batch', { searches: [search, { ...search, price_list: undefined }] }),
    cluster.send(
      'GET',
      '/search?price_list=gold&filter={"price":{"lt":100}}&sort=price:asc&top_k=1',
    ),
  ]);
  const sold = [99, 93, 87, 81, 75];
  const hits = sold.map((i) => {
    return expect.objectContaining({
      id: `p${i}`,
      product: { price: i, in_stock: true },
    }) as object;
  });
  const expected = {
    total: 17,
    hits,
    facets: { in_stock: { values: [{ value: true, count: 17 }] } },
  };
  expect(whole.json).toMatchObject(expected);
  const [listed, own] = batch.json['results'] as [object, { total: number }];
  expect(listed).toMatchObject(expected);
  expect(own.total).toBe(0);
  expect(got.json).toMatchObject({ total: 34, hits: [{ id: 'p0', product: { price: 0 } }] });
}

async function scenario(env: Record<string, string>): Promise<void> {
  const options = { args: ['--model', 'none', '--dimensions', String(DIMENSIONS)], env };
  let cluster = await Cluster.start(options);
  const { dataDir } = cluster;
  try {
    await cluster.index(products);
    const rows = products
      .map(({ id }, i) => ({ id, price: i, ...(i % 6 === 0 ? { in_stock: false } : {}) }))
      .filter((_, i) => i % 3 === 0)
      .map((row) => JSON.stringify(row));
    const put = await cluster.send('PUT', '/price-lists/gold?wait=searchable', rows.join('\n'));
    expect([put.status, put.json]).toMatchObject([200, { accepted: 100, searchable: true }]);
    await check(cluster);
    // Another title keeps what the list says, and so do a restart and files that are there already.
    const titled = { ...products[99], title: 'another title' };
    await cluster.post('/products?wait=searchable', titled);
    await check(cluster);
    await cluster.stop();
    cluster = await Cluster.start({ ...options, dataDir });
    // Shards say that they are not ready until they have read what was written last.
    const isWhole = async (): Promise<unknown> =>
      (await cluster.post('/search/text', { browse: true })).json['partial'];
    await expect.poll(isWhole, { timeout: PATIENCE_MS }).toBeNull();
    await check(cluster);
    expect((await cluster.send('DELETE', '/price-lists/gold')).status).toBe(200);
    const gone = await cluster.post('/search/text', { browse: true, price_list: 'gold' });
    expect([gone.status, gone.json]).toMatchObject([400, { error: { field: 'price_list' } }]);
    // A new list of that name is another.
    await cluster.send('PUT', '/price-lists/gold?wait=searchable', '{"id":"p1","price":1}');
    const search = { browse: true, price_list: 'gold', filter: { price: { lt: 100 } } };
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const { json } = await cluster.post('/search/text', search);
      if (json['total'] === 1) break;
      if (performance.now() > giveUpAt) throw new Error(JSON.stringify(json));
      await sleep(100);
    }
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}

describe('prices by customer group, from outside', () => {
  it(
    'filter, sort, count and reply on LMDB, over writes and a restart',
    () => scenario({}),
    LIMIT_MS,
  );

  it.skipIf(reason !== undefined)(
    `filter, sort, count and reply on MongoDB, over writes and a restart${reason ? ` (${reason})` : ''}`,
    async () => {
      const server = MONGODB_URL === undefined ? await MongoServer.start() : undefined;
      const { url } = freshOptions(server);
      try {
        await scenario({ OMNISEARCH_STORE_URL: url });
      } finally {
        if (server === undefined) await dropDatabase({ url });
        await server?.stop();
      }
    },
    LIMIT_MS,
  );
});
