import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { createLogger, type LoggedError } from '../../src/core/logger.js';
import type { HttpOptions } from '../../src/http/ports.js';
import { jsonRequest, RawConnection } from '../limits/raw-http.js';
import { openHttp, type HttpHarness } from './harness.js';

interface Line {
  msg: string;
  [name: string]: unknown;
}

let http: HttpHarness;
let lines: Line[] = [];
afterEach(() => http.close());

async function open(options: Partial<HttpOptions>, level = 'info'): Promise<void> {
  lines = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  http = await openHttp({ ...options, logger: pino({ level }, stream) });
  await http.send('POST', '/products', { id: 'secret-id', title: 'Mouse', category: 'Mice' });
}

const named = (msg: string): Line[] => lines.filter((line) => line.msg === msg);

test('each request has a line, with its route and not its address', async () => {
  await open({ accessLog: true });
  const key = { authorization: 'Bearer secret-key' };
  await http.send('GET', '/products/secret-id?fields=secret-field', undefined, key);
  await http.send('GET', '/search?q=secret-text', undefined, key);
  await http.send('GET', '/secret-page');
  const [written, read, search, unknown] = named('request');
  expect(written).toMatchObject({ method: 'POST', route: '/products', status: 200 });
  expect(read).toMatchObject({ method: 'GET', route: '/products/:id', tenant: 'default' });
  expect(read?.['reqId']).toMatch(/^[\da-f-]{36}$/);
  expect(typeof read?.['ms']).toBe('number');
  expect(search).toMatchObject({ route: '/search', status: 200 });
  expect(unknown).toMatchObject({ route: null, status: 404 });
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('a request that is refused before anything is known of it has its line, its own bytes, and is counted', async () => {
  await open({ accessLog: true, limits: { searchConcurrency: 4, searchQueue: 100 } });
  const connection = await RawConnection.open(
    await http.server.listen({ port: 0, host: '127.0.0.1' }),
  );
  const unknown = 'GET /nothing HTTP/1.1\r\nhost: localhost\r\n\r\n';
  for (const replies of [1, 2]) {
    connection.send(unknown);
    await expect.poll(() => named('request').filter(isUnknown)).toHaveLength(replies);
  }
  const [first, second] = named('request').filter(isUnknown);
  expect(second?.['bytes']).toBe(first?.['bytes']);
  let release = (): void => undefined;
  http.search.hold = new Promise((resolve) => (release = resolve));
  const search = jsonRequest('/search/text', { query: 'mouse' });
  const replies = connection.read((text) => text.split('HTTP/1.1 ').length > 35);
  connection.send(search.repeat(33));
  await expect.poll(refusals).toContain('refused_requests_total{reason="overloaded"} 1\n');
  release();
  expect((await replies).match(/HTTP\/1\.1 503/g)).toHaveLength(1);
  const searches = () => named('request').filter(({ route }) => route === '/search/text');
  await expect.poll(searches).toHaveLength(33);
  expect(searches().filter(({ status }) => status === 503)).toHaveLength(1);
  connection.destroy();
});

const isUnknown = ({ status }: Line): boolean => status === 404;
const refusals = async (): Promise<string> => (await http.send('GET', '/metrics')).body;

test('nobody is logged where that is not asked for', async () => {
  await open({});
  await http.send('POST', '/search/text', { query: 'mouse' });
  expect([...named('request'), ...named('slow search')]).toEqual([]);
});

const SEARCH = {
  query: 'secret-text',
  top_k: 3,
  filter: { price: { lte: 12_345 } },
  facets: ['brand'],
};

test.each([
  ['none', undefined],
  ['hash', { queryHash: expect.stringMatching(/^[\da-f]{32}$/) as string }],
  ['full', { query: 'secret-text' }],
] as const)('a slow search has fields without values, and its text as %s', async (texts, shown) => {
  await open({ slowSearches: { slowMs: 0, texts } });
  await http.send('POST', '/search/text', SEARCH);
  const [line] = named('slow search');
  expect(line).toMatchObject({
    ...{ level: 40, route: '/search/text', tenant: 'default', count: 1 },
    asked: [{ mode: 'hybrid', topK: 3, filter: ['price'], facets: ['brand'], ...shown }],
  });
  const text = JSON.stringify(line);
  expect(text.includes('secret-text')).toBe(texts === 'full');
  expect(text).not.toContain('12345');
});

test('a slow failure is logged with its code, a quick search is not', async () => {
  await open({ slowSearches: { slowMs: 3_600_000, texts: 'none' } });
  await http.send('POST', '/search/text', SEARCH);
  expect(named('slow search')).toEqual([]);
  await http.close();
  await open({ slowSearches: { slowMs: 0, texts: 'none' } });
  http.search.failure = new Error('broken');
  await http.send('POST', '/search/text', SEARCH);
  expect(named('slow search')).toMatchObject([{ failure: 'internal' }]);
});

test('slow searches have ten lines a second, which say how many have none', async () => {
  await open({ slowSearches: { slowMs: 0, texts: 'none' } });
  const search = (): Promise<unknown> => http.send('POST', '/search/text', SEARCH);
  let asked = 0;
  const unlogged = (): number =>
    named('slow search').reduce((sum, line) => sum + Number(line['unlogged'] ?? 0), 0);
  // In bursts: whatever their speed, sooner or later a second has more than ten.
  while (unlogged() === 0) {
    await Promise.all(Array.from({ length: 30 }, search));
    asked += 30;
  }
  expect(named('slow search').length + unlogged()).toBeLessThanOrEqual(asked);
  expect(named('slow search').length).toBeLessThan(asked);
});

test('an error of ours is told with its request and route', async () => {
  const told: LoggedError[] = [];
  http = await openHttp({ logger: createLogger('error', 'query-node', (one) => told.push(one)) });
  const failure = new TypeError('expected by this test');
  http.search.failure = failure;
  const { headers } = await http.send('POST', '/search/text', { query: 'mouse' });
  expect(told).toMatchObject([
    {
      error: failure,
      details: { method: 'POST', route: '/search/text', reqId: headers['x-request-id'] },
    },
  ]);
});
