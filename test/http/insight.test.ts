import { afterEach, beforeEach, expect, it } from 'vitest';
import { newQueryId } from '../../src/merchandising/query-id.js';
import { openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;

beforeEach(async () => {
  node = await openHttp();
  await node.send('POST', '/products', [{ id: 'a', title: 'Desk lamp', category: 'Lamps' }]);
});

afterEach(async () => node.close());

it('takes events, one or a list, and tells what became of them', async () => {
  const event = { type: 'click', query_id: newQueryId('lamp'), id: 'a', position: 3 };
  const one = await node.send('POST', '/events', event);
  expect([one.statusCode, one.json()]).toEqual([202, { accepted: 1 }]);
  const purchase = { type: 'purchase', query_id: event.query_id, id: 'a' };
  expect((await node.send('POST', '/events', [event, purchase])).json()).toEqual({ accepted: 2 });
  const analytics = (await node.send('GET', '/analytics')).json();
  expect(analytics).toMatchObject({ searches: 0, average_click_position: 3 });
});

it.each([
  [{ type: 'look', query_id: 'x', id: 'a' }, 'type'],
  [{ type: 'click', query_id: 'x', id: 'a' }, 'query_id'],
  [{ type: 'click', query_id: newQueryId('x'), id: '' }, 'id'],
  [{ type: 'click', query_id: newQueryId('x'), id: 'a', position: 0 }, 'position'],
  [{ type: 'click', query_id: newQueryId('x'), id: 'a', price: 3 }, 'price'],
  [[{ type: 'click', query_id: 'x', id: 'a' }], '[0].query_id'],
])('refuses the event %j by its field', async (event, field) => {
  const reply = await node.send('POST', '/events', event);
  expect(reply.statusCode).toBe(400);
  expect(reply.json().error).toMatchObject({ code: 'invalid_field', field });
});

it('suggests products and categories by a beginning', async () => {
  const reply = await node.send('GET', '/suggest?q=lam&limit=3');
  expect(reply.statusCode).toBe(200);
  expect(reply.json()).toMatchObject({
    queries: [],
    categories: [{ category: 'Lamps', count: 1 }],
    products: [{ id: 'a', product: { title: 'Desk lamp' } }],
  });
});

it('counts what was searched for, once a text, and tells it by the id of the reply', async () => {
  const found = (await node.send('POST', '/search/text', { query: 'Lamp' })).json();
  await node.send('POST', '/search/text', { query: 'lamp', page: 2, per_page: 5 });
  await node.send('POST', '/search/text', { query: 'lamp', per_page: 0 });
  const { query_id } = found as unknown as { query_id: string };
  await node.send('POST', '/events', { type: 'click', query_id, id: 'a', position: 1 });
  const analytics = (await node.send('GET', '/analytics')).json();
  expect(analytics).toMatchObject({ searches: 1, click_through_rate: 1 });
  expect((await node.send('GET', '/suggest?q=la')).json()).toMatchObject({
    queries: [{ text: 'Lamp', count: 1 }],
  });
});

it.each([
  ['/suggest', 'q'],
  ['/suggest?q=%20', 'q'],
  ['/suggest?q=a&limit=0', 'limit'],
  ['/suggest?q=a&limit=many', 'limit'],
  ['/analytics?days=1000', 'days'],
  ['/analytics?limit=0', 'limit'],
])('refuses %s by its parameter', async (url, field) => {
  const reply = await node.send('GET', url);
  expect(reply.statusCode).toBe(400);
  expect(reply.json().error.field).toBe(field);
});
