import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { OmniError } from '../../src/core/errors.js';
import { openHttp, RECALL, type HttpHarness } from './harness.js';

const JSON_TYPE = { 'content-type': 'application/json' };
let node: HttpHarness;

afterEach(async () => node.close());

describe('keys', () => {
  test('API_KEY guards product and search routes, not health', async () => {
    node = await openHttp({ apiKey: 'secret' });
    const open = async (authorization?: string) =>
      (await node.send('GET', '/products/x', undefined, authorization ? { authorization } : {}))
        .statusCode;
    expect(await open()).toBe(401);
    expect(await open('Bearer wrong')).toBe(401);
    expect(await open('Basic secret')).toBe(401);
    expect(await open('Bearer secret')).toBe(404);
    expect(await open('bearer  secret')).toBe(404);
    const refused = await node.send('POST', '/search/text', 'not even JSON');
    expect(refused.statusCode).toBe(401);
    expect(refused.json().error.code).toBe('unauthorized');
    expect((await node.send('GET', '/livez')).statusCode).toBe(200);
    expect((await node.send('GET', '/stats')).statusCode).toBe(200);
  });

  test('ADMIN_KEY is asked for on loopback as well once it is set', async () => {
    node = await openHttp({ adminKey: 'root' });
    for (const page of ['/stats', '/metrics']) {
      expect((await node.send('GET', page)).statusCode).toBe(401);
      const bearer = { authorization: 'Bearer root' };
      expect((await node.send('GET', page, undefined, bearer)).statusCode).toBe(200);
    }
  });

  test('beyond loopback /stats and /metrics want ADMIN_KEY, and are shut without one', async () => {
    node = await openHttp({ loopback: false, adminKey: 'root' });
    expect((await node.send('GET', '/stats')).statusCode).toBe(401);
    const bearer = { authorization: 'Bearer root' };
    expect((await node.send('GET', '/metrics', undefined, bearer)).statusCode).toBe(200);
    await node.close();
    node = await openHttp({ loopback: false });
    expect((await node.send('GET', '/stats', undefined, bearer)).statusCode).toBe(401);
    expect((await node.send('GET', '/healthz')).statusCode).toBe(200);
  });
});

test('status pages', async () => {
  node = await openHttp();
  await node.send('POST', '/search/text', { query: 'x' });
  await node.send('POST', '/search/text', { query: '' });
  expect((await node.send('GET', '/stats')).json()).toEqual({
    model: { name: 'counting', fingerprint: 'f'.repeat(32), dimensions: 4 },
    text: {
      analyzer: 1,
      switching: {
        tenants: 3,
        progress: [{ tenant: 'shop', generation: 2, documents: 40, of: 100 }],
      },
      cutoff: { own: 0.38, calibrated: [{ tenant: 'b', cosine: 0.4, products: 1_000 }] },
    },
    products: 3,
    partitions: 1,
    shards: [
      {
        ...{ name: 's1', documents: 7, bytes: 1_000, behind: 0, recall: RECALL },
        reconciliation: { checks: 12, reconciled: 2, checked_at: '1970-01-01T00:00:01.500Z' },
      },
    ],
    embedding_cache: { entries: 1, hits: 2, misses: 3 },
    answer_cache: { entries: 4, hits: 5, misses: 6 },
  });
  for (let i = 0; i < 2; i++) {
    const { body } = await node.send('GET', '/metrics');
    expect(body).toContain('query_latency_ms_count 1');
    expect(body).toContain('queries_total 1');
    expect(body).toContain('rejected_requests_total{reason="invalid_field"} 1');
    expect(body).not.toContain('search_errors_total{');
    expect(body).toContain('embedding_cache_hits_total 2');
    expect(body).toContain('answer_cache_hits_total 5');
    expect(body).toContain('embedded_products_total 5');
    expect(body).toContain('shard_documents{shard="s1"} 7');
    expect(body).toContain('store_reads_total{process="query-node"} 9');
    expect(body).toContain('shard_store_reads_total{shard="s1"} 9');
    expect(body).toContain('shard_recall{shard="s1",band="1"} 0.99');
    expect(body).not.toContain('shard_recall{shard="s1",band="0.5"}');
    expect(body).toContain('shard_recall_low{shard="s1",band="1"} 0.97');
    expect(body).toContain('shard_recall_repeats{shard="s1",band="0.5"} 0');
    expect(body).toContain('shard_recall_target{shard="s1"} 0.98');
    expect(body).toContain('reconciled_total{shard="s1"} 2');
    expect(body).toContain('reconciliation_checks_total{shard="s1"} 12');
    expect(body).toContain('reconciliation_checked_seconds{shard="s1"} 1.5');
  }
  expect((await node.send('GET', '/healthz')).json()).toEqual({
    status: 'ok',
    parts: [{ name: 'store', state: 'ok' }],
  });
  expect((await node.send('GET', '/readyz')).statusCode).toBe(200);
  node.status.notReady = 'no shard answers';
  const notReady = await node.send('GET', '/readyz');
  expect(notReady.statusCode).toBe(503);
  expect(notReady.json().error.message).toBe('not ready: no shard answers');
});

