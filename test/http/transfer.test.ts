import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TENANT_KIND } from '../../src/store/record-store.js';
import { openHttp, type HttpHarness } from './harness.js';

let here: HttpHarness;
let there: HttpHarness;
beforeEach(async () => {
  [here, there] = [await openHttp(), await openHttp()];
});
afterEach(async () => {
  await Promise.all([here.close(), there.close()]);
});

const shop = { 'x-omnisearch-tenant': 'shop' };
const ndjson = { 'content-type': 'application/x-ndjson' };
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({
    ...{
      id: `p${from + i}`,
      title: `Mouse ${from + i}`,
      category: (from + i) % 2 ? 'Mice' : 'Lamps',
    },
    ...{ price: from + i, attributes: { Colour: 'red' } },
  }));

async function exported(query = '', after?: string): Promise<string> {
  const place = after === undefined ? '' : `&after=${after}`;
  const reply = await here.send('GET', `/tenants/shop/export?${query}${place}`);
  expect(reply.statusCode).toBe(200);
  return reply.payload;
}

const take = (lines: string) => there.send('POST', '/tenants/shop/import', lines, ndjson);

async function digestOf(node: HttpHarness): Promise<unknown> {
  const { products, digest } = (await node.send('GET', '/tenants/shop/digest')).json();
  return { products, digest };
}

const endOf = (lines: string) =>
  JSON.parse(lines.trim().split('\n').at(-1) ?? '') as { position: string; at_end: boolean };

describe('a catalogue is taken to another deployment', () => {
  beforeEach(async () => {
    await here.send('POST', '/products', rows(0, 20), shop);
    await here.send(
      'PUT',
      '/price-lists/gold',
      '{"id":"p3","price":1.5}\n{"id":"p4","in_stock":false}',
      {
        ...shop,
        ...ndjson,
      },
    );
    await there.send('PUT', '/tenants/shop', { state: 'read_only' });
  });

  test('with its vectors, prices of lists and deletes, as it is and as it becomes', async () => {
    const first = await exported();
    const embedded = here.encoder.embedded.length;
    const taken = await take(first);
    expect([taken.statusCode, taken.json()]).toEqual([
      200,
      { rows: 20, keys: 0, position: endOf(first).position },
    ]);
    expect(endOf(first)).toMatchObject({ at_end: true, price_lists: ['gold'] });
    expect(there.encoder.embedded).toEqual([]);
    expect(await digestOf(there)).toEqual(await digestOf(here));
    expect(await digestOf(here)).toMatchObject({ products: 20 });
    // What follows is what changed since.
    await here.send('PATCH', '/products/p1', { price: 99 }, shop);
    await here.send('DELETE', '/products/p2', undefined, shop);
    await here.send('PUT', '/price-lists/gold', '{"id":"p3"}', { ...shop, ...ndjson });
    const { position } = (await there.send('GET', '/tenants/shop/import')).json();
    const second = await exported('', String(position));
    expect(second.trim().split('\n')).toHaveLength(4);
    expect((await take(second)).json()).toMatchObject({ rows: 3 });
    expect(await digestOf(there)).toEqual(await digestOf(here));
    expect(await digestOf(here)).toMatchObject({ products: 19 });
    // A product goes on as one whose text was embedded: the same again embeds nothing.
    await there.send('PUT', '/tenants/shop', { state: 'active' });
    const again = await there.send('POST', '/products', rows(5, 9), shop);
    expect(again.json()).toMatchObject({ accepted: 4, unchanged: 4 });
    expect([there.encoder.embedded, here.encoder.embedded.length]).toEqual([[], embedded]);
  });

  test('any number of times, and never where others write', async () => {
    const lines = await exported();
    await take(lines);
    const version = (await there.store.heads('shop', ['p3']))[0]?.version;
    expect((await take(lines)).json()).toMatchObject({ rows: 20 });
    expect((await there.store.heads('shop', ['p3']))[0]?.version).toBe(version);
    await there.send('PUT', '/tenants/shop', { state: 'active' });
    const refused = await take(lines);
    expect([refused.statusCode, refused.json().error]).toMatchObject([
      409,
      { code: 'conflict', field: 'id' },
    ]);
  });

  test('with settings, fields, rules, synonyms and keys where that is asked for', async () => {
    await here.send('PUT', '/settings', { facets: ['brand'] }, shop);
    const rule = { when: { query: 'mouse' }, then: { hidden: ['p1'] } };
    for (const id of ['a', 'b']) await here.send('PUT', `/rules/${id}`, rule, shop);
    await here.send('PUT', '/synonyms/tv', { words: ['tv', 'television'] }, shop);
    const lines = await exported('shop=true');
    expect((await take(lines)).statusCode).toBe(200);
    expect((await there.send('GET', '/settings', undefined, shop)).json()).toMatchObject({
      facets: ['brand'],
    });
    expect((await there.send('GET', '/rules', undefined, shop)).json()).toMatchObject({
      rules: [{ id: 'a', ...rule }, { id: 'b' }],
    });
    await here.send('DELETE', '/rules/b', undefined, shop);
    const key = (await here.send('POST', '/keys', { kind: 'search', tenants: ['shop'] })).json();
    for (const tenants of [['shop', 'other'], ['*'], ['other']]) {
      await here.send('POST', '/keys', { kind: 'search', tenants });
    }
    await here.send('POST', '/keys', { kind: 'admin', tenants: ['shop'] });
    const last = await exported('shop=true&keys=true', endOf(lines).position);
    expect((await take(last)).json()).toMatchObject({ rows: 0, keys: 1 });
    const admin = { authorization: `Bearer ${String(key['secret'])}` };
    await there.send('PUT', '/tenants/shop', { state: 'active' });
    const asked = { ...shop, ...admin };
    expect((await there.send('POST', '/search/text', { query: 'x' }, asked)).statusCode).toBe(200);
    expect((await there.send('GET', '/rules', undefined, asked)).statusCode).toBe(403);
    const stored = await there.store.records.list('rule', undefined, 10);
    expect(stored.map(({ id }) => id)).toEqual(['shop/a']);
  });

  test('a line that is not one of an export is refused, and named', async () => {
    const [line = ''] = (await exported()).split('\n');
    const product = JSON.parse(line) as Record<string, unknown>;
    const secrets = [{ hash: 'h', created_at: '2030-01-01T00:00:00Z' }];
    const key = { id: 'x', generation: 1, created_at: '2030-01-01T00:00:00Z', secrets };
    for (const [wrong, field] of [
      [{ ...product, model: 'f00' }, 'model'],
      [{ ...product, vector: 'AAAA' }, 'vector'],
      [{ ...product, content_hash: 7 }, 'content_hash'],
      [{ ...product, prices: { gold: { price: 'x' } } }, 'price'],
      [{ product: { id: 'x' } }, 'title'],
      [{ id: 'x', title: 'x', category: 'y' }, 'product'],
      [{ rule: { id: 'x', when: {}, then: {}, other: 1 } }, 'rule.other'],
      [{ key: { id: 'x' } }, 'key.kind'],
      [{ key: { ...key, kind: 'admin', tenants: ['shop'] } }, 'key.kind'],
      [{ key: { ...key, kind: 'write', tenants: ['shop', 'other'] } }, 'key.tenants'],
      [{ position: '!', at_end: true, price_lists: [] }, 'position'],
      [[], 'row'],
    ] as const) {
      const refused = await take(JSON.stringify(wrong));
      expect([field, refused.statusCode, refused.json().error.field]).toEqual([field, 400, field]);
      if (field !== 'model') expect(refused.json().error.message).toMatch(/^line 1: /);
    }
    expect((await there.send('GET', '/tenants/shop/export?after=zz')).statusCode).toBe(409);
    expect((await there.send('GET', '/tenants/none/export')).statusCode).toBe(404);
  });
});

