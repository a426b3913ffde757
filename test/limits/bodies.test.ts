import { afterEach, describe, expect, test, vi } from 'vitest';
import { openHttp, type HttpHarness } from '../http/harness.js';
import { jsonRequest, RawConnection, uploadHead } from './raw-http.js';

const MIB = 1 << 20;
const PATIENCE = { timeout: 30_000 };
const NDJSON = 'content-type: application/x-ndjson\r\ntransfer-encoding: chunked';
const product = (id: string) => ({ id, title: 'mouse', category: 'Mice' });
const asTenant = (tenant: string) => ({ 'x-omnisearch-tenant': tenant });

let node: HttpHarness;
const open: RawConnection[] = [];

afterEach(async () => {
  for (const connection of open.splice(0)) connection.destroy();
  await node.close();
});

async function upload(port: number, tenant: string, headers: string, body: string) {
  const connection = await RawConnection.open(port);
  open.push(connection);
  connection.send(uploadHead(tenant, headers) + body);
  return connection;
}

describe('sizes', () => {
  const spaces = (bytes: number) => Buffer.alloc(bytes, 0x20);
  test.each([
    ['a search', '/search/text', MIB],
    ['a search by vector', '/search/vector', MIB],
    ['a batch', '/search/batch', 8 * MIB],
    ['a product', '/products', MIB],
  ])('%s past its bound is 413, at the bound it is read', async (_, url, limit) => {
    node = await openHttp();
    const over = await node.send('POST', url, spaces(limit + 1));
    expect(over.statusCode).toBe(413);
    expect(over.json().error).toMatchObject({ code: 'too_large' });
    expect(over.json().error.message).toContain(String(limit));
    expect((await node.send('POST', url, spaces(limit))).statusCode).toBe(400);
  });

  test('a list of products may have 32 MiB, and each of them one', async () => {
    node = await openHttp();
    const list = (bytes: number) =>
      Buffer.concat([Buffer.from('['), spaces(bytes), Buffer.from(']')]);
    expect((await node.send('POST', '/products', list(32 * MIB))).statusCode).toBe(413);
    const rows = [product('a'), { ...product('b'), description: 'x'.repeat(MIB) }, product('c')];
    const reply = await node.send('POST', '/products', rows);
    expect(reply.json()).toMatchObject({ accepted: 2, rejected_count: 1 });
    expect(reply.json().rejected[0]).toMatchObject({ line: 2, code: 'too_large' });
  });

  test('a declared length past the bound is refused before any of it is held', async () => {
    node = await openHttp();
    const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
    const headers = 'content-type: application/json\r\ncontent-length: 1000000000000';
    const endless = await upload(port, 'a', headers, '[');
    expect(await endless.read((text) => text.includes('}}'))).toContain('HTTP/1.1 413');
  });
});

test('endless uploads hold no other writer up, and are given up when nothing comes', async () => {
  node = await openHttp({ limits: { bodyWindowMs: 400 } });
  const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
  const uploads: RawConnection[] = [];
  for (const tenant of ['a', 'b', 'c', 'd']) {
    uploads.push(await upload(port, tenant, NDJSON, '1\r\n{\r\n'));
    uploads.push(await upload(port, tenant, NDJSON, '1\r\n{\r\n'));
  }
  const declared = 'content-type: application/x-ndjson\r\ncontent-length: 1000000000000';
  uploads.push(await upload(port, 'e', declared, '{'));
  for (let i = 0; i < 20; i++) {
    const tenant = asTenant(i % 2 === 0 ? 'a' : 'other');
    expect((await node.send('POST', '/products', product(`p${i}`), tenant)).statusCode).toBe(200);
  }
  for (const connection of uploads) {
    expect(await connection.read((text) => text.includes('}}'))).toContain('came too slowly');
  }
});

test("a tenant's third stream of products at once is refused, another tenant's is not", async () => {
  node = await openHttp();
  const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
  const begun = vi.spyOn(node.ingest, 'ndjson');
  for (let i = 0; i < 2; i++) await upload(port, 'a', NDJSON, '1\r\n{\r\n');
  await vi.waitUntil(() => begun.mock.calls.length === 2, PATIENCE);
  const row = JSON.stringify(product('x'));
  const stream = { 'content-type': 'application/x-ndjson' };
  const third = await node.send('POST', '/products', row, { ...stream, ...asTenant('a') });
  expect(third.statusCode).toBe(503);
  expect(third.json().error.code).toBe('overloaded');
  const other = await node.send('POST', '/products', row, { ...stream, ...asTenant('b') });
  expect(other.statusCode).toBe(200);
  for (const connection of open) connection.destroy();
  await vi.waitUntil(async () => {
    const again = await node.send('POST', '/products', row, { ...stream, ...asTenant('a') });
    return again.statusCode === 200;
  }, PATIENCE);
});

test('waits until searchable hold no place of a write, and have a bound of their own', async () => {
  node = await openHttp();
  let release = (): void => undefined;
  const lagging = new Promise<string[]>((resolve) => (release = () => resolve(['s1'])));
  node.fleet.awaitApplied = () => lagging;
  const waits = Array.from({ length: 600 }, (_, i) =>
    node.send('POST', '/products?wait=searchable', product(`w${i}`)),
  );
  const all = Promise.all(waits);
  expect((await node.send('POST', '/products', product('plain'))).statusCode).toBe(200);
  const other = node.send('POST', '/products?wait=searchable', product('o'), asTenant('other'));
  await vi.waitUntil(async () => {
    const late = await Promise.race([node.send('POST', '/products?wait=searchable', product('l'))]);
    return late.statusCode === 503;
  }, PATIENCE);
  release();
  const statuses = (await all).map(({ statusCode }) => statusCode);
  expect(statuses.filter((status) => status === 200)).toHaveLength(512);
  expect(statuses.filter((status) => status === 503)).toHaveLength(88);
  expect((await other).json()).toMatchObject({ searchable: false });
});

test('a caller that goes away waits no longer', async () => {
  node = await openHttp();
  const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
  const signals: (AbortSignal | undefined)[] = [];
  node.ingest.waitSearchable = (_tenant, _report, _timeoutMs, signal) => {
    signals.push(signal);
    return new Promise(() => undefined);
  };
  const gone = await RawConnection.open(port);
  gone.send(jsonRequest('/products?wait=searchable', product('w')));
  await vi.waitUntil(() => signals.length === 1, PATIENCE);
  gone.destroy();
  await vi.waitUntil(() => signals[0]?.aborted, PATIENCE);
});

test('a patch may name its type', async () => {
  node = await openHttp();
  await node.send('POST', '/products', product('p'));
  const type = { 'content-type': 'application/merge-patch+json' };
  const patched = await node.send('PATCH', '/products/p', { price: 3 }, type);
  expect(patched.statusCode).toBe(200);
  expect((await node.send('GET', '/products/p')).json()).toMatchObject({ price: 3 });
  expect((await node.send('POST', '/products', product('q'), type)).statusCode).toBe(415);
});