test('categories with their numbers of products', async () => {
  node = await openHttp();
  await node.send('POST', '/products', [
    { id: '1', title: 'x', category: 'Mice' },
    { id: '2', title: 'x', category: 'Mice' },
  ]);
  expect((await node.send('GET', '/categories')).json()).toEqual({
    categories: [{ category: 'Mice', products: 2 }],
  });
});

test('unknown routes are 404, unknown methods 405 in the error shape, whatever they carry', async () => {
  node = await openHttp();
  for (const [method, url, allowed] of [
    ['GET', '/nope'],
    ['POST', '/nope'],
    ['PUT', '/products', 'POST'],
    ['GET', '/search/text', 'POST'],
    ['POST', '/search/text/'],
    ['DELETE', '/products', 'POST'],
    ['POST', '/products/1', 'PATCH, DELETE, GET, HEAD'],
  ] as const) {
    const reply = await node.send(method, url, method === 'GET' ? undefined : '{broken');
    const [status, code] = allowed === undefined ? [404, 'not_found'] : [405, 'method_not_allowed'];
    expect(reply.statusCode, `${method} ${url}`).toBe(status);
    expect(reply.json().error.code).toBe(code);
    expect(reply.headers.allow).toBe(allowed);
    expect(reply.headers['x-request-id']).toBe(reply.json().error.request_id);
  }
});

test('the page is a fixed table of files', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'omnisearch-web-'));
  await mkdir(join(dir, 'web', 'parts'), { recursive: true });
  await mkdir(join(dir, 'web', 'assets'));
  await writeFile(join(dir, 'web', 'assets', 'app.0123456789.js'), 'run()');
  await mkdir(join(dir, 'pictures'));
  await writeFile(join(dir, 'web', 'index.html'), '<p>shop</p>');
  await writeFile(join(dir, 'web', 'parts', 'app.js'), 'run()');
  await writeFile(join(dir, 'pictures', 'p 1.svg'), '<svg/>');
  await writeFile(join(dir, 'secret.html'), 'secret');
  node = await openHttp({ webDir: join(dir, 'web'), picturesDir: join(dir, 'pictures') });
  await rm(dir, { recursive: true });

  const page = await node.send('GET', '/');
  expect(page.body).toBe('<p>shop</p>');
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  expect(page.headers['cache-control']).toBe('no-cache');
  const etag = String(page.headers.etag);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const again = await node.send('GET', '/', undefined, { 'if-none-match': known });
    expect([known, again.statusCode, again.body]).toEqual([known, 304, '']);
  }
  const other = await node.send('GET', '/', undefined, { 'if-none-match': '"other"' });
  expect(other.statusCode).toBe(200);
  expect((await node.send('GET', '/web/parts/app.js')).body).toBe('run()');
  const picture = await node.send('GET', '/demo/pictures/p%201.svg');
  expect(picture.headers['content-type']).toBe('image/svg+xml; charset=utf-8');
  const asset = await node.send('GET', '/web/assets/app.0123456789.js');
  for (const { headers } of [picture, asset]) {
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
  }
  for (const url of [
    '/web/',
    '/web/../secret.html',
    '/web/..%2fsecret.html',
    '/demo/pictures/x.svg',
  ]) {
    expect((await node.send('GET', url)).statusCode, url).toBe(404);
  }
});

