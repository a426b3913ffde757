import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OmniError } from '../../../src/core/errors.js';
import { openHttp, type HttpHarness } from '../harness.js';

let node: HttpHarness;
const SHOES = {
  name: 'shoes',
  fields: [
    { name: 'name', type: 'string' },
    { name: 'brand', type: 'string', facet: true },
    { name: 'price', type: 'float' },
    { name: 'sizes', type: 'int32[]', optional: true, facet: true },
    { name: 'embedding', type: 'float[]', num_dim: 4, optional: true },
  ],
};
const BOOT = { id: '1', name: 'Boot', brand: 'Acme', price: 10, sizes: [40, 41] };
const SANDAL = { id: '2', name: 'Sandal', brand: 'Foo', price: 20.5 };
const documents = '/typesense/collections/shoes/documents';

beforeAll(async () => {
  node = await openHttp({ apiKey: 'secret' });
  await send('POST', '/typesense/collections', SHOES);
  await send(
    'POST',
    `${documents}/import?action=upsert`,
    [BOOT, SANDAL].map((one) => JSON.stringify(one)).join('\n'),
  );
});
afterAll(async () => node.close());
beforeEach(() => {
  node.search.seen = [];
  node.search.failure = undefined;
});

function send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT', url: string, body?: unknown) {
  return node.send(method, url, body, {
    'x-typesense-api-key': 'secret',
    ...(body === undefined ? {} : { 'content-type': 'text/plain' }),
  });
}

describe('keys', () => {
  test('health needs none, all else does, in a header or in the query string', async () => {
    expect((await node.send('GET', '/typesense/health')).json()).toEqual({ ok: true });
    const refused = await node.send('GET', '/typesense/collections');
    expect(refused.statusCode).toBe(401);
    expect(refused.json()).toEqual({
      message: expect.stringContaining('key') as string,
      status: 401,
    });
    const wrong = await node.send('GET', '/typesense/collections?x-typesense-api-key=wrong');
    expect(wrong.statusCode).toBe(401);
    const right = await node.send('GET', '/typesense/collections?x-typesense-api-key=secret');
    expect(right.statusCode).toBe(200);
  });
});

describe('collections', () => {
  test('are made once, described, changed, listed and dropped', async () => {
    const made = await send('POST', '/typesense/collections', {
      name: 'hats',
      fields: [{ name: 'name', type: 'string' }],
    });
    expect(made.statusCode).toBe(201);
    expect(made.json()).toMatchObject({
      name: 'hats',
      num_documents: 0,
      created_at: expect.any(Number) as number,
    });
    const again = await send('POST', '/typesense/collections', { name: 'hats', fields: [] });
    expect(again.statusCode).toBe(409);
    expect(again.json()['message']).toBe('A collection with name `hats` already exists.');
    const change = {
      fields: [
        { name: 'name', drop: true },
        { name: 'color', type: 'string', facet: true },
      ],
    };
    expect((await send('PATCH', '/typesense/collections/hats', change)).statusCode).toBe(200);
    const listed = (await send('GET', '/typesense/collections')).json() as unknown as {
      name: string;
      fields: { name: string }[];
    }[];
    expect(
      listed.map(({ name, fields }) => [name, fields.map((field) => field.name)]),
    ).toContainEqual(['hats', ['color']]);
    expect((await send('DELETE', '/typesense/collections/hats')).json()).toMatchObject({
      name: 'hats',
    });
    expect((await send('GET', '/typesense/collections/hats')).statusCode).toBe(404);
    expect(
      (await send('POST', '/typesense/collections', { name: 'hats', fields: [] })).statusCode,
    ).toBe(201);
    await send('DELETE', '/typesense/collections/hats');
  });

  test('texts of the schema are searched', async () => {
    const settings = await node.send('GET', '/settings', undefined, {
      authorization: 'Bearer secret',
      'x-omnisearch-tenant': 'shoes',
    });
    expect(settings.json()['searchable']).toContainEqual({ field: 'name', weight: 1 });
  });

  test.each([
    [{ name: 'x', fields: [{ name: 'a', type: 'text' }] }, 'fields[0].type must be one of'],
    [{ name: 'x', fields: [{ name: 'a', type: 'geopoint' }] }, 'fields[0].type must be one of'],
    [
      { name: 'x', fields: [{ name: 'a', type: 'string', reference: 'b.c' }] },
      'fields[0].reference is not served',
    ],
    [{ name: 'x', fields: [{ name: 'a', type: 'float[]', num_dim: 3 }] }, 'must be 4'],
    [{ name: 'X y', fields: [] }, 'must be'],
    [{ fields: [] }, 'name must be a string'],
  ])('refuses %j', async (schema, message) => {
    const reply = await send('POST', '/typesense/collections', schema);
    expect(reply.statusCode).toBe(400);
    expect(reply.json()['message']).toContain(message);
  });
});

