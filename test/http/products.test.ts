import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OmniError } from '../../src/core/errors.js';
import { openHttp, type HttpHarness } from './harness.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
let node: HttpHarness;

beforeAll(async () => {
  node = await openHttp();
});
afterAll(async () => node.close());

function product(id: string, more: object = {}) {
  return { id, title: `title of ${id}`, category: 'Mice', ...more };
}

describe('POST /products', () => {
  test('one object, read back as it was sent, other fields kept', async () => {
    const sent = product('a', { price: 19.9, shop_code: { nested: [1, null, 'x'] }, brand: null });
    const reply = await node.send('POST', '/products', sent);
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toEqual({
      accepted: 1,
      unchanged: 0,
      stale: 0,
      rejected_count: 0,
      rejected: [],
    });
    expect((await node.send('GET', '/products/a')).json()).toEqual(sent);
  });

  test('the same content again changes and embeds nothing, whatever the order of its keys', async () => {
    await node.send('POST', '/products', product('b', { price: 1, in_stock: true }));
    node.encoder.embedded = [];
    const again = { in_stock: true, price: 1, category: 'Mice', title: 'title of b', id: 'b' };
    const reply = await node.send('POST', '/products', again);
    expect(reply.json()).toMatchObject({ accepted: 1, unchanged: 1 });
    expect(node.encoder.embedded).toEqual([]);
  });

  test('a list: positions from 1, the last of equal ids wins', async () => {
    const rows = [
      product('c', { price: 1 }),
      product('d', { price: '2' }),
      product('c', { price: 3 }),
    ];
    const reply = await node.send('POST', '/products', rows);
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toEqual({
      accepted: 2,
      unchanged: 0,
      stale: 0,
      rejected_count: 1,
      rejected: [
        {
          line: 2,
          id: 'd',
          field: 'price',
          code: 'invalid_field',
          message: 'price must be a finite number, got "2"',
        },
      ],
    });
    expect((await node.send('GET', '/products/c')).json()).toMatchObject({ price: 3 });
  });

  test('NDJSON: deletes, blank lines, CRLF, a mark at the start, broken lines', async () => {
    await node.send('POST', '/products', product('gone'));
    const lines = [
      `\uFEFF${JSON.stringify(product('n1'))}`,
      '',
      '{"id": "gone", "op": "delete"}\r',
      '  \t\r',
      '{"id": "n2", "title": ',
      JSON.stringify(product('n3')),
    ];
    const reply = await node.send('POST', '/products', lines.join('\n'), NDJSON);
    expect(reply.json()).toMatchObject({ accepted: 3, rejected_count: 1 });
    expect(reply.json().rejected[0]).toMatchObject({ line: 5, code: 'invalid_json' });
    expect((await node.send('GET', '/products/gone')).statusCode).toBe(404);
    expect((await node.send('GET', '/products/n3')).statusCode).toBe(200);
  });

  test('NDJSON: a line that is not UTF-8 or too long is rejected, the rest is read', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${JSON.stringify(product('u1'))}\n{"id":"`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`"}\n${JSON.stringify(product('u2', { description: 'x'.repeat(5 << 20) }))}\n`),
      Buffer.from(JSON.stringify(product('u3', { description: 'y'.repeat(1_000_000) }))),
    ]);
    const reply = await node.send('POST', '/products', bytes, NDJSON);
    expect(reply.json()).toMatchObject({ accepted: 2, rejected_count: 2 });
    expect(reply.json().rejected).toMatchObject([
      { line: 2, code: 'invalid_json' },
      { line: 3, code: 'too_large' },
    ]);
    expect((await node.send('GET', '/products/u3')).json().description).toHaveLength(1_000_000);
  });

  test('all rows rejected: 400 with counts and error; the list stops at 1,000', async () => {
    const rows = Array.from({ length: 1_200 }, (_, i) => ({ id: `r${i}`, title: 'x' }));
    const reply = await node.send('POST', '/products', rows);
    expect(reply.statusCode).toBe(400);
    const body = reply.json();
    expect(body).toMatchObject({
      accepted: 0,
      rejected_count: 1_200,
      error: { code: 'invalid_field', field: 'category' },
    });
    expect(body.rejected).toHaveLength(1_000);
  });

  test.each([
    ['a list', '[', ',', ']', {}],
    ['NDJSON', '', '\n', '', NDJSON],
  ])(
    '%s of products that are all too large: 400 with counts, as for any other reason',
    async (...row) => {
      const [, start, between, end, headers] = row;
      const large = JSON.stringify(product('large', { description: 'x'.repeat(5 << 20) }));
      const body = start + [large, large].join(between) + end;
      const reply = await node.send('POST', '/products', body, headers);
      expect(reply.statusCode).toBe(400);
      expect(reply.json()).toMatchObject({ rejected_count: 2, error: { code: 'too_large' } });
    },
  );

  test.each([
    ['an empty body', '', 'invalid_json'],
    ['no rows', '\n \n', 'invalid_json', NDJSON],
    ['an empty list', '[]', 'invalid_field'],
    ['a string', '"x"', 'invalid_field'],
    ['null', 'null', 'invalid_field'],
    ['broken JSON', '{"id": ', 'invalid_json'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'invalid_json'],
    ['a __proto__ key', '{"__proto__": {"x": 1}, "id": "p"}', 'invalid_json'],
    ['100,000 levels', '['.repeat(100_000) + ']'.repeat(100_000), 'invalid_field'],
    [
      'levels in a product',
      `{"id":"x","title":"t","category":"c","z":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
      'invalid_field',
    ],
    ['another type', 'id=1', 'unsupported_media_type', { 'content-type': 'text/plain' }],
    ['a compressed body', 'x', 'unsupported_media_type', { 'content-encoding': 'br' }],
  ])('%s is a 4xx in the error shape', async (_, body, code, headers?: Record<string, string>) => {
    const reply = await node.send('POST', '/products', body, headers);
    expect(reply.statusCode).toBeGreaterThanOrEqual(400);
    expect(reply.statusCode).toBeLessThan(500);
    expect(reply.json().error).toMatchObject({ code, request_id: expect.any(String) as string });
  });

  test('a body over 32 MiB is 413', async () => {
    const reply = await node.send('POST', '/products', Buffer.alloc(40 << 20, 0x20));
    expect(reply.statusCode).toBe(413);
    expect(reply.json().error.code).toBe('too_large');
  });

  test.each([
    ['id', { id: 7 }],
    ['id', { id: '' }],
    ['id', { id: 'é'.repeat(129) }],
    ['id', { id: null }],
    ['id', { id: '\ud800' }],
    ['title', { title: undefined }],
    ['title', { title: ['x'] }],
    ['title', { title: 'half \udc00' }],
    ['category', { category: '' }],
    ['category', { category: 'c'.repeat(257) }],
    ['category', { category: null }],
    ['brand', { brand: 1 }],
    ['description', { description: {} }],
    ['image_url', { image_url: false }],
    ['url', { url: [] }],
    ['price', { price: true }],
    ['in_stock', { in_stock: 'yes' }],
    ['in_stock', { in_stock: 1 }],
    ['categories', { categories: 'Mice' }],
    ['categories[1]', { categories: ['a', 2] }],
    ['attributes', { attributes: [] }],
    ['attributes.color', { attributes: { color: { r: 1 } } }],
    ['attributes.sizes[0]', { attributes: { sizes: [1] } }],
    ['version', { version: 1.5 }],
    ['version', { version: -1 }],
    ['version', { version: '3' }],
    ['version', { version: 2 ** 53 }],
    ['vector', { vector: 'x' }],
    ['vector', { vector: [1, 2, 3] }],
    ['vector', { vector: [0, 0, 0, 0] }],
    ['vector[2]', { vector: [1, 2, null, 4] }],
    ['vector[3]', { vector: [1, 2, 3, 1e39] }],
    ['op', { op: 'remove' }],
    ['extra.deep[0]', { extra: { deep: ['\ud800'] } }],
  ])('%s of the wrong kind is named', async (field, change) => {
    const reply = await node.send('POST', '/products', product('bad', change));
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error).toMatchObject({ code: 'invalid_field', field });
    expect(reply.json().error.message).toContain(field);
  });

  test.each([
    ['price', '{"id":"x","title":"t","category":"c","price":1e400}'],
    ['other', '{"id":"x","title":"t","category":"c","other":-1e400}'],
    ['vector[1]', '{"id":"x","title":"t","category":"c","vector":[1,1e400,1,1]}'],
  ])('1e400 in %s is named', async (field, body) => {
    const reply = await node.send('POST', '/products', body);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error.field).toBe(field);
  });

  test("the feed's own version: an older one is stale", async () => {
    await node.send('POST', '/products', product('v', { version: 5, price: 5 }));
    const older = await node.send('POST', '/products', product('v', { version: 4, price: 4 }));
    expect(older.json()).toMatchObject({ accepted: 1, stale: 1 });
    expect((await node.send('GET', '/products/v')).json().price).toBe(5);
  });

  test('wait=searchable adds searchable, or the shards that lag', async () => {
    const url = '/products?wait=searchable&wait_timeout_ms=50';
    expect((await node.send('POST', url, product('w'))).json()).toMatchObject({ searchable: true });
    node.fleet.lagging = ['s2'];
    const late = await node.send('POST', url, product('w', { price: 2 }));
    node.fleet.lagging = [];
    expect(late.statusCode).toBe(200);
    expect(late.json()).toMatchObject({ searchable: false, lagging: ['s2'] });
  });

  test.each([
    ['wait', 'wait=yes'],
    ['wait_timeout_ms', 'wait=searchable&wait_timeout_ms=-1'],
    ['wait_timeout_ms', 'wait=searchable&wait_timeout_ms=700000'],
    ['wiat', 'wiat=searchable'],
  ])('query parameter %s', async (field, query) => {
    const reply = await node.send('POST', `/products?${query}`, product('q'));
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error.field).toBe(field);
  });

  test('a failure midway is 503 with the counts so far', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => product(`m${i}`));
    let calls = 0;
    const embed = node.encoder.embedProducts.bind(node.encoder);
    node.encoder.embedProducts = async (texts) => {
      calls += 1;
      const cause = new Error('the pool is gone');
      if (calls === 2) throw new OmniError('unavailable', 'nothing can be embedded', { cause });
      return embed(texts);
    };
    const reply = await node.send('POST', '/products', rows);
    node.encoder.embedProducts = embed;
    expect(reply.statusCode).toBe(503);
    expect(reply.headers['retry-after']).toBe('1');
    expect(reply.json()).toMatchObject({ accepted: 256, error: { code: 'unavailable' } });
    expect(reply.body).not.toContain('the pool is gone');
  });

  test('a category that the tenant may not open is rejected', async () => {
    node.refusedCategories.add('Typo');
    const reply = await node.send('POST', '/products', product('t', { category: 'Typo' }));
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error.field).toBe('category');
  });
});