test('a tenant that is read-only answers, and takes nothing', async () => {
  await here.send('POST', '/products', rows(0, 3), shop);
  await here.send('PUT', '/tenants/shop', { state: 'read_only' });
  expect((await here.send('POST', '/search/text', { query: 'x' }, shop)).statusCode).toBe(200);
  expect((await here.send('GET', '/products/p1', undefined, shop)).statusCode).toBe(200);
  for (const [method, url, body] of [
    ['POST', '/products', rows(5, 6)[0]],
    ['PATCH', '/products/p1', { price: 1 }],
    ['DELETE', '/products/p1', undefined],
    ['PUT', '/settings', {}],
    ['PUT', '/rules/a', { when: {}, then: { hidden: ['p1'] } }],
    ['POST', '/typesense/collections/shop/documents', { id: 'x', title: 'x' }],
  ] as const) {
    const refused = await here.send(method, url, body, shop);
    expect([url, refused.statusCode]).toEqual([url, 403]);
  }
});

test('a tenant that has moved is a record that says where, and nothing else', async () => {
  const deployment = { name: 'acme', url: 'http://10.0.0.5:8080' };
  await here.send('POST', '/products', rows(0, 3), shop);
  expect((await here.send('DELETE', '/tenants/shop?moved=true')).statusCode).toBe(409);
  await here.send('PUT', '/tenants/shop', { deployment, plan: 'pro' });
  const dropped = await here.send('DELETE', '/tenants/shop?moved=true');
  expect(dropped.json()).toMatchObject({ state: 'dropping', deployment });
  const stored = await here.store.records.get(TENANT_KIND, 'shop');
  expect(stored?.value).toMatchObject({ state: 'dropping', stays: true });
});
