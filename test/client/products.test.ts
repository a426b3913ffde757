import { afterAll, beforeAll, expect, test } from 'vitest';
import { OmniSearchError } from '../../src/client/errors.js';
import { OmniSearch } from '../../src/client/omnisearch.js';
import { openHttp, type HttpHarness } from '../http/harness.js';

let node: HttpHarness;
let shop: OmniSearch;

beforeAll(async () => {
  node = await openHttp();
  const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
  shop = new OmniSearch({ addresses: [`http://127.0.0.1:${port}`] });
});
afterAll(async () => node.close());

const product = (id: string) => ({ id, title: `Mouse ${id}`, category: 'Mice', price: 9.5 });

test('products are written, read, changed and deleted', async () => {
  const id = 'a/b ü';
  expect(await shop.products.upsert(product(id))).toMatchObject({ accepted: 1, unchanged: 0 });
  expect(await shop.products.get(id)).toMatchObject(product(id));
  await shop.products.patch(id, { price: 7 });
  expect((await shop.products.get(id)).price).toBe(7);
  await shop.products.delete(id);
  await expect(shop.products.get(id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
});

test('a single product that is not valid rejects; of several the reply says which', async () => {
  const bad = { ...product('x'), in_stock: 'yes' as unknown as boolean };
  const error = (await shop.products.upsert(bad).catch((reason: unknown) => reason)) as Error;
  expect(error).toBeInstanceOf(OmniSearchError);
  expect(error).toMatchObject({ status: 400, field: 'in_stock' });
  const some = await shop.products.upsert([product('y'), bad]);
  expect(some).toMatchObject({ accepted: 1, rejected_count: 1, rejected: [{ line: 2 }] });
  const none = await shop.products.upsert([bad, bad]);
  expect(none).toMatchObject({ accepted: 0, rejected_count: 2 });
});

test('a catalogue of any size is sent in parts, its lines counted over all', async () => {
  const bad = { ...product('bad'), in_stock: 'yes' as unknown as boolean };
  async function* rows() {
    for (let at = 0; at < 2_500; at++) yield at === 1_999 ? bad : product(`n-${at}`);
    yield { op: 'delete', id: 'n-0' } as const;
  }
  const progress: number[] = [];
  const sums = await shop.products.upsertAll(rows(), {
    onProgress: ({ accepted, rejected_count }) => progress.push(accepted + rejected_count),
  });
  expect(sums.rejected_count).toBe(1);
  expect(sums.rejected).toMatchObject([{ line: 2_000, id: 'bad' }]);
  expect(progress).toEqual([1_000, 2_000, 2_501]);
  await expect(shop.products.get('n-0')).rejects.toMatchObject({ status: 404 });
  expect(await shop.products.get('n-2499')).toMatchObject({ title: 'Mouse n-2499' });
});

test('searches, one and several at once', async () => {
  const reply = await shop.search<{ title: string }>({
    query: 'mouse',
    top_k: 2,
    fields: ['title'],
  });
  expect(reply.partial).toBeNull();
  expect(reply.hits[0]?.product.title).toBeTypeOf('string');
  const results = await shop.batch([{ query: 'mouse' }, { query: 'mouse', top_k: 0 }]);
  expect(results.map((result) => 'error' in result)).toEqual([false, true]);
});

test('settings and categories', async () => {
  expect((await shop.categories()).map(({ category }) => category)).toContain('Mice');
  const { searchable } = await shop.settings();
  expect(searchable[0]).toHaveProperty('weight');
});