describe('GET, PATCH, DELETE /products/{id}', () => {
  test.each(['a/b', '100%', 'a%2Fb', 'é ü', '日本', 'x'.repeat(256), '日'.repeat(85), '?#&', '+'])(
    'id %j survives its path',
    async (id) => {
      await node.send('POST', '/products', product(id));
      const url = `/products/${encodeURIComponent(id)}`;
      expect((await node.send('GET', url)).json()).toMatchObject({ id });
      expect((await node.send('DELETE', url)).statusCode).toBe(200);
      expect((await node.send('GET', url)).statusCode).toBe(404);
    },
  );

  test.each([
    '/products/%ff',
    '/products/%zz',
    `/products/${'x'.repeat(257)}`,
    `/products/${'x'.repeat(5_000)}`,
    '/products/',
  ])('%s is a 4xx', async (url) => {
    const reply = await node.send('GET', url);
    expect([400, 404]).toContain(reply.statusCode);
    expect(reply.json().error.code).toMatch(/invalid_field|not_found/);
  });

  test('fields picks, the vector only when named', async () => {
    await node.send('POST', '/products', product('f', { price: 2, vector: [3, 0, 0, 0] }));
    expect((await node.send('GET', '/products/f')).json()).not.toHaveProperty('vector');
    const picked = await node.send('GET', '/products/f?fields=price,vector,nothing');
    expect(picked.json()).toEqual({ price: 2, vector: [1, 0, 0, 0] });
  });

  test('PATCH merges, removes by null, and embeds only a changed text', async () => {
    const before = product('p', {
      price: 1,
      brand: 'Acme',
      attributes: { color: 'red', size: 'M' },
    });
    await node.send('POST', '/products', before);
    node.encoder.embedded = [];
    const cheap = { price: 2, in_stock: false, attributes: { size: null, fit: 'slim' } };
    const reply = await node.send('PATCH', '/products/p', cheap);
    expect(reply.json()).toMatchObject({ accepted: 1, unchanged: 0 });
    expect(node.encoder.embedded).toEqual([]);
    expect((await node.send('GET', '/products/p')).json()).toEqual({
      ...before,
      price: 2,
      in_stock: false,
      attributes: { color: 'red', fit: 'slim' },
    });
    await node.send('PATCH', '/products/p', { brand: null });
    expect(node.encoder.embedded).toEqual(['title of p Mice']);
    expect((await node.send('GET', '/products/p')).json()).not.toHaveProperty('brand');
  });

  test('PATCH keeps a supplied vector, and embeds when it is set to null', async () => {
    await node.send('POST', '/products', product('pv', { vector: [1, 0, 0, 0] }));
    node.encoder.embedded = [];
    await node.send('PATCH', '/products/pv', { title: 'new' });
    expect((await node.send('GET', '/products/pv?fields=title,vector')).json()).toEqual({
      title: 'new',
      vector: [1, 0, 0, 0],
    });
    expect(node.encoder.embedded).toEqual([]);
    await node.send('PATCH', '/products/pv', { vector: null });
    expect(node.encoder.embedded).toEqual(['new Mice']);
  });

  test.each([
    ['title', { title: null }],
    ['category', { category: 3 }],
    ['id', { id: 'other' }],
    ['body', []],
    ['body', null],
    ['op', { op: 'delete' }],
    ['vector', { vector: [1] }],
  ])('PATCH with a bad %s is 400', async (field, patch) => {
    await node.send('POST', '/products', product('pb'));
    const reply = await node.send('PATCH', '/products/pb', patch ?? 'null');
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error.field).toBe(field);
  });

  test('404 for what is not there', async () => {
    for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
      const reply = await node.send(method, '/products/nope', method === 'PATCH' ? {} : undefined);
      expect(reply.statusCode).toBe(404);
      expect(reply.json().error).toMatchObject({ code: 'not_found' });
    }
  });

  test('invariant 7: tenants are apart', async () => {
    await node.send('POST', '/products', product('t1'), { 'x-omnisearch-tenant': 'shop-b' });
    expect((await node.send('GET', '/products/t1')).statusCode).toBe(404);
    const bad = await node.send('GET', '/products/t1', undefined, { 'x-omnisearch-tenant': 'A' });
    expect(bad.json().error).toMatchObject({ code: 'invalid_field', field: 'X-OmniSearch-Tenant' });
  });
});

test('without an encoder a product must bring its vector, and a patch keeps it', async () => {
  const bare = await openHttp({ encoder: 'none' });
  try {
    const refused = await bare.send('POST', '/products', product('x'));
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error.field).toBe('vector');
    const sent = await bare.send('POST', '/products', product('x', { vector: [1, 1, 0, 0] }));
    expect(sent.statusCode).toBe(200);
    expect((await bare.send('PATCH', '/products/x', { title: 'y' })).statusCode).toBe(200);
    const text = await bare.send('POST', '/search/text', { query: 'y' });
    expect(text.statusCode).toBe(400);
    expect(text.json().error).toMatchObject({ code: 'invalid_field', field: 'query' });
  } finally {
    await bare.close();
  }
});
