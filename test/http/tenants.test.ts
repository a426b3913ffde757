import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditOf, openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
beforeEach(async () => {
  node = await openHttp();
});
afterEach(async () => node.close());

const shop = { 'x-omnisearch-tenant': 'shop' };
const product = (id: string) => ({ id, title: id, category: 'Mice' });

const code = (reply: Awaited<ReturnType<HttpHarness['send']>>) => [
  reply.statusCode,
  reply.json().error.code,
  reply.json().error.field,
];

describe('/tenants', () => {
  test('are made, listed in pages, changed and read with what they have', async () => {
    const made = await node.send('PUT', '/tenants/shop', { plan: 'basic' });
    expect([made.statusCode, made.json()]).toMatchObject([
      201,
      { id: 'shop', state: 'active', plan: 'basic', limits: {} },
    ]);
    await node.send('POST', '/products', product('a'), shop);
    const changed = await node.send('PUT', '/tenants/shop', { limits: { max_products: 7 } });
    expect([changed.statusCode, changed.json()]).toMatchObject([
      200,
      { plan: 'basic', limits: { max_products: 7 } },
    ]);
    expect((await node.send('GET', '/tenants/shop')).json()).toMatchObject({
      ...{ id: 'shop', plan: 'basic', usage: { products: 1, categories: 1 } },
    });
    await node.send('PUT', '/tenants/other', {});
    const first = (await node.send('GET', '/tenants?limit=1')).json();
    expect(first['tenants']).toMatchObject([{ id: 'other', plan: null }]);
    const cursor = String(first['next_cursor']);
    const second = (await node.send('GET', `/tenants?limit=1&cursor=${cursor}`)).json();
    expect(second).toMatchObject({ tenants: [{ id: 'shop' }] });
    expect(second['next_cursor']).toBeUndefined();
    const plain = await node.send('PUT', '/tenants/shop', { plan: null });
    expect(plain.json()).toMatchObject({ plan: null, limits: { max_products: 7 } });
    expect((await node.send('GET', '/tenants/default')).json()).toMatchObject({
      ...{ id: 'default', created_at: null },
    });
    expect(await auditOf(node, shop)).toMatchObject([
      { kind: 'tenant', target: 'shop', before: null, after: { plan: 'basic' } },
      { kind: 'tenant', before: { plan: 'basic' }, after: { limits: { max_products: 7 } } },
      { kind: 'tenant', after: { plan: null } },
    ]);
  });

  test('have settings of another where that is asked for', async () => {
    await node.send('PUT', '/tenants/a', {});
    const settings = { searchable: [{ field: 'title', weight: 9 }], facets: ['brand'] };
    await node.send('PUT', '/settings', settings, { 'x-omnisearch-tenant': 'a' });
    await node.send('PUT', '/tenants/b', { settings_from: 'a' });
    const copied = await node.send('GET', '/settings', undefined, { 'x-omnisearch-tenant': 'b' });
    expect(copied.json()).toMatchObject(settings);
    const ofA = { 'x-omnisearch-tenant': 'a' };
    const rule = { when: { query: 'mouse' }, then: { hidden: ['p1'] } };
    await node.send('PUT', '/rules/hide', rule, ofA);
    await node.send('PUT', '/synonyms/tv', { words: ['tv', 'television'] }, ofA);
    const field = { name: 'Colour', type: 'string' };
    await node.send('POST', '/typesense/collections', { name: 'd', fields: [field] });
    await node.send('PUT', '/rules/hide', rule, { 'x-omnisearch-tenant': 'd' });
    for (const [to, from] of [
      ['b', 'a'],
      ['e', 'd'],
    ] as const) {
      await node.send('PUT', `/tenants/${to}`, { settings_from: from });
      const of = { 'x-omnisearch-tenant': to };
      expect((await node.send('GET', '/rules', undefined, of)).json()).toMatchObject({
        rules: [{ id: 'hide', ...rule }],
      });
    }
    const synonyms = await node.send('GET', '/synonyms/tv', undefined, {
      'x-omnisearch-tenant': 'b',
    });
    expect(synonyms.json()).toMatchObject({ words: ['tv', 'television'] });
    expect((await node.send('GET', '/typesense/collections/e')).json()).toMatchObject({
      ...{ name: 'e', fields: [field] },
    });
    expect(code(await node.send('PUT', '/tenants/c', { settings_from: 'none' }))).toEqual([
      404,
      'not_found',
      'X-OmniSearch-Tenant',
    ]);
    expect((await node.send('GET', '/tenants/c')).statusCode).toBe(404);
  });

  test('that are suspended keep all, and neither answer nor take anything', async () => {
    await node.send('POST', '/products', product('a'), shop);
    await node.send('PUT', '/tenants/shop', { state: 'suspended' });
    const refused = [403, 'suspended', 'X-OmniSearch-Tenant'];
    for (const [method, url, body] of [
      ['POST', '/search/text', { query: 'x' }],
      ['GET', '/search?q=x', undefined],
      ['GET', '/suggest?q=x', undefined],
      ['GET', '/products/a', undefined],
      ['DELETE', '/products/a', undefined],
      ['PATCH', '/products/a', { price: 1 }],
      ['POST', '/products', product('b')],
      ['GET', '/settings', undefined],
    ] as const) {
      expect([url, code(await node.send(method, url, body, shop))]).toEqual([url, refused]);
    }
    const typesense = await node.send('GET', '/typesense/collections/shop/documents/search?q=x');
    expect(typesense.statusCode).toBe(403);
    expect((await node.send('GET', '/tenants/shop')).json()).toMatchObject({
      ...{ state: 'suspended', usage: { products: 1 } },
    });
    await node.send('PUT', '/tenants/shop', { state: 'active' });
    expect((await node.send('GET', '/products/a', undefined, shop)).statusCode).toBe(200);
  });

  test('that are dropped are gone at once, and removed in the background', async () => {
    await node.send('POST', '/products', product('a'), shop);
    const dropped = await node.send('DELETE', '/tenants/shop');
    expect([dropped.statusCode, dropped.json()]).toMatchObject([202, { state: 'dropping' }]);
    expect(node.drops).toEqual(['shop']);
    expect((await node.send('GET', '/products/a', undefined, shop)).statusCode).toBe(404);
    expect((await node.send('POST', '/products', product('b'), shop)).statusCode).toBe(404);
    expect((await node.send('GET', '/tenants/shop')).json()).toMatchObject({
      ...{ state: 'dropping', usage: { products: 1 } },
    });
    expect(code(await node.send('PUT', '/tenants/shop', {}))).toEqual([409, 'conflict', 'id']);
    // Asked for again, nothing is lost of what was asked for.
    expect((await node.send('DELETE', '/tenants/shop')).statusCode).toBe(202);
    expect(node.drops).toEqual(['shop', 'shop']);
    expect(code(await node.send('DELETE', '/tenants/none'))).toEqual([404, 'not_found', 'id']);
  });

  test('bad input names the field', async () => {
    for (const [body, field] of [
      [{ state: 'dropping' }, 'state'],
      [{ plan: 'none' }, 'plan'],
      [{ plan: 7 }, 'plan'],
      [{ limits: { max_products: -1 } }, 'limits.max_products'],
      [{ limits: { most: 1 } }, 'limits.most'],
      [{ settings_from: 'A B' }, 'settings_from'],
      [{ other: 1 }, 'other'],
    ] as const) {
      expect(code(await node.send('PUT', '/tenants/shop', body))).toEqual([
        400,
        'invalid_field',
        field,
      ]);
    }
    expect(code(await node.send('PUT', '/tenants/A', {}))).toEqual([400, 'invalid_field', 'id']);
    expect((await node.send('GET', '/tenants/shop')).statusCode).toBe(404);
  });
});

