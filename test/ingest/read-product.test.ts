import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Narrowing } from '../../src/tenancy/narrowing.js';
import { openIngest, type IngestHarness } from './harness.js';

const KEY: Narrowing = {
  filters: [{ kind: 'range', field: 'price', op: 'lte', value: 50 }],
  ...{ exclude: [], priceList: 'gold', version: 'v' },
};

let node: IngestHarness;
beforeEach(async () => {
  node = await openIngest();
  await node.ingest.upsert('t', [
    { line: 1, bytes: 0, value: { id: 'shown', title: 'a', category: 'Mice', price: 500 } },
    { line: 2, bytes: 0, value: { id: 'hidden', title: 'b', category: 'Mice', price: 5 } },
    { line: 3, bytes: 0, value: { id: 'own', title: 'c', category: 'Mice', price: 7 } },
  ]);
  await node.ingest.prices('t', 'gold', [
    { line: 1, bytes: 0, value: { id: 'shown', price: 40, in_stock: false } },
    { line: 2, bytes: 0, value: { id: 'hidden', price: 400 } },
  ]);
});
afterEach(async () => node.close());

test('a product is shown by the price list of a key, and with its prices', async () => {
  const read = (id: string, fields?: string[], key = KEY) => node.ingest.read('t', id, fields, key);
  expect(await read('shown')).toMatchObject({ title: 'a', price: 40, in_stock: false });
  expect(await read('shown', ['price', 'vector'])).toMatchObject({ price: 40 });
  expect(await read('own', ['price'])).toEqual({ price: 7 });
  await expect(read('hidden')).rejects.toMatchObject({ code: 'not_found' });
  await expect(read('own', undefined, { ...KEY, priceList: 'gone' })).rejects.toMatchObject({
    code: 'invalid_field',
    field: 'price_list',
  });
});
