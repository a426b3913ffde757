import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TENANT_HEADER } from '../../src/tenancy/tenant-directory.js';
import { openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
beforeEach(async () => {
  node = await openHttp();
});
afterEach(async () => node.close());

const DEFAULTS = {
  searchable: [
    { field: 'title', weight: 3 },
    { field: 'brand', weight: 1 },
    { field: 'category', weight: 1 },
    { field: 'description', weight: 1 },
    { field: 'attributes', weight: 0.5 },
  ],
  identifiers: expect.arrayContaining(['sku', 'gtin', 'mpn']) as string[],
  stop_words: [],
  language: 'en',
  facets: 'all',
  sortable: 'all',
  understand: true,
};
const get = async (headers?: Record<string, string>) =>
  node.send('GET', '/settings', undefined, headers);
const put = async (body: unknown, headers?: Record<string, string>) =>
  node.send('PUT', '/settings', body, headers);

describe('settings', () => {
  test('are the defaults until they are changed', async () => {
    const reply = await get();
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toEqual(DEFAULTS);
  });

  test('are replaced as a whole: absent members keep their defaults', async () => {
    const first = await put({ searchable: [{ field: 'title', weight: 2 }], understand: false });
    const wanted = { searchable: [{ field: 'title', weight: 2 }], understand: false };
    expect(first.json()).toEqual({ ...DEFAULTS, ...wanted });
    expect((await get()).json()).toEqual({ ...DEFAULTS, ...wanted });
    const second = await put({ stop_words: ['shop'], facets: ['brand'], sortable: [] });
    const other = { stop_words: ['shop'], facets: ['brand'], sortable: [] };
    expect(second.json()).toEqual({ ...DEFAULTS, ...other });
    expect((await put({})).json()).toEqual(DEFAULTS);
  });

  test('of tiers are answered as they were sent', async () => {
    const tiers = { warm: { found_days: 0 }, cold: { updated_days: 1, found_days: 730 } };
    expect((await put({ tiers })).json()).toEqual({ ...DEFAULTS, tiers });
    expect((await get()).json()).toEqual({ ...DEFAULTS, tiers });
  });

  test('as they are answered they can be sent, and change nothing', async () => {
    expect((await put((await get()).json())).json()).toEqual(DEFAULTS);
    expect(node.switches).toEqual([]);
    expect((await node.directory.settings('default')).text.generation).toBe(0);
  });

  test('what decides about words is switched to by the shards, the rest holds at once', async () => {
    await put({ stop_words: ['foo'], facets: [], understand: false });
    expect(node.switches).toEqual([]);
    expect(await node.directory.settings('default')).toMatchObject({
      text: { generation: 0, stopWords: ['foo'] },
      facets: [],
      understand: false,
    });
    await put({ identifiers: ['ref'], stop_words: ['foo'] });
    expect(node.switches).toEqual(['default']);
    expect((await node.directory.settings('default')).text).toMatchObject({
      generation: 0,
      identifiers: DEFAULTS.identifiers,
    });
  });

  test.each<[string, unknown, string]>([
    ['an unknown member', { searchables: [] }, 'searchables'],
    ['no list', { searchable: 'title' }, 'searchable'],
    ['an empty list of fields', { searchable: [] }, 'searchable'],
    ['a field that is no object', { searchable: ['title'] }, 'searchable[0]'],
    ['a field without weight', { searchable: [{ field: 'title' }] }, 'searchable[0].weight'],
    ['a field without name', { searchable: [{ weight: 1 }] }, 'searchable[0].field'],
    ['weight 0', { searchable: [{ field: 'a', weight: 0 }] }, 'searchable[0].weight'],
    ['a weight as text', { searchable: [{ field: 'a', weight: '1' }] }, 'searchable[0].weight'],
    ['a weight too large', { searchable: [{ field: 'a', weight: 1e9 }] }, 'searchable[0].weight'],
    ['more in a field', { searchable: [{ field: 'a', weight: 1, b: 1 }] }, 'searchable[0].b'],
    ['a blank name', { searchable: [{ field: ' ', weight: 1 }] }, 'searchable[0].field'],
    [
      'a field twice',
      {
        searchable: [
          { field: 'a', weight: 1 },
          { field: 'a', weight: 2 },
        ],
      },
      'searchable[1].field',
    ],
    ['an identifier that is no text', { identifiers: ['sku', 7] }, 'identifiers[1]'],
    ['an identifier twice', { identifiers: ['sku', 'sku'] }, 'identifiers[1]'],
    ['half a surrogate', { identifiers: ['\ud800'] }, 'identifiers[0]'],
    ['stop words as one text', { stop_words: 'the' }, 'stop_words'],
    ['an empty stop word', { stop_words: [''] }, 'stop_words[0]'],
    ['another language', { language: 'de' }, 'language'],
    ['null', { language: null }, 'language'],
    ['facets of another word', { facets: 'none' }, 'facets'],
    ['facets as an object', { facets: {} }, 'facets'],
    ['a facet that is no name', { facets: ['brand', null] }, 'facets[1]'],
    ['sortable as a number', { sortable: 1 }, 'sortable'],
    ['a sortable field twice', { sortable: ['price', 'price'] }, 'sortable[1]'],
    ['understand as text', { understand: 'yes' }, 'understand'],
    ['days that are none', { tiers: { warm: { found_days: -1 } } }, 'tiers.warm.found_days'],
    ['too many days', { tiers: { cold: { found_days: 731 } } }, 'tiers.cold.found_days'],
    ['days as text', { tiers: { cold: { found_days: '30' } } }, 'tiers.cold.found_days'],
    ['an unknown condition', { tiers: { warm: { seen_days: 1 } } }, 'tiers.warm.seen_days'],
    ['a list', [], 'body'],
  ])('%s is 400, names the field and changes nothing', async (_, body, field) => {
    const refused = await put(body);
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error).toMatchObject({ code: 'invalid_field', field });
    expect((await get()).json()).toEqual(DEFAULTS);
  });

  test('nothing, and what is no JSON, is 400', async () => {
    for (const body of [undefined, '', '{']) {
      const refused = await put(body, { 'content-type': 'application/json' });
      expect(refused.statusCode).toBe(400);
      expect(refused.json().error.code).toBe('invalid_json');
    }
    const text = await put('language=en', { 'content-type': 'text/plain' });
    expect(text.statusCode).toBe(415);
  });

  test('belong to a tenant: one that was never written to has none, and is not made', async () => {
    const ghost = { [TENANT_HEADER]: 'ghost' };
    for (const reply of [await get(ghost), await put({}, ghost)]) {
      expect(reply.statusCode).toBe(404);
      expect(reply.json().error).toMatchObject({ code: 'not_found', field: TENANT_HEADER });
    }
    expect((await put({}, { [TENANT_HEADER]: 'A b' })).statusCode).toBe(400);
    const shop = { [TENANT_HEADER]: 'shop' };
    await node.send('POST', '/products', { id: 'a', title: 'A', category: 'C' }, shop);
    expect((await put({ language: 'none' }, shop)).statusCode).toBe(200);
    expect((await get(shop)).json()).toMatchObject({ language: 'none' });
    expect((await get()).json()).toEqual(DEFAULTS);
  });

  test('want the key', async () => {
    await node.close();
    node = await openHttp({ apiKey: 'k' });
    expect((await get()).statusCode).toBe(401);
    expect((await put({})).statusCode).toBe(401);
    expect((await put({}, { authorization: 'Bearer k' })).statusCode).toBe(200);
  });
});
