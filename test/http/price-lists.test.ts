import { afterAll, beforeAll, expect, test } from 'vitest';
import { entriesOf } from '../../src/core/price-entries.js';
import { openHttp, type HttpHarness } from './harness.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
let node: HttpHarness;

beforeAll(async () => {
  node = await openHttp();
  for (const id of ['a', 'b', 'c']) {
    await node.send('POST', '/products', { id, title: id, category: 'Mice', price: 10 });
  }
});
afterAll(async () => node.close());

const put = (name: string, ...rows: unknown[]) =>
  node.send(
    'PUT',
    `/price-lists/${name}`,
    rows.map((row) => JSON.stringify(row)).join('\n'),
    NDJSON,
  );

/** What all lists say of a product, by the lists' numbers. */
async function said(id: string): Promise<unknown[]> {
  const [found] = await node.store.prices('default', [id]);
  return [...entriesOf(found?.prices ?? new Uint8Array())].map(([, entry]) => entry);
}

test('rows say what a list has of products, one by one, and what is wrong is rejected by name', async () => {
  const reply = await put(
    'gold',
    { id: 'a', price: 8.5 },
    { id: 'b', in_stock: false, price: null },
    { id: 'nobody', price: 1 },
    { id: 'c', price: '9' },
    { id: 'c', cost: 1 },
    { price: 1 },
    'c',
  );
  expect(reply.statusCode).toBe(200);
  const { rejected, ...counts } = reply.json();
  expect(counts).toEqual({ accepted: 2, unchanged: 0, stale: 0, rejected_count: 5 });
  const byLine = rejected.sort((x: { line: number }, y: { line: number }) => x.line - y.line);
  expect(byLine.map((row: object) => ({ ...row, message: undefined }))).toEqual([
    { line: 3, id: 'nobody', field: 'id', code: 'not_found' },
    { line: 4, id: 'c', field: 'price', code: 'invalid_field' },
    { line: 5, id: 'c', field: 'cost', code: 'invalid_field' },
    { line: 6, field: 'id', code: 'invalid_field' },
    { line: 7, field: 'row', code: 'invalid_field' },
  ]);
  expect(await said('a')).toEqual([{ price: 8.5 }]);
  expect(await said('b')).toEqual([{ inStock: false }]);
  expect((await node.send('GET', '/products/a')).json()).toMatchObject({ price: 10 });
});

test('a row takes the place of the one before, the same again changes nothing, an empty one takes it out', async () => {
  await put('silver', { id: 'a', price: 7, in_stock: true });
  expect((await put('silver', { id: 'a', price: 7, in_stock: true })).json()).toMatchObject({
    accepted: 1,
    unchanged: 1,
  });
  await put('silver', { id: 'a', price: 6 });
  expect(await said('a')).toEqual([{ price: 8.5 }, { price: 6 }]);
  await put('silver', { id: 'a' });
  expect(await said('a')).toEqual([{ price: 8.5 }]);
});

test('a product keeps what lists say when it is written again, and loses it when it is deleted', async () => {
  await put('gold', { id: 'c', price: 5 });
  const product = { id: 'c', title: 'another title', category: 'Pans', price: 11 };
  await node.send('POST', '/products', product);
  expect(await said('c')).toEqual([{ price: 5 }]);
  await node.send('PATCH', '/products/c', { price: 12 });
  expect(await said('c')).toEqual([{ price: 5 }]);
  await node.send('DELETE', '/products/c');
  await node.send('POST', '/products', product);
  expect(await said('c')).toEqual([]);
});

test('lists are listed by name, in pages, and go', async () => {
  const page = (await node.send('GET', '/price-lists?limit=1')).json();
  expect(page['price_lists']).toEqual([{ name: 'gold' }]);
  const next = await node.send('GET', `/price-lists?cursor=${String(page['next_cursor'])}`);
  expect(next.json()).toEqual({ price_lists: [{ name: 'silver' }] });
  const gone = await node.send('DELETE', '/price-lists/silver');
  expect([gone.statusCode, gone.json()]).toEqual([200, { name: 'silver' }]);
  expect((await node.send('DELETE', '/price-lists/silver')).statusCode).toBe(404);
  expect((await node.send('GET', '/price-lists')).json()).toEqual({
    price_lists: [{ name: 'gold' }],
  });
  const audit = (await node.send('GET', '/audit')).payload.trim().split('\n');
  expect(JSON.parse(audit.at(-1) ?? '')).toMatchObject({ kind: 'price list', target: 'silver' });
});

test('what is no list, or no body of one, is refused by name', async () => {
  const named = await put('Gold!', { id: 'a', price: 1 });
  expect([named.statusCode, named.json().error.field]).toEqual([400, 'name']);
  expect((await put('gold')).statusCode).toBe(400);
  const all = await put('gold', { id: 'a', price: 'x' });
  expect([all.statusCode, all.json().error.field]).toEqual([400, 'price']);
  const json = await node.send('PUT', '/price-lists/gold', { id: 'a', price: 1 });
  expect(json.statusCode).toBe(415);
  const unknown = await node.send('PUT', '/price-lists/gold', '{"id":"a"}', {
    ...NDJSON,
    'x-omnisearch-tenant': 'nobody',
  });
  expect(unknown.statusCode).toBe(404);
  const search = { browse: true, price_list: 'No Name' };
  const bad = await node.send('POST', '/search/text', search);
  expect([bad.statusCode, bad.json().error.field]).toEqual([400, 'price_list']);
});
