import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, type Reply } from './cluster.js';

/** Invariant 9 on a whole node: bad input gets a 4xx that names the field, and changes nothing. */

const DIMENSIONS = 4;
const GOOD = { id: 'good', title: 't', category: 'c', price: 1, vector: [1, 2, 3, 4] };
const QUERY = { vector: [1, 2, 3, 4] };

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ args: ['--model', 'none', '--dimensions', String(DIMENSIONS)] });
  await cluster.index([GOOD]);
});
afterAll(async () => {
  // Nothing of all this ended the node or a shard, or changed what was there.
  expect(cluster.process.exitCode).toBeNull();
  expect((await cluster.send('GET', '/healthz')).json['status']).toBe('ok');
  expect((await cluster.send('GET', '/products/good')).json['price']).toBe(1);
  expect(await cluster.stop()).toBe(0);
  cluster.remove();
});

function expectError(reply: Reply, status: number, code: string, field?: string): void {
  const error = reply.json['error'] as Record<string, unknown>;
  expect([reply.status, error['code']]).toEqual([status, code]);
  expect(error['message']).toEqual(expect.any(String));
  expect(error['request_id']).toEqual(expect.any(String));
  expect(error['field']).toBe(field);
  if (field !== undefined) expect(error['message']).toContain(field);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** JSON text rather than a value: NaN and 1e400 are no JSON values. */
const withMember = (base: object, name: string, json: string): Uint8Array =>
  bytes(JSON.stringify({ ...base, [name]: '@' }).replace('"@"', () => json));

describe('POST /products', () => {
  test.each([
    ['id', '7'],
    ['id', '""'],
    ['id', `"${'x'.repeat(257)}"`],
    ['id', 'null'],
    ['title', '["t"]'],
    ['title', '"\\ud800"'],
    ['category', '""'],
    ['category', `"${'é'.repeat(129)}"`],
    ['brand', '1'],
    ['description', '{}'],
    ['image_url', 'false'],
    ['url', '[]'],
    ['price', '"1"'],
    ['price', '1e400'],
    ['price', 'true'],
    ['in_stock', '1'],
    ['categories', '"c"'],
    ['categories[1]', '["a", 2]', 'categories'],
    ['attributes', '[]'],
    ['attributes.a', '{"a": {"b": 1}}', 'attributes'],
    ['attributes.a[0]', '{"a": [1]}', 'attributes'],
    ['version', '1.5'],
    ['version', '"3"'],
    ['vector', '"x"'],
    ['vector', '[1, 2, 3]'],
    ['vector', '[0, 0, 0, 0]'],
    ['vector[1]', '[1, 1e39, 3, 4]', 'vector'],
    ['vector[2]', '[1, 2, null, 4]', 'vector'],
    ['op', '"remove"'],
  ])('%s as %.30s', async (field, json, member = field) => {
    const body = withMember(GOOD, member, json);
    expectError(await cluster.post('/products', body), 400, 'invalid_field', field);
  });

  test.each(['id', 'title', 'category', 'vector'])('without %s', async (field) => {
    const reply = await cluster.post('/products', { ...GOOD, [field]: undefined });
    expectError(reply, 400, 'invalid_field', field);
  });
});

describe('POST /search/vector', () => {
  test.each([
    ['vector', '[1, 2, 3]'],
    ['vector', 'null'],
    ['vector[0]', '["1", 2, 3, 4]', 'vector'],
    ['vector[1]', '[1, 1e39, 3, 4]', 'vector'],
    ['vector', '[0, 0, 0, 0]'],
    ['top_k', '0'],
    ['top_k', '1001'],
    ['top_k', '1.5'],
    ['top_k', '"5"'],
    ['top_k', '1e39'],
    ['top_k', 'null'],
    ['exact', '"true"'],
    ['timeout_ms', '0'],
    ['timeout_ms', '60001'],
    ['fields', '"title"'],
    ['fields[1]', '["a", 1]', 'fields'],
    ['filter', '[]'],
    ['filter', 'null'],
    ['filter.price.near', '{"price": {"near": 1}}', 'filter'],
    ['filter.price.lte', '{"price": {"lte": true}}', 'filter'],
    ['filter.or', '{"or": {}}', 'filter'],
    ['filter.not', '{"not": 1}', 'filter'],
    ['filter', `${'{"not":'.repeat(9)}{}${'}'.repeat(9)}`],
    ['filter', `{"or": [${Array<string>(101).fill('{"a": 1}').join(',')}]}`],
    ['filter', `{"a": [${Array.from({ length: 1_001 }, (_, i) => i).join(',')}]}`],
    ['top_kk', '1'],
    ['query', '"both"'],
  ])('%s as %.30s', async (field, json, member = field) => {
    const reply = await cluster.post('/search/vector', withMember(QUERY, member, json));
    expectError(reply, 400, 'invalid_field', field);
  });

  test('without vector', async () => {
    expectError(await cluster.post('/search/vector', {}), 400, 'invalid_field', 'vector');
  });
});

test('POST /search/text and /search/batch', async () => {
  for (const query of [undefined, '', 5, ['x'], 'x'.repeat(2_001)]) {
    expectError(await cluster.post('/search/text', { query }), 400, 'invalid_field', 'query');
  }
  for (const searches of [undefined, [], {}, 'x', Array<object>(101).fill(QUERY)]) {
    const reply = await cluster.post('/search/batch', { searches });
    expectError(reply, 400, 'invalid_field', 'searches');
  }
});

const ROUTES = ['/products', '/search/text', '/search/vector', '/search/batch'];
const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);

