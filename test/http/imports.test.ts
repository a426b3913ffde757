import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from './harness.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const CSV = { 'content-type': 'text/csv' };

let node: HttpHarness;
beforeEach(async () => {
  node = await openHttp();
});
afterEach(() => node.close());

const product = (id: string) => ({ id, title: `title ${id}`, category: 'Mice' });
const lines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

async function taken(body: unknown, headers?: Record<string, string>, query = ''): Promise<string> {
  const reply = await node.send('POST', `/imports${query}`, body, headers);
  expect(reply.statusCode, reply.body).toBe(202);
  expect(reply.json()).toEqual({ id: expect.any(String) as string, state: 'queued' });
  return String(reply.json()['id']);
}

const shown = async (id: string) => (await node.send('GET', `/imports/${id}`)).json();

test('an import is taken, worked on and shown', async () => {
  const id = await taken(lines([product('a'), { id: 'b' }, product('c')]), NDJSON);
  expect(await shown(id)).toMatchObject({
    ...{ id, state: 'queued', rows: 0, rows_total: 3, accepted: 0, rejected: [] },
    ...{ started_at: null, ended_at: null, to_prune: null, pruned: 0, seconds_left: null },
  });
  await node.imports.work();
  const done = await shown(id);
  expect(done).toMatchObject({
    ...{ id, state: 'done', rows: 3, accepted: 2, unchanged: 0, stale: 0, rejected_count: 1 },
    rejected: [{ line: 2, id: 'b', field: 'title', code: 'invalid_field' }],
  });
  expect(done.error).toBeUndefined();
  expect(Date.parse(String(done['ended_at']))).toBeGreaterThan(0);
  const rejected = await node.send('GET', `/imports/${id}/rejected`);
  expect(rejected.headers['content-type']).toContain('application/x-ndjson');
  expect(rejected.body.split('\n')).toHaveLength(2);
  expect((await node.send('GET', '/products/a')).statusCode).toBe(200);
});

test('bodies are those of products, and CSV; gzip too', async () => {
  await taken([product('list'), product('list 2')]);
  await taken(product('object'));
  await taken('id,title,category\ncsv,A title,Mice\n', CSV);
  await taken(gzipSync(lines([product('gzip')])), { ...NDJSON, 'content-encoding': 'gzip' });
  await node.imports.work();
  for (const id of ['list', 'list%202', 'object', 'csv', 'gzip']) {
    expect((await node.send('GET', `/products/${id}`)).statusCode, id).toBe(200);
  }
});

test('they are listed, the newest first, in pages', async () => {
  const ids = [];
  for (const id of ['a', 'b', 'c']) ids.unshift(await taken(product(id)));
  const first = (await node.send('GET', '/imports?limit=2')).json();
  const second = (await node.send('GET', `/imports?cursor=${String(first['next_cursor'])}`)).json();
  const idsOf = (page: typeof first): unknown[] =>
    (page['imports'] as { id: unknown }[]).map(({ id }) => id);
  expect([...idsOf(first), ...idsOf(second)].sort()).toEqual([...ids].sort());
  expect(second['next_cursor']).toBeUndefined();
  const other = { 'x-omnisearch-tenant': 'other' };
  expect((await node.send('GET', '/imports', undefined, other)).json()).toEqual({ imports: [] });
  const [id] = ids;
  expect((await node.send('GET', `/imports/${id}`, undefined, other)).statusCode).toBe(404);
});

test('one that would prune much is confirmed, one that runs is cancelled, what ended is tried again', async () => {
  await taken(lines([product('a'), product('b')]), NDJSON);
  await node.imports.work();
  const id = await taken(product('a'), undefined, '?prune=true');
  await node.imports.work();
  expect(await shown(id)).toMatchObject({
    ...{ state: 'waiting_for_confirmation', to_prune: 1, pruned: 0, prune: true },
  });
  expect((await node.send('POST', `/imports/${id}/retry`)).statusCode).toBe(409);
  const confirmed = await node.send('POST', `/imports/${id}/confirm`, {});
  expect(confirmed.json()).toMatchObject({ id, state: 'queued' });
  await node.imports.work();
  expect(await shown(id)).toMatchObject({ state: 'done', pruned: 1 });
  expect((await node.send('GET', '/products/b')).statusCode).toBe(404);
  for (const verb of ['confirm', 'cancel', 'retry']) {
    const reply = await node.send('POST', `/imports/${id}/${verb}`);
    expect(reply.statusCode).toBe(409);
    expect(reply.json().error).toMatchObject({ code: 'conflict', field: 'id' });
  }
  const second = await taken(product('b'));
  expect((await node.send('POST', `/imports/${second}/cancel`)).json()).toMatchObject({
    ...{ id: second, state: 'cancelled', accepted: 0 },
  });
  expect((await node.send('POST', `/imports/${second}/retry`)).json()).toMatchObject({
    ...{ id: second, state: 'queued', ended_at: null },
  });
  await node.imports.work();
  expect((await node.send('GET', '/products/b')).statusCode).toBe(200);
});

