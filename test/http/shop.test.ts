import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  Hit,
  PLAIN_REPLY,
  PLAIN_SHOP,
  type SearchReply,
  type ShopReply,
} from '../../src/search/search-types.js';
import { openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;

beforeAll(async () => {
  node = await openHttp();
  await node.send('POST', '/products', { id: 'a', title: 'mouse', category: 'Mice' });
});
afterAll(async () => node.close());
beforeEach(() => {
  node.search.seen = [];
});

const text = (body: object) => node.send('POST', '/search/text', { query: 'x', ...body });

describe('a storefront’s request', () => {
  test('all that can be asked for', async () => {
    const reply = await text({
      facets: [
        'brand',
        { field: 'price', ranges: [{ to: 10, label: 'cheap' }, { from: 10, to: 50 }, {}] },
        { field: 'attributes.Colour', limit: 20, prefix: 'bl', disjunctive: true },
      ],
      sort: [{ field: 'price' }, { field: '_score' }, { field: 'brand', order: 'desc' }],
      page: 3,
      per_page: 24,
      group_by: { field: 'model' },
      pinned: [{ id: 'p', position: 1 }],
      hidden: ['h'],
      boost: [{ filter: { brand: 'X' }, weight: 0.5 }],
      diversify: { field: 'brand' },
      tags: ['sale'],
      min_coverage: 99.5,
      rules: false,
    });
    expect(reply.statusCode).toBe(200);
    expect(node.search.seen[0]?.topK).toBe(24);
    expect(node.search.seen[0]?.shop).toEqual({
      facets: [
        { field: 'brand', limit: 10, disjunctive: false },
        {
          field: 'price',
          limit: 10,
          ranges: [{ to: 10, label: 'cheap' }, { from: 10, to: 50 }, {}],
          disjunctive: false,
        },
        { field: 'attributes.Colour', limit: 20, prefix: 'bl', disjunctive: true },
      ],
      sort: [
        { field: 'price', order: 'asc' },
        { field: '_score', order: 'desc' },
        { field: 'brand', order: 'desc' },
      ],
      from: 48,
      cursor: undefined,
      wantsCursor: false,
      group: { field: 'model', limit: 3 },
      pinned: [{ id: 'p', position: 1 }],
      hidden: ['h'],
      boosts: [{ filter: { kind: 'in', field: 'brand', values: ['X'] }, weight: 0.5 }],
      diversify: { field: 'brand', limit: 2 },
      tags: ['sale'],
      minCoverage: 99.5,
      rules: false,
    });
    expect(reply.json()).toMatchObject({ page: 3, per_page: 24 });
  });

  test('nothing asked for is the plain search', async () => {
    await text({});
    expect(node.search.seen[0]?.shop).toEqual(PLAIN_SHOP);
  });

  test.each([
    ['a page alone', { page: 2 }, { topK: 10, from: 10, cursor: undefined, wantsCursor: false }],
    ['the first page', { page: 1, per_page: 5 }, { topK: 5, from: 0, wantsCursor: true }],
    ['counts alone', { per_page: 0 }, { topK: 0, from: 0, cursor: undefined, wantsCursor: false }],
    ['a size alone', { per_page: 7 }, { topK: 7, from: 0, wantsCursor: true }],
    ['the last page', { page: 40, per_page: 250 }, { topK: 250, from: 9_750, wantsCursor: false }],
    ['a walk', { cursor: '*' }, { topK: 10, from: 0, cursor: undefined, wantsCursor: true }],
    ['a walk, too', { cursor: '', top_k: 1_000 }, { topK: 1_000, cursor: undefined }],
    ['a walk further', { cursor: 'abc', per_page: 5 }, { topK: 5, from: 0, cursor: 'abc' }],
  ])('%s', async (_, body, expected) => {
    expect((await text(body)).statusCode).toBe(200);
    const { topK, shop } = node.search.seen[0] ?? {};
    expect({ topK, ...shop }).toMatchObject(expected);
  });

  test('browse instead of a query', async () => {
    const filter = { brand: 'X' };
    const reply = await node.send('POST', '/search/text', { browse: true, filter });
    expect(reply.statusCode).toBe(200);
    expect(node.search.seen[0]).toMatchObject({ query: undefined, filter: { kind: 'in' } });
  });

  test('similar to a product', async () => {
    const reply = await node.send('POST', '/search/similar', { id: 'a', top_k: 3 });
    expect(reply.statusCode).toBe(200);
    expect(node.search.seen[0]).toMatchObject({ query: undefined, similarTo: 'a', topK: 3 });
    const without = await node.send('POST', '/search/similar', { top_k: 3 });
    expect(without.json().error).toMatchObject({ code: 'invalid_field', field: 'id' });
  });

  test('every way to search takes it', async () => {
    const body = { facets: ['brand'], page: 2, per_page: 5 };
    await node.send('POST', '/search/vector', { vector: [1, 0, 0, 0], ...body });
    await node.send('POST', '/search/similar', { id: 'a', ...body });
    const searches = [
      { query: 'x', ...body },
      { vector: [1, 0, 0, 0], ...body },
      { browse: true, ...body },
    ];
    const reply = await node.send('POST', '/search/batch', { searches });
    expect(node.search.seen.map(({ shop }) => [shop?.from, shop?.facets[0]?.field])).toEqual(
      Array(5).fill([5, 'brand']),
    );
    const ids = reply.json().results.map((result) => (result as { query_id?: string }).query_id);
    expect(new Set(ids).size).toBe(3);
    expect(ids).toEqual(node.search.seen.slice(2).map(({ queryId }) => queryId));
  });
});

describe('what is refused is named', () => {
  const many = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i}`);

  test.each([
    ['facets', { facets: 'brand' }, 'facets must be a list of at most 50 facets, got "brand"'],
    ['facets', { facets: many(51) }],
    [
      'facets[0]',
      { facets: [5] },
      `facets[0] must be a field's name, or an object of field and options, got 5`,
    ],
    [
      'facets[0]',
      { facets: [''] },
      `facets[0] must be a field's name of 1 to 256 characters, got ""`,
    ],
    [
      'facets[1].limit',
      { facets: ['a', { field: 'b', limit: 0 }] },
      'facets[1].limit must be an integer from 1 to 1000, got 0',
    ],
    ['facets[0].limit', { facets: [{ field: 'b', limit: 1_001 }] }],
    ['facets[0].field', { facets: [{}] }],
    [
      'facets[0].more',
      { facets: [{ field: 'b', more: 1 }] },
      'facets[0].more is not a known field',
    ],
    ['facets[0].disjunctive', { facets: [{ field: 'b', disjunctive: 1 }] }],
    ['facets[0].ranges', { facets: [{ field: 'b', ranges: [] }] }],
    ['facets[0].ranges[0].from', { facets: [{ field: 'b', ranges: [{ from: '1' }] }] }],
    [
      'facets[0].ranges[1].to',
      { facets: [{ field: 'b', ranges: [{}, { from: 1, to: 1 }] }] },
      'facets[0].ranges[1].to must be above from, got 1',
    ],
    ['facets[1]', { facets: ['a', 'a'] }, 'facets[1] must be named once, got "a" again'],
    ['facets[1].field', { facets: ['a', { field: 'a' }] }],
    ['sort', { sort: [] }],
    ['sort', { sort: 'price' }],
    ['sort[0]', { sort: ['price'] }],
    [
      'sort[0].order',
      { sort: [{ field: 'a', order: 'up' }] },
      'sort[0].order must be "asc" or "desc", got "up"',
    ],
    ['sort[1].field', { sort: [{ field: 'a' }, { field: 'a' }] }],
    ['page', { page: 0 }, 'page must be an integer from 1 on, got 0'],
    ['page', { page: 1.5 }],
    ['per_page', { per_page: 251 }, 'per_page must be an integer from 0 to 250, got 251'],
    ['per_page', { per_page: -1 }],
    [
      'page',
      { page: 41, per_page: 250 },
      'page times per_page must be at most 10000: use cursor to go further, got 10250',
    ],
    ['page', { page: 1_001 }],
    ['page', { page: 1, cursor: 'abc' }, 'page must not be given beside cursor, got 1'],
    ['per_page', { per_page: 0, cursor: '*' }],
    ['cursor', { cursor: 5 }],
    ['top_k', { top_k: 5, per_page: 5 }, 'top_k must not be given beside page or per_page'],
    ['top_k', { top_k: 5, page: 1 }],
    ['group_by', { group_by: 'brand' }],
    ['group_by.field', { group_by: {} }],
    ['group_by.limit', { group_by: { field: 'a', limit: 0 } }],
    ['pinned', { pinned: many(101).map((id) => ({ id, position: 1 })) }],
    ['pinned[0].position', { pinned: [{ id: 'a', position: 0 }] }],
    ['pinned[0].id', { pinned: [{ id: '', position: 1 }] }],
    ['pinned[0].id', { pinned: [{ id: 'é'.repeat(200), position: 1 }] }],
    [
      'pinned[1].id',
      {
        pinned: [
          { id: 'a', position: 1 },
          { id: 'a', position: 2 },
        ],
      },
    ],
    ['hidden', { hidden: many(1_001) }],
    ['hidden[1]', { hidden: ['a', 5] }],
    ['boost[0].filter', { boost: [{ weight: 1 }] }],
    ['boost[0].weight', { boost: [{ filter: {}, weight: '1' }] }],
    ['boost[0].weight', { boost: [{ filter: {}, weight: 1e7 }] }],
    ['boost[0].filter.price.near', { boost: [{ filter: { price: { near: 1 } }, weight: 1 }] }],
    ['diversify.limit', { diversify: { field: 'a', limit: 101 } }],
    ['tags[0]', { tags: [1] }],
    ['min_coverage', { min_coverage: 101 }, 'min_coverage must be a number from 0 to 100, got 101'],
    ['rules', { rules: 'no' }],
    ['browse', { browse: true }, 'browse must not be true beside query'],
    ['tags[0]', { tags: ['\ud800'] }],
  ])('%s', async (field, body, message?: string) => {
    const reply = await text(body);
    expect(reply.statusCode).toBe(400);
    const { error } = reply.json();
    expect(error).toMatchObject({ code: 'invalid_field', field });
    if (message !== undefined) expect(error.message).toBe(message);
    expect(node.search.seen).toEqual([]);
  });

  test('facets and sort that the settings do not have', async () => {
    const shop = { 'x-omnisearch-tenant': 'bounded' };
    await node.send('POST', '/products', { id: 'a', title: 'a', category: 'c' }, shop);
    await node.send('PUT', '/settings', { facets: ['brand'], sortable: ['price'] }, shop);
    const send = (body: object) => node.send('POST', '/search/text', { query: 'x', ...body }, shop);
    const allowed = { facets: ['brand'], sort: [{ field: 'price' }, { field: '_score' }] };
    expect((await send(allowed)).statusCode).toBe(200);
    const facet = await send({ facets: ['brand', { field: 'colour' }] });
    expect(facet.json().error).toMatchObject({
      field: 'facets[1].field',
      message: 'facets[1].field must be one of the facets in the settings, got "colour"',
    });
    const sort = await send({ sort: [{ field: 'brand' }] });
    expect(sort.json().error).toMatchObject({
      field: 'sort[0].field',
      message:
        'sort[0].field must be _score or one of the sortable fields in the settings, got "brand"',
    });
  });
});

