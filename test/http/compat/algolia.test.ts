import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OmniError } from '../../../src/core/errors.js';
import { openHttp, type HttpHarness } from '../harness.js';

const PRODUCT = {
  id: '1',
  title: 'Leather boot',
  category: 'Shoes',
  brand: 'Acme',
  price: 10,
  categories: ['Shoes > Boots'],
};
let node: HttpHarness;

beforeAll(async () => {
  node = await openHttp({ apiKey: 'secret' });
  const headers = { authorization: 'Bearer secret', 'x-omnisearch-tenant': 'shop' };
  await node.send('POST', '/products', [PRODUCT], headers);
});
afterAll(async () => node.close());
beforeEach(() => {
  node.search.seen = [];
  node.search.failure = undefined;
});

function queries(requests: unknown, key = 'secret') {
  const url = `/algolia/1/indexes/*/queries?x-algolia-api-key=${key}&x-algolia-application-id=x`;
  return node.send('POST', url, { requests }, { 'content-type': 'text/plain' });
}

async function result(...requests: unknown[]) {
  const reply = await queries(requests);
  expect(reply.json()).not.toHaveProperty('message');
  return reply.json().results as unknown as Record<string, unknown>[];
}

test('a key is needed, in the query string or a header', async () => {
  expect((await queries([{ indexName: 'shop' }], 'wrong')).statusCode).toBe(401);
  const url = '/algolia/1/indexes/shop/query';
  const refused = await node.send('POST', url, {});
  expect(refused.json()).toEqual({ message: expect.any(String) as string, status: 401 });
  const headers = { 'x-algolia-api-key': 'secret' };
  expect((await node.send('POST', url, {}, headers)).statusCode).toBe(200);
});

describe('queries', () => {
  test('ask for what the tour asks for', async () => {
    await result(
      {
        indexName: 'shop/sort/price:asc',
        query: 'boot',
        facets: ['brand', 'price'],
        maxValuesPerFacet: 20,
        facetFilters: [['brand:Acme'], 'category:-Hats'],
        numericFilters: ['price>=10', 'price<=50'],
        filters: 'NOT brand:Foo',
        hitsPerPage: 12,
        page: 1,
        tagFilters: '',
        highlightPreTag: '__ais-highlight__',
        highlightPostTag: '__/ais-highlight__',
      },
      {
        indexName: 'shop',
        params: 'query=&hitsPerPage=0&facets=brand&facetFilters=%5B%5B%22brand%3AAcme%22%5D%5D',
      },
      {
        indexName: 'shop',
        type: 'facet',
        facet: 'brand',
        params: { facetQuery: 'ac', maxFacetHits: 5 },
      },
    );
    const [main, counted, searched] = node.search.seen;
    expect(main).toMatchObject({
      tenant: 'shop',
      query: 'boot',
      topK: 12,
      text: { prefix: true, highlight: expect.arrayContaining(['title']) as string[], whole: true },
      filter: {
        kind: 'and',
        of: [
          { kind: 'not', of: { field: 'brand', values: ['Foo'] } },
          { kind: 'and', of: [{ values: ['Acme'] }, { kind: 'not' }] },
          {
            kind: 'and',
            of: [
              { op: 'gte', value: 10 },
              { op: 'lte', value: 50 },
            ],
          },
        ],
      },
      shop: {
        facets: [
          { field: 'brand', limit: 20 },
          { field: 'price', limit: 20 },
        ],
        sort: [{ field: 'price', order: 'asc' }],
        from: 12,
      },
    });
    expect(counted).toMatchObject({
      query: undefined,
      topK: 0,
      filter: { values: ['Acme'] },
      shop: { facets: [{ field: 'brand', limit: 100 }] },
    });
    expect(counted).not.toHaveProperty('queryId');
    expect(searched).toMatchObject({
      topK: 0,
      shop: { facets: [{ field: 'brand', limit: 5, prefix: 'ac' }] },
    });
  });

  test('what clients read of a reply', async () => {
    const [found] = await result({
      indexName: 'shop',
      query: 'boot',
      clickAnalytics: true,
      attributesToRetrieve: ['title'],
    });
    expect(found).toEqual({
      hits: [
        {
          title: 'Leather boot',
          objectID: '1',
          _highlightResult: {
            title: { value: 'Leather boot', matchLevel: 'none', matchedWords: [] },
            brand: { value: 'Acme', matchLevel: 'none', matchedWords: [] },
            category: { value: 'Shoes', matchLevel: 'none', matchedWords: [] },
            categories: [{ value: 'Shoes > Boots', matchLevel: 'none', matchedWords: [] }],
            price: { value: '10', matchLevel: 'none', matchedWords: [] },
          },
        },
      ],
      nbHits: expect.any(Number) as number,
      page: 0,
      nbPages: 1,
      hitsPerPage: 20,
      exhaustiveFacetsCount: true,
      exhaustiveNbHits: true,
      exhaustive: { facetsCount: true, nbHits: true },
      query: 'boot',
      params: 'query=boot&clickAnalytics=true&attributesToRetrieve=%5B%22title%22%5D',
      index: 'shop',
      queryID: expect.any(String) as string,
      processingTimeMS: 1,
    });
  });

  test('pages out of reach are empty, not wrong', async () => {
    const [found] = await result({ indexName: 'shop', page: 1_000, hitsPerPage: 20 });
    expect(found).toMatchObject({ hits: [], page: 1_000 });
    expect(node.search.seen[0]).toMatchObject({ topK: 0 });
  });

  test('values of a facet by its own route', async () => {
    const headers = { 'x-algolia-api-key': 'secret' };
    const reply = await node.send(
      'POST',
      '/algolia/1/indexes/shop/facets/brand/query',
      { params: 'facetQuery=a' },
      headers,
    );
    expect(reply.json()).toMatchObject({ facetHits: [], exhaustiveFacetsCount: true });
  });

  test.each([
    [[{ indexName: 'none' }], 404, 'there is no collection `none`'],
    [[{ indexName: 'shop', facets: ['nothing'] }], 404, 'a field named `nothing`'],
    [[{ indexName: 'shop', facetFilters: 'brand' }], 400, 'facetFilters must be field:value'],
    [[{ indexName: 'shop', filters: 'a b' }], 400, 'filters could not be parsed'],
    [[{ indexName: 'shop', aroundLatLng: '1,2' }], 400, 'aroundLatLng is not served'],
    [[{ indexName: 'shop', hitsPerPage: -1 }], 400, 'hitsPerPage must be an integer'],
    [[{}], 400, 'indexName must be'],
    [[], 400, 'requests must be a list'],
  ])('refuses %j', async (requests, status, message) => {
    const reply = await queries(requests);
    expect(reply.statusCode).toBe(status);
    expect(reply.json()['message']).toContain(message);
  });

  test('an engine that fails', async () => {
    node.search.failure = new OmniError('unavailable', 'no shard answered');
    const reply = await queries([{ indexName: 'shop' }]);
    expect(reply.statusCode).toBe(503);
    expect(reply.json()['message']).toBe('no shard answered');
  });

  test('what changes nothing is named', async () => {
    const reply = await queries([{ indexName: 'shop', userToken: 'u', analytics: false }]);
    expect(reply.headers['x-omnisearch-ignored']).toBe('userToken, analytics');
  });
});