describe('on a socket', () => {
  test('a 40 MB body gets its 413 however it is sent', async () => {
    node = await openHttp();
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    const url = `http://127.0.0.1:${port}/search/text`;
    const whole = await request(url, {
      method: 'POST',
      headers: JSON_TYPE,
      body: Buffer.alloc(40 << 20, 0x20),
    });
    expect(whole.statusCode).toBe(413);
    await whole.body.dump();
    const chunked = await request(url, {
      method: 'POST',
      headers: JSON_TYPE,
      body: Readable.from(
        (async function* () {
          for (let i = 0; i < 40; i++) yield Buffer.alloc(1 << 20, 0x20);
        })(),
      ),
    });
    expect(chunked.statusCode).toBe(413);
    expect(((await chunked.body.json()) as { error: object }).error).toMatchObject({
      code: 'too_large',
    });
  });

  test('a stream longer than any bound of JSON is taken', async () => {
    node = await openHttp();
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    const description = 'x'.repeat(1_000_000);
    const reply = await request(`http://127.0.0.1:${port}/products`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: Readable.from(
        (async function* () {
          for (let i = 0; i < 40; i++) {
            yield Buffer.from(
              `${JSON.stringify({ id: `big${i % 3}`, title: 't', category: 'c', description })}\n`,
            );
          }
        })(),
      ),
    });
    expect(reply.statusCode).toBe(200);
    expect(await reply.body.json()).toMatchObject({ accepted: 40, rejected_count: 0 });
  });

  test('a failure midway is answered while the body still comes', async () => {
    node = await openHttp();
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    node.encoder.failure = new OmniError('unavailable', 'gone');
    const reply = await request(`http://127.0.0.1:${port}/products`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: Readable.from(
        (async function* () {
          for (let i = 0; i < 20_000; i++) {
            yield Buffer.from(`{"id":"${i}","title":"${'t'.repeat(1_000)}","category":"c"}\n`);
          }
        })(),
      ),
    });
    expect(reply.statusCode).toBe(503);
    expect(await reply.body.json()).toMatchObject({ accepted: 0, error: { code: 'unavailable' } });
  });

  test('a stalled body, a broken head and a dead client harm nobody', async () => {
    node = await openHttp({ limits: { bodyWindowMs: 50 } });
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    const head = 'POST /products HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\ncontent-type: ';
    for (const type of ['application/json', 'application/x-ndjson']) {
      const stalled = await exchange(port, `${head}${type}\r\n\r\n{"id"`);
      expect(stalled).toMatch(/^HTTP\/1.1 400 /);
      expect(stalled).toContain('"code":"invalid_json"');
    }
    expect(await exchange(port, 'NONSENSE\r\n\r\n')).toContain('"code":"invalid_json"');
    const long = `GET / HTTP/1.1\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`;
    expect(await exchange(port, long)).toContain('"code":"too_large"');
    const dead = await open(port);
    dead.write(`${head}application/x-ndjson\r\n\r\n{"id":"1","title":"t","category":"c"}\n`);
    dead.destroy();
    expect((await request(`http://127.0.0.1:${port}/livez`)).statusCode).toBe(200);
  });

  test('who goes with several requests unanswered ends them, and takes no room along', async () => {
    node = await openHttp({ limits: { searchConcurrency: 2, searchQueue: 0 } });
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    node.search.hold = new Promise(() => undefined);
    const body = JSON.stringify({ query: 'x' });
    const head = 'POST /search/text HTTP/1.1\r\nhost: x\r\ncontent-type: application/json';
    const gone = await open(port);
    gone.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`.repeat(2));
    await vi.waitUntil(() => node.search.seen.length === 2);
    const refused = await node.send('POST', '/search/text', { query: 'x' });
    expect(refused.statusCode).toBe(503);
    gone.destroy();
    await vi.waitUntil(() => node.search.contexts.every(({ signal }) => signal.aborted));
    node.search.hold = undefined;
    await vi.waitUntil(async () => {
      const searches = [{ query: 'x' }, { query: 'y' }];
      return (await node.send('POST', '/search/batch', { searches })).statusCode === 200;
    });
  });

  test('a node that leaves says so, and answers on', async () => {
    node = await openHttp();
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    const url = `http://127.0.0.1:${port}`;
    node.server.leave();
    expect((await request(`${url}/readyz`)).statusCode).toBe(503);
    const search = { method: 'POST', headers: JSON_TYPE, body: '{"query":"x"}' } as const;
    const answered = await request(`${url}/search/text`, search);
    expect(answered.statusCode).toBe(200);
    expect(answered.headers['connection']).toBe('close');
  });

  test('a node that stops lets running requests end, and answers what still reaches it', async () => {
    node = await openHttp();
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    let release: () => void = () => undefined;
    node.search.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const url = `http://127.0.0.1:${port}`;
    const search = { method: 'POST', headers: JSON_TYPE, body: '{"query":"x"}' } as const;
    const running = request(`${url}/search/text`, search);
    const begun = await open(port);
    begun.write('POST /search/text HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
    while (node.search.seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    const closed = node.server.close(5_000);
    await expect(request(`${url}/livez`, { reset: true })).rejects.toThrow();
    begun.write(`content-length: 13\r\n\r\n${search.body}`);
    while (node.search.seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    release();
    expect((await running).statusCode).toBe(200);
    const [answer] = (await once(begun, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200 .*connection: close/is);
    await closed;
  });

  test('close does not wait longer than its grace', async () => {
    node = await openHttp();
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    node.search.hold = new Promise(() => undefined);
    const body = '{"query":"x"}';
    const running = request(`http://127.0.0.1:${port}/search/text`, {
      method: 'POST',
      headers: JSON_TYPE,
      body,
    });
    const failed = running.then(
      () => false,
      () => true,
    );
    while (node.search.seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    await node.server.close(20);
    expect(await failed).toBe(true);
  });
});

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  });
}

/** Sends bytes as they are; what comes back until the first JSON body is whole. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = await open(port);
  socket.write(bytes);
  let received = '';
  for await (const chunk of socket) {
    received += String(chunk);
    if (received.endsWith('}}') || received.endsWith('"}')) break;
  }
  socket.destroy();
  return received;
}