test('a dry run says what an import would come to', async () => {
  await taken(lines([product('a'), product('b')]), NDJSON);
  await node.imports.work();
  const body = lines([product('a'), product('c')]);
  const id = await taken(body, NDJSON, '?dry_run=true&prune=true&action=upsert');
  await node.imports.work();
  expect(await shown(id)).toMatchObject({
    ...{ state: 'done', dry_run: true, added: 1, changed: 0, unchanged: 1, to_prune: 1, pruned: 0 },
  });
  expect((await node.send('GET', '/products/b')).statusCode).toBe(200);
});

test.each([
  ['an empty body', '', NDJSON, '', 400, undefined],
  ['an empty list', '[]', undefined, '', 400, undefined],
  ['blank lines alone', '\n\n', NDJSON, '', 400, undefined],
  ['JSON that breaks off', '[{"id": "a"}', undefined, '', 400, undefined],
  ['an unknown parameter', '[]', undefined, '?purge=true', 400, 'purge'],
  ['a flag that is none', '[]', undefined, '?prune=yes', 400, 'prune'],
  ['an unknown action', '[]', undefined, '?action=delete', 400, 'action'],
  ['another type', 'x', { 'content-type': 'text/plain' }, '', 415, undefined],
  ['a URL where no host is allowed', '{"url": "https://a.b/c"}', undefined, '', 400, 'url'],
  ['a URL of another type', '{"url": 3}', undefined, '', 400, 'url'],
  ['a URL with more', '{"url": "https://a.b/c", "x": 1}', undefined, '', 400, 'x'],
  ['a map that is none', '{"url": "https://a.b/c", "map": [1]}', undefined, '', 400, 'map'],
])('%s is refused', async (_, body, headers, query, status, field) => {
  const reply = await node.send('POST', `/imports${query}`, body, headers);
  expect(reply.statusCode, reply.body).toBe(status);
  if (field !== undefined) expect(reply.json().error.field).toBe(field);
  expect((await node.send('GET', '/imports')).json()).toEqual({ imports: [] });
  expect(await node.store.spool.list(undefined, 10)).toEqual([]);
});

test('what there is not is not found', async () => {
  for (const path of ['', '/rejected']) {
    expect((await node.send('GET', `/imports/none${path}`)).statusCode).toBe(404);
  }
  for (const verb of ['confirm', 'cancel', 'retry']) {
    const { statusCode } = await node.send('POST', `/imports/none/${verb}`, {});
    expect(statusCode).toBe(404);
  }
});

test('a suspended tenant takes none', async () => {
  await node.directory.put('default', (record) => ({ ...record, state: 'suspended' }));
  const reply = await node.send('POST', '/imports', product('a'));
  expect(reply.statusCode).toBe(403);
  expect(reply.json().error.code).toBe('suspended');
});

test('rows past the plan are rejected one by one', async () => {
  await node.plans.put('tiny', { max_products: 1 }, null);
  await node.directory.put('default', (record) => ({ ...record, plan: 'tiny' }));
  const id = await taken(lines([product('a'), product('b')]), NDJSON);
  await node.imports.work();
  expect(await shown(id)).toMatchObject({
    ...{ state: 'done', accepted: 1, rejected_count: 1 },
    rejected: [{ line: 2, id: 'b', code: 'quota_exceeded', field: 'max_products' }],
  });
});

test('a feed elsewhere is fetched when it is its turn, and taken whole or not at all', async () => {
  const feeds: Record<string, string> = {
    'https://shop.example/feed.csv': 'sku,name,category\na,A title,Mice\n',
    'https://shop.example/cut.json': '[{"id": "b", "title": "t", "category": "c"}, {',
  };
  await node.close();
  node = await openHttp({
    imports: {
      openUrl: async function* (url) {
        yield Buffer.from(feeds[url] ?? '');
      },
    },
  });
  const map = { id: 'sku', title: 'name' };
  const id = await taken({ url: 'https://shop.example/feed.csv', map });
  expect(await shown(id)).toMatchObject({ rows_total: null });
  await node.imports.work();
  expect(await shown(id)).toMatchObject({ state: 'done', accepted: 1, rows_total: 1 });
  const cut = await taken({ url: 'https://shop.example/cut.json', prune: true });
  await node.imports.work();
  expect(await shown(cut)).toMatchObject({ state: 'failed', error: { code: 'invalid_json' } });
  expect((await node.send('GET', '/products/a')).statusCode).toBe(200);
});