describe.each(ROUTES)('a body to %s that', (path) => {
  test.each<[string, Uint8Array]>([
    ['is empty', bytes('')],
    ['is cut off', bytes('{"id": "x", ')],
    ['holds NaN', bytes('{"price": NaN}')],
    ['is not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['is not JSON', bytes('id=1')],
    ['sets __proto__', bytes('{"__proto__": {"x": 1}}')],
  ])('%s is invalid_json', async (_, body) => {
    expectError(await cluster.post(path, body), 400, 'invalid_json');
  });

  test('is nested 100,000 deep, or no object, is invalid_field', async () => {
    for (const body of [DEEP, `{"filter": ${DEEP}}`, '5', 'null', '"x"']) {
      const reply = await cluster.post(path, bytes(body));
      expect(reply).toMatchObject({ status: 400, json: { error: { code: 'invalid_field' } } });
    }
  });

  test('has 40 MB is too_large, has another type or is compressed is unsupported', async () => {
    expectError(await cluster.post(path, new Uint8Array(40 << 20).fill(0x20)), 413, 'too_large');
    for (const header of [{ 'content-type': 'text/plain' }, { 'content-encoding': 'br' }]) {
      const reply = await cluster.post(path, bytes('{}'), header);
      expectError(reply, 415, 'unsupported_media_type');
    }
  });
});

test('paths and query parameters', async () => {
  const get = (path: string) => cluster.send('GET', path);
  expectError(await get('/products/%ff'), 400, 'invalid_field', 'path');
  expectError(await get(`/products/${'x'.repeat(257)}`), 400, 'invalid_field', 'id');
  expectError(await get('/products/good?fields='), 400, 'invalid_field', 'fields');
  expectError(await get('/nothing'), 404, 'not_found');
  for (const [field, query] of [
    ['wait', 'wait=yes'],
    ['wait_timeout_ms', 'wait=searchable&wait_timeout_ms=-1'],
    ['wiat', 'wiat=searchable'],
  ]) {
    expectError(await cluster.post(`/products?${query}`, GOOD), 400, 'invalid_field', field);
  }
});

const MEMBERS = ['id', 'title', 'category', 'price', 'attributes', 'version', 'op', 'vector'];
const SEARCH_MEMBERS = ['query', 'top_k', 'filter', 'fields', 'exact', 'timeout_ms', 'searches'];
const oddJson = fc.oneof(
  fc.constantFrom('1e39', '-1e400', 'NaN', '-0', '9007199254740993', '"\\udc00"', '{}', '[]', DEEP),
  fc.json({ maxDepth: 4, stringUnit: 'binary' }),
);
const oddBody = fc
  .tuple(
    fc.constantFrom({ ...GOOD, id: 'odd' }, QUERY, { query: 'q' }, { searches: [QUERY] }),
    fc.constantFrom(...MEMBERS, ...SEARCH_MEMBERS),
    oddJson,
  )
  .map(([base, name, json]) => withMember(base, name, json));
const oddRequest = fc.tuple(
  fc.constantFrom('POST', 'PATCH', 'DELETE', 'GET', 'PUT'),
  fc.constantFrom(...ROUTES, '/products/odd', '/products/%e2%28', '/', '/stats', '/categories'),
  fc.oneof(oddBody, fc.uint8Array({ maxLength: 60 })),
  fc.constantFrom('application/json', 'application/x-ndjson', 'application/json; charset=latin1'),
);

test('whatever is sent: 2xx, or a 4xx in the error shape, or the documented 503', async () => {
  await fc.assert(
    fc.asyncProperty(oddRequest, async ([method, path, body, type]) => {
      const sent = method === 'GET' ? {} : { body: new Uint8Array(body) };
      const headers = { 'content-type': type };
      const response = await fetch(cluster.url + path, { method, headers, ...sent });
      const text = await response.text();
      if (response.status < 300) return;
      const { error } = JSON.parse(text) as { error: Record<string, unknown> };
      expect(error['code']).toEqual(expect.any(String));
      expect(error['request_id']).toEqual(expect.any(String));
      if (response.status >= 500) {
        // There is no encoder: text searches say so.
        expect([path, response.status, error['code']]).toEqual([
          '/search/text',
          503,
          'unavailable',
        ]);
        expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      }
    }),
    { numRuns: 300 },
  );
});