describe('documents', () => {
  test('come back as they were sent', async () => {
    expect((await send('GET', `${documents}/1`)).json()).toEqual(BOOT);
    expect((await send('GET', `${documents}/9`)).statusCode).toBe(404);
  });

  test('are kept as products with a title and a category', async () => {
    const headers = { authorization: 'Bearer secret', 'x-omnisearch-tenant': 'shoes' };
    const product = await node.send('GET', '/products/1', undefined, headers);
    expect(product.json()).toMatchObject({ title: 'Boot', category: '-', brand: 'Acme' });
  });

  test('created, upserted, updated, emplaced and deleted', async () => {
    const hat = { id: '3', name: 'Clog', brand: 'Acme', price: 1 };
    expect((await send('POST', documents, hat)).statusCode).toBe(201);
    const again = await send('POST', documents, hat);
    expect(again.statusCode).toBe(409);
    expect(
      (await send('POST', `${documents}?action=upsert`, { ...hat, price: 2 })).statusCode,
    ).toBe(201);
    const patched = await send('PATCH', `${documents}/3`, { name: 'Wooden clog' });
    expect(patched.json()).toEqual({ ...hat, price: 2, name: 'Wooden clog' });
    const headers = { authorization: 'Bearer secret', 'x-omnisearch-tenant': 'shoes' };
    expect((await node.send('GET', '/products/3', undefined, headers)).json()['title']).toBe(
      'Wooden clog',
    );
    const missing = await send('POST', `${documents}?action=update`, { id: '4', price: 5 });
    expect(missing.statusCode).toBe(404);
    const emplaced = await send('POST', `${documents}?action=emplace`, {
      id: '4',
      name: 'N',
      brand: 'B',
      price: 5,
    });
    expect(emplaced.statusCode).toBe(201);
    expect((await send('DELETE', `${documents}/4`)).json()).toMatchObject({ id: '4' });
    expect((await send('GET', `${documents}/4`)).statusCode).toBe(404);
    await send('DELETE', `${documents}/3`);
  });

  test('by filter', async () => {
    const rows = [5, 6, 7].map((id) =>
      JSON.stringify({ id: `${id}`, name: 'T', brand: 'T', price: id }),
    );
    await send('POST', `${documents}/import`, rows.join('\n'));
    const updated = await send('PATCH', `${documents}?filter_by=price:>5`, { brand: 'U' });
    expect(updated.json()).toEqual({ num_updated: 4 });
    for (const [filter, status] of [
      ['', 400],
      ['%20', 400],
      ['brnd:!=T', 404],
    ] as const) {
      for (const method of ['PATCH', 'DELETE'] as const) {
        const refused = await send(
          method,
          `${documents}?filter_by=${filter}`,
          method === 'PATCH' ? { brand: 'V' } : undefined,
        );
        expect(refused.statusCode).toBe(status);
      }
    }
    const all = await send('DELETE', `${documents}?filter_by=brand:=[\`U\`,\`T\`]`);
    expect(all.json()).toEqual({ num_deleted: 5 });
    expect((await send('DELETE', documents)).statusCode).toBe(400);
    await send('POST', `${documents}?action=upsert`, SANDAL);
    await send('POST', `${documents}?action=upsert`, BOOT);
  });

  test('import answers a line a row, without an end of line', async () => {
    const rows = [
      JSON.stringify({ ...BOOT, id: '1' }),
      'no json',
      JSON.stringify({ id: '8', name: 'T', brand: 'T', price: 'cheap' }),
      JSON.stringify({ id: '8', name: 'T', brand: 'T', price: '8' }),
      JSON.stringify({ id: '8', name: 'T', brand: 'T', price: 8 }),
      JSON.stringify({ name: 'T', brand: 'T', price: 8, op: 'delete' }),
      '[]',
    ].join('\n');
    const reply = await send('POST', `${documents}/import?return_id=true`, rows);
    expect(reply.statusCode).toBe(200);
    const lines = reply.body.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ success, code }) => [success, code])).toEqual([
      [false, 409],
      [false, 400],
      [false, 400],
      [true, undefined],
      [false, 409],
      [false, 400],
      [false, 400],
    ]);
    expect(lines[3]).toEqual({ success: true, id: '8' });
    expect(lines[2]?.['document']).toBe(rows.split('\n')[2]);
    expect((await send('GET', `${documents}/8`)).json().price).toBe(8);
    await send('DELETE', `${documents}/8`);
  });

  test('export streams lines', async () => {
    const reply = await send(
      'GET',
      `${documents}/export?include_fields=id,price&filter_by=price:<15`,
    );
    expect(reply.body).toBe('{"id":"1","price":10}');
    const all = await send('GET', `${documents}/export`);
    expect(
      all.body
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string })
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['1', '2']);
  });

  test("a vector is the product's", async () => {
    const reply = await send('POST', documents, {
      id: 'v',
      name: 'V',
      brand: 'V',
      price: 1,
      embedding: [3, 0, 0, 4],
    });
    expect(reply.statusCode).toBe(201);
    const headers = { authorization: 'Bearer secret', 'x-omnisearch-tenant': 'shoes' };
    const product = await node.send('GET', '/products/v?fields=vector', undefined, headers);
    expect(product.json()['vector']).toEqual([0.6000000238418579, 0, 0, 0.800000011920929]);
    await send('DELETE', `${documents}/v`);
  });
});

