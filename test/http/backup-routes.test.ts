import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageOf } from '../../src/backup/backup-source.js';
import { openHttp, type HttpHarness } from './harness.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const MODEL = 'f'.repeat(32);

let http: HttpHarness;

beforeAll(async () => {
  http = await openHttp();
  for (const id of ['p1', 'p2']) {
    const product = { id, title: `Product ${id}`, category: 'c' };
    await http.send('POST', '/products', product, { 'x-omnisearch-tenant': 'shop' });
  }
});
afterAll(() => http.close());

async function page(path: string) {
  const reply = await http.send('GET', path);
  expect([reply.statusCode, reply.headers['content-type']]).toEqual([
    200,
    'application/x-ndjson; charset=utf-8',
  ]);
  return pageOf(reply.body);
}

describe('an export', () => {
  it('has products up to its end, then what changed since', async () => {
    const first = await page('/admin/export/products?tenant=shop');
    expect(first?.end).toMatchObject({ cursor: null, puts: 2, deletes: 0, reset: true });
    await http.send('DELETE', '/products/p2', undefined, { 'x-omnisearch-tenant': 'shop' });
    const since = encodeURIComponent(first?.end.position ?? '');
    const second = await page(`/admin/export/products?tenant=shop&since=${since}`);
    expect(second?.text).toBe('{"tenant":"shop"}\n{"delete":"p2"}\n');
    const records = await page('/admin/export/records?tenant=shop');
    expect(records?.text).toContain('{"record":{"kind":"tenant","id":"shop"');
  });

  it('of nobody is empty, and makes nothing', async () => {
    expect((await page('/admin/export/products?tenant=nobody'))?.end.puts).toBe(0);
    expect(await http.store.tenants()).toEqual(['shop']);
  });

  it.each([
    ['GET', '/admin/export/products', 'tenant'],
    ['GET', '/admin/export/products?tenant=a&cursor=bm9uZQ', 'cursor'],
    ['GET', '/admin/export/products?tenant=A', 'tenant'],
    ['GET', '/admin/export/records?cursor=W10', 'cursor'],
    ['POST', '/admin/import/products?tenant=a', 'model'],
    ['POST', '/admin/import/records?replace=yes', 'replace'],
  ] as const)('%s %s is 400 and names %s', async (method, path, field) => {
    const reply = await http.send(method, path, method === 'POST' ? '{}' : undefined, NDJSON);
    expect([reply.statusCode, (reply.json() as { error: object }).error]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid_field', field }),
    ]);
  });
});

describe('an import', () => {
  const lines = [
    '{"put":{"id":"a","title":"A","category":"c"},"vectors":{"text":"AACAPwAAAAAAAAAAAAAAAA=="},"model":"m","content_hash":"1","embed_hash":"2"}',
    '{"delete":"b"}',
  ].join('\n');

  const shortVector = lines.replace('"m"', `"${MODEL}"`).replace('PwAAAAAAAAAAAAAAAA', 'Pw');

  it('writes what an export has, once', async () => {
    const path = `/admin/import/products?tenant=copy&model=${MODEL}`;
    const first = await http.send('POST', path, lines, NDJSON);
    expect(first.json()).toEqual({ written: 1, deleted: 0, unchanged: 1 });
    const again = await http.send('POST', path, lines, NDJSON);
    expect(again.json()).toEqual({ written: 0, deleted: 0, unchanged: 2 });
  });

  it.each([
    [`tenant=no&model=other`, lines, NDJSON, 409, 'conflict'],
    [`tenant=no&model=${MODEL}`, '{"put":{"id":"a"}}', NDJSON, 400, 'invalid_field'],
    [`tenant=no&model=${MODEL}`, shortVector, NDJSON, 400, 'invalid_field'],
    [`tenant=no&model=${MODEL}`, lines.replace('AACAPwA', 'AAC'), NDJSON, 400, 'invalid_field'],
    [`tenant=no&model=${MODEL}`, '{"what":1}', NDJSON, 400, 'invalid_field'],
    [`tenant=no&model=${MODEL}`, 'no json', NDJSON, 400, 'invalid_field'],
    [`tenant=no&model=${MODEL}`, '{}', {}, 415, 'unsupported_media_type'],
  ] as const)(
    '?%s with %s is refused, and changes nothing',
    async (query, body, headers, status, code) => {
      const reply = await http.send('POST', `/admin/import/products?${query}`, body, headers);
      expect([reply.statusCode, (reply.json() as { error: { code: string } }).error.code]).toEqual([
        status,
        code,
      ]);
      expect((await http.store.usage('no')).products).toBe(0);
    },
  );
});

describe('an import of records', () => {
  const post = (...records: object[]) => {
    const lines = records.map((record) => JSON.stringify({ record })).join('\n');
    return http.send('POST', '/admin/import/records', lines, NDJSON);
  };

  it.each([
    [{ kind: 'lease', id: 'jobs', value: {} }, 'record.kind'],
    [{ kind: 'audit entry', id: 'shop/000000000001', value: {} }, 'record.kind'],
    [{ kind: 'history', id: 'shop/1', value: {} }, 'record.kind'],
    [{ kind: 'whatever', id: 'shop/1', value: {} }, 'record.kind'],
    [{ id: 'shop/1', value: {} }, 'record.kind'],
    [{ kind: 'rule', id: '', value: {} }, 'record.id'],
    [{ kind: 'rule', id: 'of-nobody', value: {} }, 'record.id'],
    [{ kind: 'tenant', id: '../etc', value: {} }, 'record.id'],
    [{ kind: 'rule', id: 'shop/r', value: 1 }, 'record.value'],
    [{ kind: 'alias', id: 'live', value: { tenant: 7 } }, 'record.value.tenant'],
  ])('%j is refused', async (record, field) => {
    const reply = await post(record);
    expect(reply.json()).toMatchObject({ error: { code: 'invalid_field', field } });
  });

  it('and an export are in the audit, once for each tenant', async () => {
    const rules = [1, 2].map((n) => ({ kind: 'rule', id: `kept/r${n}`, value: { id: `r${n}` } }));
    expect((await post(...rules)).json()).toEqual({ written: 2, kept: 0 });
    await page('/admin/export/records?tenant=kept');
    const { body } = await http.send('GET', '/audit', undefined, { 'x-omnisearch-tenant': 'kept' });
    const entries = body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; target: string });
    expect(entries.map(({ kind, target }) => `${kind} ${target}`).sort()).toEqual([
      'export kept',
      'restore kept',
    ]);
  });
});

it('an admin key of some tenants may take no backup: it has all', async () => {
  const made = await http.send('POST', '/keys', { kind: 'admin', tenants: ['shop'] });
  const { secret } = made.json() as unknown as { secret: string };
  const headers = { authorization: `Bearer ${secret}` };
  const paths = ['/admin/export', '/admin/export/products?tenant=shop'];
  for (const path of paths) {
    expect((await http.send('GET', path, undefined, headers)).statusCode).toBe(403);
  }
});
