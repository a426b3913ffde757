import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openHttp, type HttpHarness } from './harness.js';

/** The HTTP side of a region: whom it asks, what it refuses, and how it says its age. */

type Send = Parameters<HttpHarness['send']>;

/** Status, code and field of an answer. */
async function answer(node: HttpHarness, ...asked: Send) {
  const reply = await node.send(...asked);
  const { error, ...body } = reply.json();
  return { status: reply.statusCode, headers: reply.headers, body, error };
}

const KEY = { authorization: 'Bearer admin-key-of-all' };
const PRODUCT = { id: '1', title: 'Mouse', category: 'Mice' };

let dir: string;
let primary: HttpHarness;
let forwarding: HttpHarness;
let refusing: HttpHarness;
let lagMs: number | undefined;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-region-'));
  const path = join(dir, 'primary.sock');
  primary = await openHttp({ adminKey: 'admin-key-of-all' });
  await primary.server.listen({ path });
  const writers = {
    places: () => [{ path }],
    patienceMs: 0,
    written: async () => undefined,
    host: 'primary.example',
  };
  const age = () => lagMs;
  forwarding = await openHttp({ region: { lagMs: age, primary: writers } });
  refusing = await openHttp({ region: { lagMs: age, primary: undefined } });
});
beforeEach(() => {
  lagMs = 300;
});
afterAll(async () => {
  for (const node of [forwarding, refusing, primary]) await node.close();
  rmSync(dir, { recursive: true, force: true });
});

test('writes are answered by the primary, imports too, and what concerns the own nodes is not', async () => {
  const written = await answer(forwarding, 'POST', '/products', PRODUCT, KEY);
  expect(written).toMatchObject({ status: 200, body: { accepted: 1 } });
  expect(await answer(primary, 'GET', '/products/1', undefined, KEY)).toMatchObject({
    status: 200,
  });
  expect(await answer(forwarding, 'GET', '/products/1')).toMatchObject({ status: 404 });
  // The primary wants a key for it, the region does not.
  const tenant = (key = {}) => answer(forwarding, 'PUT', '/tenants/x', {}, key);
  expect([(await tenant()).status, (await tenant(KEY)).status]).toEqual([401, 201]);
  // A node of its own cluster: it has one, and the primary another.
  const move = { nodes: ['s9'], tenant: 'x', partition: 'y' };
  expect((await answer(forwarding, 'POST', '/admin/placement/move', move)).status).not.toBe(401);
});

test('a region behind a region, by mistake, says so', async () => {
  const again = { 'x-omnisearch-region': '1' };
  for (const [method, path] of [
    ['POST', '/products'],
    // Only the primary has them.
    ['GET', '/imports/none'],
  ] as const) {
    const { status, error } = await answer(forwarding, method, path, undefined, again);
    expect([path, status, error.code]).toEqual([path, 503, 'unavailable']);
    expect(error.message).toContain('REGION_OF');
  }
});

test('a region that refuses writes says whom to ask, and reads on', async () => {
  for (const [method, path] of [
    ['POST', '/products'],
    ['DELETE', '/products/1'],
    ['PUT', '/rules/x'],
    ['POST', '/admin/rollback'],
  ] as const) {
    const { status, error } = await answer(refusing, method, path, PRODUCT);
    expect([path, status, error.code]).toEqual([path, 409, 'conflict']);
  }
  const search = await answer(refusing, 'POST', '/search/text', { query: 'mouse' });
  expect(search.status).toBe(200);
});

test('reads say their age once there is one to speak of; probes and writes do not', async () => {
  const ageOf = async (method: 'GET' | 'POST', path: string, body?: object) =>
    (await refusing.send(method, path, body)).headers.age;
  expect(await ageOf('POST', '/search/text', { query: 'mouse' })).toBeUndefined();
  lagMs = 65_900;
  expect(await ageOf('POST', '/search/text', { query: 'mouse' })).toBe('65');
  expect(await ageOf('GET', '/search?q=mouse')).toBe('65');
  expect(await ageOf('GET', '/products/none')).toBe('65');
  expect(await ageOf('GET', '/suggest?q=m')).toBe('65');
  expect(await ageOf('GET', '/livez')).toBeUndefined();
  expect(await ageOf('POST', '/products', PRODUCT)).toBeUndefined();
});

test('what regions read wants an admin key, and is refused in a form that can not be', async () => {
  const get = (path: string, key: Record<string, string> = KEY) =>
    answer(primary, 'GET', path, undefined, key);
  expect((await get('/admin/region/changes', {})).status).toBe(401);
  expect((await get('/admin/region/changes', { authorization: 'Bearer x' })).status).toBe(401);
  const changes = await get('/admin/region/changes');
  expect(changes).toMatchObject({ status: 200, body: { at_end: true, records_expired: true } });
  const wrong = await get('/admin/region/changes?tenants=%20');
  expect([wrong.status, wrong.error.field]).toEqual([400, 'tenants']);
  const kind = await get('/admin/region/records?kind=lease');
  expect([kind.status, kind.error.field]).toEqual([400, 'kind']);
  const path = '/admin/region/products?tenant=default';
  const page = await primary.send('GET', path, undefined, KEY);
  expect(page.body.trim().split('\n').at(-1)).toContain('"end"');
});