describe('a storefront’s reply', () => {
  const shop: ShopReply = {
    total: 7,
    facets: [
      {
        field: 'brand',
        values: [{ value: 'Logitech', count: 5 }],
        other: 2,
        distinct: 3,
        stats: undefined,
      },
      {
        field: 'price',
        values: [{ value: 'cheap', to: 10, count: 0 }],
        other: 0,
        distinct: 4,
        stats: { min: 1, max: 9, avg: 4.5, sum: 9 },
      },
    ],
    nextCursor: 'abc',
    warnings: [
      { code: 'no_such_value', field: 'filter.category', message: 'did you mean "Shoes"?' },
    ],
    rules: ['r1'],
    redirect: '/sale',
    data: [{ banner: 'b' }],
  };

  async function replyWith(change: (reply: SearchReply) => Partial<SearchReply>) {
    const search = node.search.search.bind(node.search);
    node.search.search = async (...asked) => {
      const reply = await search(...asked);
      return { ...reply, ...change(reply) };
    };
    const reply = await text({});
    node.search.search = search;
    return reply.json();
  }

  test('all that it may have', async () => {
    expect(await replyWith(() => ({ shop }))).toMatchObject({
      total: 7,
      facets: {
        brand: { values: [{ value: 'Logitech', count: 5 }], other: 2 },
        price: {
          values: [{ value: 'cheap', to: 10, count: 0 }],
          other: 0,
          min: 1,
          max: 9,
          avg: 4.5,
        },
      },
      next_cursor: 'abc',
      warnings: shop.warnings,
      rules: ['r1'],
      redirect: '/sale',
      data: [{ banner: 'b' }],
    });
  });

  test('what is empty is left out', async () => {
    const reply = await replyWith(() => ({ shop: { ...PLAIN_REPLY, total: 0 } }));
    const members = ['hits', 'total', 'took_ms', 'timings_ms', 'embedding', 'model', 'partial'];
    expect(Object.keys(reply)).toEqual([...members, 'query_id']);
  });

  test('a hit of a group, and one that is only near', async () => {
    const { hits } = await replyWith(() => {
      const other = new Hit('b', 0.5, '{"id":"b"}');
      const itself = new Hit('a', 1, '{"id":"a"}');
      const group = { value: 'm', total: 5, hits: [itself, other] };
      const grouped = new Hit('a', 1, '{"id":"a"}', undefined, {
        group,
        highlight: { title: 'x' },
      });
      return { hits: [grouped, new Hit('c', 0, '{}', undefined, { isWidened: true })] };
    });
    expect(hits).toEqual([
      {
        id: 'a',
        score: 1,
        product: { id: 'a' },
        highlight: { title: 'x' },
        group: {
          value: 'm',
          total: 5,
          hits: [
            { id: 'a', score: 1, product: { id: 'a' } },
            { id: 'b', score: 0.5, product: { id: 'b' } },
          ],
        },
      },
      { id: 'c', score: 0, product: {}, widened: true },
    ]);
  });
});