describe('multi_search', () => {
  const search = async (searches: unknown[], query = '') =>
    (await send('POST', `/typesense/multi_search${query}`, { searches })).json()
      .results as unknown as Record<string, never>[];

  test('asks for what the tour asks for', async () => {
    await search([
      {
        collection: 'shoes',
        q: '*',
        query_by: 'name',
        facet_by: 'brand,price',
        max_facet_values: 20,
        filter_by: 'brand:=[`Acme`] && price:=[10..50]',
        sort_by: 'price:asc',
        page: 2,
        per_page: 12,
        pinned_hits: '1:1',
        hidden_hits: '2',
        group_by: 'brand',
        group_limit: 2,
      },
      {
        collection: 'shoes',
        q: 'boot',
        prefix: 'false',
        per_page: 0,
        facet_by: 'brand',
        facet_query: 'brand:ac',
      },
    ]);
    expect(node.search.seen[0]).toMatchObject({
      tenant: 'shoes',
      query: undefined,
      topK: 12,
      shop: {
        facets: [
          { field: 'brand', limit: 20 },
          { field: 'price', limit: 20 },
        ],
        sort: [{ field: 'price', order: 'asc' }],
        from: 12,
        pinned: [{ id: '1', position: 1 }],
        hidden: ['2'],
        group: { field: 'brand', limit: 2 },
      },
    });
    expect(node.search.seen[1]).toMatchObject({
      query: 'boot',
      topK: 0,
      text: { prefix: false, highlight: ['title', 'brand', 'description', 'category'] },
      shop: { facets: [{ field: 'brand', prefix: 'ac' }] },
    });
  });

  test('what clients read of a reply', async () => {
    const [result] = await search(
      [{ q: 'boot', query_by: 'name', per_page: 1 }],
      '?collection=shoes&page=1',
    );
    expect(result).toMatchObject({
      found: expect.any(Number) as number,
      out_of: 2,
      page: 1,
      search_cutoff: false,
      search_time_ms: expect.any(Number) as number,
      request_params: { collection_name: 'shoes', q: 'boot', per_page: 1 },
      facet_counts: [],
      hits: [
        {
          document: expect.objectContaining({ name: expect.any(String) as string }) as object,
          highlight: {},
          highlights: [],
          text_match: expect.any(Number) as number,
        },
      ],
    });
    expect(
      Object.keys((result as unknown as { hits: { document: object }[] }).hits[0]?.document ?? {}),
    ).not.toContain('title');
  });

  test('a failed search has its error in its place', async () => {
    const results = await search([
      { collection: 'shoes', q: 'x' },
      { collection: 'none', q: 'x' },
      { collection: 'shoes', q: 'x', filter_by: 'nothing:=1' },
      { collection: 'shoes', q: 'x', filter_by: 'brand' },
      { collection: 'shoes', q: 'x', facet_by: 'nothing' },
      { collection: 'shoes', q: 'x', conversation: true },
      { collection: 'shoes', q: 'x', page: 200, per_page: 100 },
      { q: 'x' },
    ]);
    expect(results.map((one) => one['code'])).toEqual([
      undefined,
      404,
      404,
      400,
      404,
      400,
      400,
      400,
    ]);
    expect(results[2]?.['error']).toBe(
      'Could not find a field named `nothing` to filter by in the schema.',
    );
    expect(results[5]?.['error']).toContain('conversation');
  });

  test('a search that the engine refuses, too', async () => {
    node.search.failure = new OmniError('unavailable', 'no shard answered');
    const [result] = await search([{ collection: 'shoes', q: 'x' }]);
    expect(result).toEqual({ code: 503, error: 'no shard answered' });
  });

  test('what changes nothing is named', async () => {
    const reply = await send('POST', '/typesense/multi_search?use_cache=true', {
      searches: [{ collection: 'shoes', q: 'x', num_typos: 1, infix: 'off' }],
    });
    expect(reply.headers['x-omnisearch-ignored']).toBe('use_cache, num_typos, infix');
  });

  test('by vector, by a document, and GET', async () => {
    await search([
      { collection: 'shoes', q: '*', vector_query: 'embedding:([1, 0, 0, 0], k: 3)' },
      { collection: 'shoes', q: '*', vector_query: 'embedding:([], id: 1)' },
      { collection: 'shoes', q: 'boot', vector_query: 'embedding:([], alpha: 1)' },
    ]);
    expect(node.search.seen[0]?.query).toEqual(new Float32Array([1, 0, 0, 0]));
    expect(node.search.seen[1]).toMatchObject({ similarTo: '1', query: undefined });
    expect(node.search.seen[2]?.text?.mode).toBe('vector');
    const reply = await send('GET', `${documents}/search?q=boot&query_by=name&per_page=1&x=1`);
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['x-omnisearch-ignored']).toBe('x');
    expect((await send('GET', `${documents}/search?q=boot&facet_by=zzz`)).statusCode).toBe(404);
  });
});

test('aliases want the admin key where there is one, as the project’s own do', async () => {
  const guarded = await openHttp({ apiKey: 'shop', adminKey: 'boss' });
  try {
    const put = (key: string) =>
      guarded.send(
        'PUT',
        '/typesense/aliases/now',
        { collection_name: 'default' },
        { 'x-typesense-api-key': key },
      );
    expect((await put('shop')).statusCode).toBe(401);
    expect((await put('boss')).statusCode).toBe(200);
  } finally {
    await guarded.close();
  }
});