describe('/plans', () => {
  test('some come with the software; each may be replaced, and comes back when it is removed', async () => {
    const names = async () =>
      ((await node.send('GET', '/plans')).json()['plans'] as { name: string }[]).map(
        ({ name }) => name,
      );
    expect(await names()).toEqual(['basic', 'enterprise', 'pro']);
    expect((await node.send('GET', '/plans/basic')).json()).toMatchObject({
      ...{ max_products: 50_000, price_month: 50 },
    });
    await node.send('PUT', '/plans/basic', { max_products: 3 });
    expect((await node.send('GET', '/plans/basic')).json()).toEqual({
      ...{ name: 'basic', max_products: 3 },
    });
    await node.send('PUT', '/plans/tiny', { max_products: 1, shards: ['s1'] });
    expect(await names()).toEqual(['basic', 'enterprise', 'pro', 'tiny']);
    await node.send('PUT', '/tenants/shop', { plan: 'tiny' });
    expect(code(await node.send('DELETE', '/plans/tiny'))).toEqual([409, 'conflict', 'name']);
    await node.send('PUT', '/tenants/shop', { plan: 'basic' });
    expect((await node.send('DELETE', '/plans/tiny')).statusCode).toBe(200);
    expect((await node.send('DELETE', '/plans/basic')).statusCode).toBe(200);
    expect((await node.send('GET', '/plans/basic')).json()).toMatchObject({ max_products: 50_000 });
    expect(code(await node.send('GET', '/plans/tiny'))).toEqual([404, 'not_found', 'name']);
    expect(code(await node.send('PUT', '/plans/A', {}))).toEqual([400, 'invalid_field', 'name']);
    expect(code(await node.send('PUT', '/plans/x', { shards: ['a', 'a'] }))).toEqual([
      400,
      'invalid_field',
      'shards[1]',
    ]);
  });

  test('shards of a plan are a number of nodes or names: who has it is told which it got, and what is missing', async () => {
    await node.send('PUT', '/plans/whale', { shards: 2 });
    const made = await node.send('PUT', '/tenants/shop', { plan: 'whale' });
    expect(made.json()['dedicated']).toEqual({ shards: 2, nodes: ['s1', 's2'], missing: 0 });
    const late = await node.send('PUT', '/tenants/late', { plan: 'whale' });
    expect(late.json()['dedicated']).toEqual({ shards: 2, nodes: [], missing: 2 });
    expect((await node.send('GET', '/tenants/late')).json()['dedicated']).toEqual({
      ...{ shards: 2, nodes: [], missing: 2 },
    });
    const { nodes } = (await node.send('GET', '/admin/cluster')).json() as unknown as {
      nodes: { dedicated_to?: string }[];
    };
    expect(nodes.map((each) => each.dedicated_to)).toEqual(['shop', 'shop', undefined]);
    const { advice } = (await node.send('GET', '/admin/advice')).json() as unknown as {
      advice: object[];
    };
    expect(advice).toEqual([
      {
        ...{ tenant: 'late', measure: 'shards', value: 0, threshold: 2, level: 'warning' },
        advice: 'add 2 shard nodes: it moves there by itself',
      },
    ]);
    await node.send('PUT', '/plans/named', { shards: ['s3'] });
    const other = await node.send('PUT', '/tenants/shop', { plan: 'named' });
    expect(other.json()['dedicated']).toEqual({ shards: 1, nodes: ['s3'], missing: 0 });
    const shared = await node.send('PUT', '/tenants/shop', { plan: null });
    expect(shared.json()['dedicated']).toBeUndefined();
  });

  test.each([
    [-1, 'shards'],
    [1.5, 'shards'],
    [1_001, 'shards'],
    ['s1', 'shards'],
    [null, 'shards'],
    [['No Node'], 'shards[0]'],
    [[7], 'shards[0]'],
  ])('shards of %j are refused', async (shards, field) => {
    const reply = await node.send('PUT', '/plans/whale', { shards });
    expect(code(reply)).toEqual([400, 'invalid_field', field]);
  });

  test('past a quota one product is 429, a row of several is rejected with its name', async () => {
    await node.send('PUT', '/plans/tiny', { max_products: 1 });
    await node.send('PUT', '/tenants/shop', { plan: 'tiny' });
    await node.send('POST', '/products', product('a'), shop);
    const one = await node.send('POST', '/products', product('b'), shop);
    expect(code(one)).toEqual([429, 'quota_exceeded', 'max_products']);
    expect(one.headers['retry-after']).toBeUndefined();
    const rows = [product('a'), product('b')];
    expect((await node.send('POST', '/products', rows, shop)).json()).toMatchObject({
      ...{ accepted: 1, unchanged: 1, rejected_count: 1 },
      rejected: [{ line: 2, id: 'b', code: 'quota_exceeded', field: 'max_products' }],
    });
    // A larger plan holds at once on the node that was told.
    await node.send('PUT', '/plans/tiny', { max_products: 2 });
    expect((await node.send('POST', '/products', product('b'), shop)).statusCode).toBe(200);
  });
});
