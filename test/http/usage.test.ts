import { afterEach, beforeEach, expect, test } from 'vitest';
import { OmniError } from '../../src/core/errors.js';
import { openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
beforeEach(async () => {
  node = await openHttp();
});
afterEach(async () => node.close());

const shop = { 'x-omnisearch-tenant': 'shop' };
const product = (id: string) => ({ id, title: id, category: 'Mice' });

interface Usage {
  days: Record<string, number>[];
  [member: string]: unknown;
}

async function usage(query = '?tenant=shop'): Promise<Usage> {
  const reply = await node.send('GET', `/usage${query}`);
  expect(reply.statusCode).toBe(200);
  return (reply.json()['tenants'] as Usage[])[0] as Usage;
}

test('what a tenant does is counted, written or not', async () => {
  await node.send('PUT', '/plans/tiny', { max_products: 4, price_month: 9 });
  await node.send('PUT', '/tenants/shop', { plan: 'tiny' });
  const rows = ['a', 'b', 'c', 'a'].map(product);
  await node.send('POST', '/products', rows, shop);
  await node.send('PATCH', '/products/a', { price: 2 }, shop);
  await node.send('DELETE', '/products/c', undefined, shop);
  await node.send('POST', '/search/text', { query: 'x' }, shop);
  const searches = [{ query: 'x' }, { query: 'y' }, {}];
  await node.send('POST', '/search/batch', { searches }, shop);
  await node.send('POST', '/search/text', { top_k: 0 }, shop);
  await node.send('GET', '/search?q=x', undefined, shop);
  node.search.failure = new OmniError('unavailable', 'away');
  await node.send('POST', '/search/text', { query: 'x' }, shop);
  const expected = { searches: 4, failed: 1, writes: 5, embeds: 3 + 4, availability: 0.8 };
  const before = await usage();
  expect(before.days).toMatchObject([expected]);
  await node.meter.flush();
  const after = await usage();
  expect(after).toMatchObject({
    ...{ tenant: 'shop', plan: 'tiny', state: 'active', price_month: 9, meets_objective: false },
    stored: { products: 2 },
    quotas: [{ quota: 'max_products', used: 2, most: 4, share: 0.5 }],
    warnings: [],
    days: [{ ...expected, products: 2 }],
  });
  await node.send('POST', '/products', ['d', 'e'].map(product), shop);
  await node.meter.flush();
  expect(await usage()).toMatchObject({ warnings: ['max_products'] });
  const csv = await node.send('GET', '/usage?format=csv&tenant=shop');
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  const month = new Date().toISOString().slice(0, 7);
  expect(csv.body.split('\r\n')).toEqual([
    'month,tenant,plan,item,quantity,unit,amount',
    `${month},shop,tiny,plan,1,month,9.00`,
    `${month},shop,tiny,searches,4,searches,0.00`,
    `${month},shop,tiny,writes,7,products,0.00`,
    `${month},shop,tiny,embeds,9,texts,0.00`,
    expect.stringMatching(`${month},shop,tiny,stored,[1-9][0-9]+,bytes,0.00`),
    '',
  ]);
});

test('all tenants come in pages, as lines all at once', async () => {
  for (const id of ['a', 'b', 'c']) await node.send('PUT', `/tenants/${id}`, {});
  const first = (await node.send('GET', '/usage?limit=2')).json();
  expect(first['tenants']).toMatchObject([{ tenant: 'a', plan: null, days: [] }, { tenant: 'b' }]);
  const next = await node.send('GET', `/usage?limit=2&cursor=${String(first['next_cursor'])}`);
  expect(next.json()).toMatchObject({ tenants: [{ tenant: 'c', cost_month: 0 }] });
  const csv = await node.send('GET', '/usage?format=csv&month=2026-01');
  expect(csv.body.split('\r\n').filter((line) => line.includes('plan,1,month'))).toEqual([
    '2026-01,a,,plan,1,month,0.00',
    '2026-01,b,,plan,1,month,0.00',
    '2026-01,c,,plan,1,month,0.00',
  ]);
  for (const [query, status] of [
    ['?month=2026-13', 400],
    ['?days=0', 400],
    ['?format=xml', 400],
    ['?tenant=none', 404],
    ['?tenant=none&format=csv', 404],
  ] as const) {
    expect([query, (await node.send('GET', `/usage${query}`)).statusCode]).toEqual([query, status]);
  }
});

test('advice names who outgrows what it has, and what to do', async () => {
  await node.send('PUT', '/plans/tiny', { max_products: 2, price_month: 1 });
  await node.send('PUT', '/plans/small', { max_products: 20, price_month: 2 });
  await node.send('PUT', '/tenants/shop', { plan: 'tiny' });
  await node.send('PUT', '/tenants/other', { plan: 'small' });
  await node.send('POST', '/products', ['a', 'b', 'c'].map(product), shop);
  for (let i = 0; i < 10; i++) node.meter.searched('other', 450);
  const reply = (await node.send('GET', '/admin/advice')).json();
  expect(reply).toMatchObject({
    advice: [
      {
        ...{ tenant: 'shop', measure: 'max_products', value: 1, threshold: 1, level: 'critical' },
        advice: 'omnisearch tenants plan shop small',
      },
      { tenant: 'other', measure: 'p95_ms', threshold: 300, level: 'warning' },
    ],
    margins: [
      { tenant: 'shop', price_month: 1 },
      { tenant: 'other', price_month: 2, cost_month: 0, margin_month: 2 },
    ],
    days_until_full: null,
  });
});

test('advice names who misses its objective, and who is not where its plan says', async () => {
  const deployment = { name: 'acme', url: 'http://10.0.0.5:8080' };
  await node.send('PUT', '/plans/own', { deployment, objective: 0.9, machine_bytes: 2 ** 30 });
  await node.send('PUT', '/tenants/shop', { plan: 'own' });
  for (let i = 0; i < 8; i++) node.meter.searched('shop', 5);
  node.meter.count('shop', 'failed', 2);
  const advice = async () => (await node.send('GET', '/admin/advice')).json()['advice'];
  const missed = {
    ...{ tenant: 'shop', measure: 'availability', value: 0.8, threshold: 0.9 },
    level: 'critical',
  };
  expect(await advice()).toMatchObject([
    missed,
    { tenant: 'shop', measure: 'deployment', level: 'warning' },
  ]);
  expect(await usage()).toMatchObject({ objective: 0.9, meets_objective: false, cost_month: 0 });
  await node.send('PUT', '/tenants/shop', { deployment });
  expect(await advice()).toEqual([expect.objectContaining(missed)]);
  expect(await usage()).toMatchObject({ cost_month: 5 });
  for (const [wrong, field] of [
    [{ name: 'A', url: deployment.url }, 'deployment.name'],
    [{ name: 'a', url: 'http://host/path' }, 'deployment.url'],
    [{ ...deployment, store_url: 'mongodb://user:secret@host' }, 'deployment.store_url'],
  ] as const) {
    const refused = await node.send('PUT', '/plans/own', { deployment: wrong });
    expect([refused.statusCode, refused.json().error.field]).toEqual([400, field]);
  }
});
