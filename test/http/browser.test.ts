import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from './harness.js';

const MIB = 1024 * 1024;
let node: HttpHarness;
let open: HttpHarness;
let closed: HttpHarness;
let base: string;

beforeAll(async () => {
  const corsOrigins = ['https://shop.example', 'http://localhost:3000'];
  node = await openHttp({ corsOrigins, apiKey: 'secret', searchMaxAgeS: 60 });
  open = await openHttp({ corsOrigins: ['*'] });
  closed = await openHttp();
  base = `http://127.0.0.1:${await open.server.listen({ port: 0, host: '127.0.0.1' })}`;
});
afterAll(async () => {
  await Promise.all([node, open, closed].map((one) => one.close()));
});

const preflight = (asked: HttpHarness, url: string, origin: string) =>
  asked.server.app.inject({
    method: 'OPTIONS',
    url,
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-omnisearch-tenant',
    },
  });

describe('pages of other origins', () => {
  test('a preflight of an allowed one needs no key', async () => {
    const reply = await preflight(node, '/search/text', 'https://shop.example');
    expect([reply.statusCode, reply.body]).toEqual([204, '']);
    const { headers } = reply;
    expect(headers['access-control-allow-origin']).toBe('https://shop.example');
    expect(headers['access-control-allow-methods']).toBe('POST');
    const allowed = String(headers['access-control-allow-headers']).split(', ');
    for (const name of ['authorization', 'content-type', 'x-omnisearch-tenant', 'x-omnisearch-key'])
      expect(allowed).toContain(name);
    expect(Number(headers['access-control-max-age'])).toBeGreaterThan(0);
    expect(headers.vary).toBe('Origin');
  });

  test('of a product: all that may be done with it', async () => {
    const { headers } = await preflight(node, '/products/a%20b', 'http://localhost:3000');
    const methods = String(headers['access-control-allow-methods']).split(', ').sort();
    expect(methods).toEqual(['DELETE', 'GET', 'PATCH']);
  });

  test.each([
    ['/typesense/multi_search', 'x-typesense-api-key'],
    ['/algolia/1/indexes/shop/queries', 'x-algolia-api-key'],
    ['/algolia/1/indexes/*/queries', 'x-algolia-application-id'],
  ])('of the compatible %s, for its clients’ %s', async (url, header) => {
    const { statusCode, headers } = await preflight(node, url, 'http://localhost:3000');
    expect(statusCode).toBe(204);
    expect(headers['access-control-allow-methods']).toContain('POST');
    expect(headers['access-control-allow-headers']).toContain(header);
    const from = { origin: 'https://shop.example' };
    const refused = await node.send('POST', url, {}, from);
    expect(refused.statusCode).toBe(401);
    expect(refused.headers['access-control-allow-origin']).toBe('https://shop.example');
  });

  test('another one, and routes of operators, are allowed nothing', async () => {
    const other = await preflight(node, '/search/text', 'https://other.example');
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
    expect(other.headers).not.toHaveProperty('access-control-allow-methods');
    for (const url of ['/stats', '/metrics', '/nothing']) {
      const reply = await preflight(open, url, 'https://shop.example');
      expect(reply.statusCode).toBe(404);
      expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('without the setting there is no preflight', async () => {
    expect((await preflight(closed, '/search/text', 'https://shop.example')).statusCode).toBe(404);
    const reply = await closed.send('POST', '/search/text', { query: 'x' }, { origin: 'null' });
    expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
    expect(reply.headers).not.toHaveProperty('vary');
  });

  test('what an allowed one is answered, it may read: refusals, too', async () => {
    const origin = { origin: 'https://shop.example' };
    const refused = await node.send('POST', '/search/text', { query: 'x' }, origin);
    expect(refused.statusCode).toBe(401);
    expect(refused.headers['access-control-allow-origin']).toBe('https://shop.example');
    const key = { authorization: 'Bearer secret' };
    const answered = await node.send('POST', '/search/text', { query: 'x' }, { ...origin, ...key });
    expect(answered.statusCode).toBe(200);
    expect(answered.headers['access-control-allow-origin']).toBe('https://shop.example');
    expect(answered.headers['access-control-expose-headers']).toMatch(/x-request-id/);
    expect(answered.headers.vary).toBe('Origin');
    const other = { origin: 'https://other.example', ...key };
    const unread = await node.send('POST', '/search/text', { query: 'x' }, other);
    expect(unread.headers).not.toHaveProperty('access-control-allow-origin');
    expect(unread.headers.vary).toBe('Origin');
    const kept = await node.send('GET', '/search?q=x', undefined, { ...origin, ...key });
    expect(kept.headers.vary).toMatch(/Origin.*X-OmniSearch-Tenant/);
  });

  test('a star allows all', async () => {
    const { headers } = await preflight(open, '/search/text', 'https://any.example');
    expect(headers['access-control-allow-origin']).toBe('*');
  });
});

describe('compressed', () => {
  const long = { id: 'long', title: 'x', category: 'c', description: 'mouse '.repeat(400) };
  const huge = (i: number) => ({ ...long, id: `h${i}`, description: `mouse ${i} `.repeat(40_000) });

  beforeAll(async () => {
    await open.send('POST', '/products', long);
  });

  const read = (encoding: string, path = '/products/long') =>
    open.server.app.inject({ url: path, headers: { 'accept-encoding': encoding } });

  test.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const)('a reply as %s', async (encoding, decompress) => {
    const reply = await read(encoding);
    expect(reply.headers['content-encoding']).toBe(encoding);
    expect(reply.headers.vary).toMatch(/accept-encoding/i);
    expect(JSON.parse(decompress(reply.rawPayload).toString())).toMatchObject(long);
  });

  test('not what is small, nor for who takes none', async () => {
    expect((await read('gzip', '/livez')).headers).not.toHaveProperty('content-encoding');
    expect((await read('identity')).headers).not.toHaveProperty('content-encoding');
    expect((await read('zstd')).headers).not.toHaveProperty('content-encoding');
  });

  test('an answer of many megabytes, whose room is given back', async () => {
    for (let i = 0; i < 12; i++) await open.send('POST', '/products', huge(i));
    const body = JSON.stringify({ query: 'mouse', top_k: 20 });
    const headers = { 'content-type': 'application/json', 'accept-encoding': 'gzip' };
    for (let i = 0; i < 20; i++) {
      const reply = await fetch(`${base}/search/text`, { method: 'POST', headers, body });
      expect(reply.headers.get('content-encoding')).toBe('gzip');
      expect(reply.headers.get('content-length')).toBeNull();
      const { hits } = (await reply.json()) as { hits: unknown[] };
      expect(hits).toHaveLength(13);
    }
    const bytes = open.search.contexts.at(-1)?.bytes;
    await expect.poll(() => bytes?.held).toBe(0);
  });
});

describe('a body that comes as gzip', () => {
  const send = (path: string, body: Buffer, type = 'application/json') =>
    fetch(`${base}${path}`, {
      method: 'POST',
      headers: { 'content-type': type, 'content-encoding': 'gzip' },
      body: new Uint8Array(body),
    });
  const errorOf = async (reply: Response) => {
    const { error } = (await reply.json()) as { error: { code: string; message: string } };
    return [reply.status, error.code];
  };

  test('is read as what it stands for: JSON, a list, NDJSON', async () => {
    const search = await send('/search/text', gzipSync(JSON.stringify({ query: 'x' })));
    expect(search.status).toBe(200);
    const product = { id: 'z', title: 'zipped', category: 'c' };
    const rows = `${JSON.stringify(product)}\n`.repeat(3);
    const stream = await send('/products', gzipSync(rows), 'application/x-ndjson');
    expect(await stream.json()).toMatchObject({ accepted: 3, rejected_count: 0 });
    const list = await send('/products', gzipSync(JSON.stringify([product])));
    expect(await list.json()).toMatchObject({ accepted: 1 });
  });

  test('counts by what it stands for: a bomb is 413', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MIB, ' '));
    expect(bomb.length).toBeLessThan(MIB);
    expect(await errorOf(await send('/search/text', bomb))).toEqual([413, 'too_large']);
    expect(await errorOf(await send('/products', bomb))).toEqual([413, 'too_large']);
    const line = await send('/products', bomb, 'application/x-ndjson');
    expect([line.status, await line.json()]).toMatchObject([400, { error: {} }]);
  });

  test('that is none, or not whole, is 400', async () => {
    expect(await errorOf(await send('/search/text', Buffer.from('{}')))).toEqual([
      400,
      'invalid_json',
    ]);
    const half = gzipSync(JSON.stringify({ query: 'x'.repeat(500) })).subarray(0, 20);
    expect(await errorOf(await send('/search/text', half))).toEqual([400, 'invalid_json']);
    expect(await errorOf(await send('/search/text', Buffer.alloc(0)))).toEqual([
      400,
      'invalid_json',
    ]);
  });

  test('does not come to a route without a body', async () => {
    const headers = { 'content-encoding': 'gzip' };
    expect((await fetch(`${base}/livez`, { headers })).status).toBe(200);
  });
});
