import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TENANT_HEADER } from '../../src/tenancy/tenant-directory.js';
import { auditOf, openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
afterEach(async () => node.close());

const PRODUCT = { id: 'p', title: 'Mouse', category: 'Mice' };
const as = (name: string) => ({ [TENANT_HEADER]: name });

describe('aliases', () => {
  beforeEach(async () => {
    node = await openHttp();
    for (const name of ['spring', 'autumn']) {
      await node.send('POST', '/products', { ...PRODUCT, title: name }, as(name));
    }
  });
  const put = (name: string, tenant: string) => node.send('PUT', `/aliases/${name}`, { tenant });

  test('stand for their tenant in reads, searches, writes, settings and rules', async () => {
    expect((await put('shop', 'spring')).json()).toEqual({ name: 'shop', tenant: 'spring' });
    const shop = as('shop');
    const read = await node.send('GET', '/products/p', undefined, shop);
    expect(read.json()['title']).toBe('spring');
    expect((await node.send('POST', '/search/text', { query: 'x' }, shop)).statusCode).toBe(200);
    expect(node.search.seen.at(-1)?.tenant).toBe('spring');
    await node.send('POST', '/products', { ...PRODUCT, id: 'q' }, shop);
    expect((await node.send('GET', '/products/q', undefined, as('spring'))).statusCode).toBe(200);
    await node.send('PUT', '/rules/r', { when: {}, then: {} }, shop);
    expect((await node.send('GET', '/rules/r', undefined, as('spring'))).statusCode).toBe(200);
    await node.send('PUT', '/settings', { understand: false }, shop);
    const settings = await node.send('GET', '/settings', undefined, as('spring'));
    expect(settings.json()['understand']).toBe(false);
    expect(await node.directory.find('shop')).toBeUndefined();
  });

  test('are moved in one step, listed and deleted', async () => {
    await put('shop', 'spring');
    await put('b', 'autumn');
    expect((await put('shop', 'autumn')).statusCode).toBe(200);
    const read = await node.send('GET', '/products/p', undefined, as('shop'));
    expect(read.json()['title']).toBe('autumn');
    const both = [
      { name: 'b', tenant: 'autumn' },
      { name: 'shop', tenant: 'autumn' },
    ];
    expect((await node.send('GET', '/aliases')).json()).toEqual({ aliases: both });
    expect((await node.send('GET', '/aliases/b')).json()).toEqual(both[0]);
    expect((await node.send('DELETE', '/aliases/shop')).statusCode).toBe(200);
    expect((await node.send('GET', '/aliases/shop')).statusCode).toBe(404);
    expect((await node.send('DELETE', '/aliases/shop')).statusCode).toBe(404);
    const gone = await node.send('GET', '/products/p', undefined, as('shop'));
    expect([gone.statusCode, gone.json().error.field]).toEqual([404, TENANT_HEADER]);
  });

  test.each([
    ['spring', { tenant: 'autumn' }, 409, 'name'],
    ['default', { tenant: 'autumn' }, 409, 'name'],
    ['shop', { tenant: 'winter' }, 404, 'tenant'],
    ['shop', { tenant: 'Not A Name' }, 400, 'tenant'],
    ['shop', {}, 400, 'tenant'],
    ['Shop', { tenant: 'spring' }, 400, 'name'],
    ['shop', { tenant: 'spring', x: 1 }, 400, 'x'],
  ])('PUT /aliases/%s %j is refused', async (name, body, status, field) => {
    const reply = await node.send('PUT', `/aliases/${name}`, body);
    expect([reply.statusCode, reply.json().error.field]).toEqual([status, field]);
    expect((await node.send('GET', '/aliases')).json()).toEqual({ aliases: [] });
  });

  test('may stand for the default tenant, and not for another alias', async () => {
    expect((await put('shop', 'default')).statusCode).toBe(200);
    expect((await put('store', 'shop')).statusCode).toBe(404);
  });
});

describe('audit', () => {
  test('says who changed what of a tenant, oldest first', async () => {
    node = await openHttp({ apiKey: 'key', adminKey: 'admin' });
    const key = { authorization: 'Bearer key' };
    const admin = { authorization: 'Bearer admin' };
    const rule = { when: {}, then: { hidden: ['a'] } };
    await node.send('PUT', '/rules/r', rule, key);
    await node.send('DELETE', '/rules/r', undefined, key);
    await node.send('PUT', '/synonyms/s', { words: ['x'.repeat(99), 'b'] }, key);
    await node.send('PUT', '/settings', { understand: false }, key);
    await node.send('PUT', '/aliases/shop', { tenant: 'default' }, admin);
    const large = { when: {}, then: { data: 'x'.repeat(5_000) } };
    await node.send('PUT', '/rules/large', large, key);
    const entries = await auditOf(node, admin);
    const told = entries.map(({ by, kind, target, before, after }) => {
      return { by, kind, target, before, after };
    });
    expect(told).toEqual([
      { by: 'API_KEY', kind: 'rule', target: 'r', before: null, after: { id: 'r', ...rule } },
      { by: 'API_KEY', kind: 'rule', target: 'r', before: { id: 'r', ...rule }, after: null },
      expect.objectContaining({ kind: 'synonym', target: 's' }),
      expect.objectContaining({ kind: 'settings', after: { understand: false } }),
      {
        by: 'ADMIN_KEY',
        kind: 'alias',
        target: 'shop',
        before: null,
        after: { name: 'shop', tenant: 'default' },
      },
      expect.objectContaining({ after: { digest: expect.any(String) as string, bytes: 5_043 } }),
    ]);
    for (const { at } of entries) expect(new Date(at).toISOString()).toBe(at);
    const after = entries[3]?.id ?? '';
    expect(await auditOf(node, admin, `?after=${after}&limit=1`)).toEqual([entries[4]]);
  });

  test('and aliases want the admin key', async () => {
    node = await openHttp({ apiKey: 'key', adminKey: 'admin' });
    for (const url of ['/audit', '/aliases']) {
      for (const authorization of ['', 'Bearer key']) {
        const { statusCode } = await node.send('GET', url, undefined, { authorization });
        expect([url, authorization, statusCode]).toEqual([url, authorization, 401]);
      }
      const headers = { authorization: 'Bearer admin' };
      expect((await node.send('GET', url, undefined, headers)).statusCode).toBe(200);
    }
  });
});
