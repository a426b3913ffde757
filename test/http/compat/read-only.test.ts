import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from '../harness.js';

let node: HttpHarness;
beforeAll(async () => {
  node = await openHttp({ apiKey: 'secret' });
});
afterAll(async () => node.close());

function send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT', url: string, body?: unknown) {
  return node.send(method, url, body, {
    'x-typesense-api-key': 'secret',
    ...(body === undefined ? {} : { 'content-type': 'text/plain' }),
  });
}

test('of a tenant that is read-only nothing changes, and all of it is read', async () => {
  const hats = '/typesense/collections/read-only-hats';
  const made = { name: 'read-only-hats', fields: [{ name: 'name', type: 'string' }] };
  await send('POST', '/typesense/collections', made);
  await send('POST', `${hats}/documents`, { id: '1', name: 'Cap' });
  const set = (state: string) =>
    node.send('PUT', '/tenants/read-only-hats', { state }, { authorization: 'Bearer secret' });
  expect((await set('read_only')).statusCode).toBe(200);
  const before = (await send('GET', hats)).json();
  const change = { fields: [{ name: 'color', type: 'string', facet: true }] };
  for (const refused of [
    await send('PATCH', hats, change),
    await send('DELETE', hats),
    await send('DELETE', `${hats}/documents?filter_by=name:Cap`),
    await send('POST', `${hats}/documents`, { id: '2', name: 'Hat' }),
  ]) {
    expect(refused.statusCode).toBe(403);
    expect(refused.json()['message']).toMatch(/read-only for now/);
  }
  expect((await send('GET', hats)).json()).toEqual(before);
  expect((await send('GET', `${hats}/documents/1`)).statusCode).toBe(200);
  expect((await send('GET', `${hats}/documents/search?q=cap&query_by=name`)).statusCode).toBe(200);
  const aliased = await send('PUT', '/typesense/aliases/caps', {
    collection_name: 'read-only-hats',
  });
  expect(aliased.statusCode).toBe(200);
  await send('DELETE', '/typesense/aliases/caps');
  await set('active');
  expect((await send('PATCH', hats, change)).statusCode).toBe(200);
  expect((await send('DELETE', hats)).statusCode).toBe(200);
});
