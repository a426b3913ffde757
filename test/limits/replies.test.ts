import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openHttp, type HttpHarness } from '../http/harness.js';
import { jsonRequest, RawConnection } from './raw-http.js';

/** 40 products of 900 KB: 36 MB, of which the buffers of a socket take a few. */
const PRODUCTS = 40;
const BYTES = 900_000;
const MIB = 1 << 20;
const PATIENCE = { timeout: 30_000 };

let node: HttpHarness;
let port: number;
const open: RawConnection[] = [];

beforeEach(async () => {
  node = await openHttp({
    limits: {
      ...{ searchConcurrency: 4, searchQueue: 0 },
      ...{ replyBytes: 116 * MIB, replyIdleTimeoutMs: 2_000 },
    },
  });
  port = await node.server.listen({ port: 0, host: '127.0.0.1' });
  for (let i = 0; i < PRODUCTS; i++) {
    const large = { id: `${i}`, title: 't', category: 'c', description: 'x'.repeat(BYTES) };
    expect((await node.send('POST', '/products', large)).statusCode).toBe(200);
  }
  await node.send(
    'POST',
    '/products',
    { id: 's', title: 's', category: 'c' },
    { 'x-omnisearch-tenant': 'b' },
  );
});

afterEach(async () => {
  for (const connection of open.splice(0)) connection.destroy();
  await node.close();
});

const large = jsonRequest('/search/text', { query: 'x', top_k: PRODUCTS });

async function unread(request: string): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  open.push(connection);
  connection.send(request);
  return connection;
}

const small = () =>
  node.send('POST', '/search/text', { query: 'x' }, { 'x-omnisearch-tenant': 'b' });

/** The id of its query is the last that a reply says. */
const isWhole = (received: string): boolean => /"query_id":"[0-9a-f-]{36}"\}$/.test(received);

test('a reply that nobody reads holds bytes and no place, until it is cut off', async () => {
  const unreadReply = await unread(large);
  const isReady = () => (node.search.contexts[0]?.bytes.held ?? 0) > 20 * MIB;
  await vi.waitUntil(isReady, PATIENCE);
  // Half of 116 MiB is the tenant's: a second one finds no room.
  const again = () => node.send('POST', '/search/text', { query: 'x', top_k: PRODUCTS });
  const refused = await again();
  expect(refused.statusCode).toBe(503);
  expect(refused.json().error.code).toBe('overloaded');
  for (let i = 0; i < 8; i++) expect((await small()).statusCode).toBe(200);
  await vi.waitUntil(() => node.search.contexts[0]?.bytes.held === 0, PATIENCE);
  expect((await again()).statusCode).toBe(200);
  expect(isWhole(await unreadReply.read())).toBe(false);
});

test('a long reply that is read arrives whole', async () => {
  const reader = await unread(large);
  const text = await reader.read(isWhole);
  const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as { hits: { id: string }[] };
  expect(new Set(body.hits.map(({ id }) => id)).size).toBe(PRODUCTS);
  expect(text).toMatch(/content-length: 360\d{5}\r\n/);
});

test('a batch whose reply is not read gives its places back', async () => {
  const searches = [
    { query: 'x', top_k: 10 },
    { query: 'y', top_k: 10 },
    { query: 'z', top_k: 1 },
  ];
  await unread(jsonRequest('/search/batch', { searches }));
  await vi.waitUntil(() => node.search.seen.length === 3, PATIENCE);
  await vi.waitUntil(async () => {
    const all = await Promise.all([small(), small(), small()]);
    return all.every(({ statusCode }) => statusCode === 200);
  }, PATIENCE);
});
