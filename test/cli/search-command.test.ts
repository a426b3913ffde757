import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { formatHits } from '../../src/cli/hit-table.js';
import { runSearch } from '../../src/cli/search-command.js';
import { openHttp, type HttpHarness } from '../http/harness.js';

let node: HttpHarness;
let config: Parameters<typeof runSearch>[0];
let out: string;
let err: string;

beforeAll(async () => {
  node = await openHttp();
  const port = await node.server.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${port}`;
  const usual = { mode: 'hybrid', prefix: false, explain: false, json: false } as const;
  config = { url, tenant: 'default', apiKey: undefined, topK: 10, filter: undefined, ...usual };
  await node.send('POST', '/products', [
    { id: 'a', title: 'A mouse\u001b[31m', category: 'Mice', price: 9.5 },
    { id: 'b', title: 'Keyboard', category: 'Keyboards' },
  ]);
});
afterAll(async () => node.close());

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (out += String(text)) !== '');
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (err += String(text)) !== '');
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('a table, without what would steer the terminal', async () => {
  expect(await runSearch(config, ['wireless', 'mouse'])).toBe(0);
  expect(node.search.seen.at(-1)?.query).toBe('wireless mouse');
  expect(out).toMatch(/^# +SCORE +ID +TITLE +CATEGORY +PRICE\n/);
  expect(out).toContain('9.50');
  expect(out).toContain('2 hits in 1.235 ms: embed 0.1 (computed), search 0.5, join 0.2');
  expect(out).not.toContain('\u001b');
});

test('--json is the reply; filter and top_k are sent', async () => {
  const asked = { ...config, json: true, topK: 1, filter: '{"category": "Mice"}' };
  expect(await runSearch(asked, ['x'])).toBe(0);
  expect((JSON.parse(out) as { hits: unknown[] }).hits).toHaveLength(1);
  expect(node.search.seen.at(-1)?.filter).toEqual({
    kind: 'in',
    field: 'category',
    values: ['Mice'],
  });
});

test('a partial answer is exit 0 and said', async () => {
  const search = node.search.search.bind(node.search);
  node.search.search = async (request, context) => ({
    ...(await search(request, context)),
    missing: [{ part: 'shard', shard: 's2', category: 'Mice', reason: 'timeout' }],
  });
  expect(await runSearch(config, ['x'])).toBe(0);
  node.search.search = search;
  expect(err).toContain('the answer is partial, missing: shard s2 "Mice" (timeout)');
});

test('exit codes', async () => {
  expect(await runSearch(config, [])).toBe(2);
  expect(await runSearch({ ...config, filter: '{' }, ['x'])).toBe(2);
  expect(await runSearch({ ...config, filter: '{"a": {"near": 1}}' }, ['x'])).toBe(1);
  expect(err).toContain('filter.a.near');
  expect(await runSearch({ ...config, url: 'http://127.0.0.1:9' }, ['x'])).toBe(1);
  expect(err).toContain('http://127.0.0.1:9 does not answer');
});

test('a long title gives way to the width of the terminal', () => {
  const hit = { id: 'x', score: 0.5, product: { title: 'long '.repeat(50), category: 'c' } };
  const timings_ms = { embed: 0, search: 0, join: 0 };
  const table = formatHits({ hits: [hit], took_ms: 1, timings_ms, partial: null }, 60);
  for (const line of table.split('\n').slice(0, 2)) expect(line.length).toBeLessThanOrEqual(60);
  expect(table).toContain('…');
});
