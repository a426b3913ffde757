import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
let found: Record<string, string[]>;
beforeEach(async () => {
  found = {};
  node = await openHttp({
    found: {
      returned: (tenant, hits) => {
        found[tenant] = [...(found[tenant] ?? []), ...hits.map(({ id }) => id)].sort();
      },
    },
  });
  const rows = ['a', 'b', 'c'].map((id) => ({ id, title: id, category: 'Mice' }));
  for (const tenant of ['shop', 'other']) await node.send('POST', '/products', rows, of(tenant));
});
afterEach(async () => node.close());

const of = (tenant: string) => ({ 'x-omnisearch-tenant': tenant });

test.each([
  ['a search by text', 'POST', '/search/text', { query: 'x', top_k: 2 }, 2],
  ['a search by vector', 'POST', '/search/vector', { vector: [1, 2, 3, 4], top_k: 2 }, 2],
  ['one that browses', 'POST', '/search/text', { browse: true, page: 1, per_page: 2 }, 2],
  ['one in an address', 'GET', '/search?q=x&top_k=2', undefined, 2],
  [
    'a batch',
    'POST',
    '/search/batch',
    { searches: [{ query: 'x', top_k: 2 }, {}, { query: 'y', top_k: 1 }] },
    3,
  ],
  [
    "another engine's",
    'GET',
    '/typesense/collections/shop/documents/search?q=x&query_by=title&per_page=2',
    undefined,
    2,
  ],
  ['counts alone', 'POST', '/search/text', { query: 'x', per_page: 0 }, 0],
  ['a list of categories', 'GET', '/categories', undefined, 0],
  ['suggested products', 'GET', '/suggest?q=x&limit=2', undefined, 2],
] as const)('%s: what it returns to a shopper is noted', async (_, method, url, body, count) => {
  const reply = await node.send(method, url, body, of('shop'));
  expect([reply.statusCode, (found['shop'] ?? []).length]).toEqual([200, count]);
  expect(found['other']).toBeUndefined();
});
