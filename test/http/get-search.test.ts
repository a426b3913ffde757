import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
let caching: HttpHarness;

beforeAll(async () => {
  node = await openHttp();
  caching = await openHttp({ searchMaxAgeS: 300 });
  const product = { id: 'a', title: 'mouse', category: 'Mice' };
  await node.send('POST', '/products', product);
  await caching.send('POST', '/products', product);
});
afterAll(async () => {
  await node.close();
  await caching.close();
});
beforeEach(() => {
  node.search.seen = [];
  caching.search.seen = [];
  caching.answers.state = 'same';
});

const address = (query: Record<string, string>): string =>
  `/search?${new URLSearchParams(query).toString()}`;
const get = (query: Record<string, string>) => node.send('GET', address(query));

describe('GET /search', () => {
  test('asks and answers as POST /search/text does', async () => {
    const reply = await get({
      q: 'wireless mouse',
      filter: '{"price":{"lte":50}}',
      fields: 'title,price',
      facets: 'brand,attributes.Colour',
      sort: 'price:desc,a:b:asc,_score',
      page: '2',
      per_page: '5',
      mode: 'keyword',
      prefix: 'true',
      understand: 'false',
      highlight: 'title',
      group_by: 'model',
      diversify: '{"field":"brand","limit":1}',
      pinned: '[{"id":"a","position":1}]',
      hidden: 'b,c',
      boost: '[{"filter":{"brand":"X"},"weight":1.5}]',
      tags: 'sale',
      min_coverage: '99.5',
      rules: 'false',
      exact: 'true',
      timeout_ms: '500',
    });
    expect(reply.statusCode).toBe(200);
    const [asked] = node.search.seen;
    // What it waited for its place is taken from its time.
    expect(asked?.timeoutMs).toBeLessThanOrEqual(500);
    const got = {
      ...asked,
      queryId: expect.any(String) as string,
      timeoutMs: expect.any(Number) as number,
    };
    await node.send('POST', '/search/text', {
      query: 'wireless mouse',
      filter: { price: { lte: 50 } },
      fields: ['title', 'price'],
      facets: ['brand', 'attributes.Colour'],
      sort: [
        { field: 'price', order: 'desc' },
        { field: 'a:b', order: 'asc' },
        { field: '_score' },
      ],
      ...{ page: 2, per_page: 5, mode: 'keyword', prefix: true, understand: false },
      highlight: ['title'],
      group_by: { field: 'model' },
      diversify: { field: 'brand', limit: 1 },
      pinned: [{ id: 'a', position: 1 }],
      hidden: ['b', 'c'],
      boost: [{ filter: { brand: 'X' }, weight: 1.5 }],
      ...{ tags: ['sale'], min_coverage: 99.5, rules: false, exact: true, timeout_ms: 500 },
    });
    expect(node.search.seen[1]).toMatchObject(got);
    expect(reply.json()).toMatchObject({ total: 1, page: 2, per_page: 5, partial: null });
  });

  test('facets as JSON, and a walk', async () => {
    await get({ q: 'x', facets: '[{"field":"brand","limit":3}]', cursor: '*', top_k: '7' });
    expect(node.search.seen[0]).toMatchObject({
      topK: 7,
      shop: { facets: [{ field: 'brand', limit: 3 }], wantsCursor: true },
    });
  });

  test.each([{}, { q: '' }])('without a text it browses: %j', async (query) => {
    expect((await get(query)).statusCode).toBe(200);
    expect(node.search.seen[0]?.query).toBeUndefined();
  });

  test.each([
    ['q', { q: 'x'.repeat(2_001) }],
    ['top_k', { q: 'x', top_k: 'ten' }, 'top_k must be an integer from 1 to 1000, got "ten"'],
    ['top_k', { q: 'x', top_k: '1.5' }],
    ['exact', { q: 'x', exact: '1' }, 'exact must be true or false, got "1"'],
    ['filter', { q: 'x', filter: '{' }],
    ['filter', { q: 'x', filter: '5' }, 'filter must be a filter object, got 5'],
    ['filter.price', { q: 'x', filter: '{"price":"5"}' }],
    ['filter', { q: 'x', filter: '{"__proto__":{}}' }],
    ['sort[0].order', { q: 'x', sort: 'price:up' }],
    ['facets[1]', { q: 'x', facets: 'brand,' }],
    ['group_by.limit', { q: 'x', group_by: '{"field":"a","limit":0}' }],
    ['query', { query: 'x' }, 'query is not a known field'],
    ['browse', { browse: 'true' }],
    ['toString', { toString: 'x' }],
  ])('%s is named', async (field, query: Record<string, unknown>, message?: string) => {
    const reply = await get(query as Record<string, string>);
    expect(reply.statusCode).toBe(400);
    const { error } = reply.json();
    expect(error).toMatchObject({ code: 'invalid_field', field });
    if (message !== undefined) expect(error.message).toBe(message);
    expect(node.search.seen).toEqual([]);
  });

  test('what is given twice is refused', async () => {
    const reply = await node.send('GET', '/search?q=x&q=y');
    expect(reply.json().error).toMatchObject({ field: 'q', message: 'q must be given once' });
  });
});

describe('who may keep the answer', () => {
  test('nobody, without the setting', async () => {
    const { headers } = await get({ q: 'x' });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers.etag).toBeUndefined();
  });

  test('everybody for a while, and then asks whether it is still true', async () => {
    const first = await caching.send('GET', address({ q: 'x', top_k: '5' }));
    expect(first.headers['cache-control']).toBe('public, max-age=300');
    expect(first.headers.vary).toMatch(/X-OmniSearch-Tenant/);
    const etag = String(first.headers.etag);
    expect(etag).toMatch(/^W\/"[0-9a-f]{32}"$/);
    const known = { 'if-none-match': `"other", ${etag}` };
    const again = await caching.send('GET', address({ top_k: '5', q: 'x' }), undefined, known);
    expect([again.statusCode, again.body]).toEqual([304, '']);
    expect(again.headers).toMatchObject({ etag, 'cache-control': 'public, max-age=300' });
    expect(caching.search.seen).toHaveLength(1);
    caching.answers.state = 'changed';
    const changed = await caching.send('GET', address({ q: 'x', top_k: '5' }), undefined, known);
    expect(changed.statusCode).toBe(200);
    expect(changed.headers.etag).not.toBe(etag);
    const other = await caching.send('GET', address({ q: 'y', top_k: '5' }), undefined, known);
    expect(other.statusCode).toBe(200);
  });

  test('while writes are under way it has no tag', async () => {
    caching.answers.state = undefined;
    const { headers } = await caching.send('GET', address({ q: 'x' }));
    expect(headers['cache-control']).toBe('public, max-age=300');
    expect(headers.etag).toBeUndefined();
  });

  test('invariant 6: an answer that misses anything, and an error, are kept by nobody', async () => {
    const search = caching.search.search.bind(caching.search);
    caching.search.search = async (...asked) => ({
      ...(await search(...asked)),
      missing: [{ part: 'shard', shard: 's2', reason: 'timeout' }],
    });
    const partial = await caching.send('GET', address({ q: 'x' }));
    caching.search.search = search;
    expect(partial.statusCode).toBe(200);
    expect(partial.headers['cache-control']).toBe('no-store');
    expect(partial.headers.etag).toBeUndefined();
    const failed = await caching.send('GET', address({ q: 'x', top_k: '0' }));
    expect(failed.statusCode).toBe(400);
    expect(failed.headers['cache-control']).toBe('no-store');
  });
});
