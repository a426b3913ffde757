import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { browserKey } from '../../src/client/browser-key.js';
import { auditOf, openHttp, type HttpHarness } from './harness.js';

let node: HttpHarness;
afterEach(async () => node.close());

interface Made {
  id: string;
  generation: number;
  secret: string;
  secrets: { created_at: string; expires_at?: string }[];
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const ADMIN = bearer('boss');
const expiresAt = Math.floor(Date.now() / 1_000) + 3_600;

async function open(options: Parameters<typeof openHttp>[0] = {}): Promise<void> {
  node = await openHttp({ adminKey: 'boss', ...options });
}

async function create(body: object): Promise<Made> {
  const reply = await node.send('POST', '/keys', body, ADMIN);
  expect([reply.statusCode, reply.body]).toEqual([201, expect.any(String)]);
  return reply.json() as unknown as Made;
}

/** Status of a search, and what the search was told of the key. */
async function search(headers: Record<string, string>, body: object = { query: 'x' }) {
  return (await node.send('POST', '/search/text', body, headers)).statusCode;
}

describe('a key', () => {
  test('is shown with its secret once, and changed without another', async () => {
    await open();
    const asked = {
      ...{ kind: 'search', tenants: ['default'], description: 'the page' },
      filter: { price: { lt: 10 } },
      fields: { exclude: ['cost'] },
      limits: { max_top_k: 20, exact: false },
    };
    const { secret, ...made } = await create(asked);
    expect(made).toMatchObject({ ...asked, generation: 1 });
    const path = `/keys/${made.id}`;
    expect((await node.send('GET', path, undefined, ADMIN)).json()).toEqual(made);
    expect((await node.send('GET', '/keys', undefined, ADMIN)).json()).toEqual({ keys: [made] });
    expect(await search(bearer(secret))).toBe(200);
    const changes = { filter: null, generation: 3, expires_at: '2999-01-01T00:00:00Z' };
    const changed = await node.send('PATCH', path, changes, ADMIN);
    const { filter, ...rest } = made as Made & { filter: object };
    expect(filter).toBeDefined();
    expect(changed.json()).toEqual({ ...rest, generation: 3, expires_at: changes.expires_at });
    expect(await search(bearer(secret))).toBe(200);
    const deleted = await node.send('DELETE', path, undefined, ADMIN);
    expect(deleted.json()).toEqual({ id: made.id });
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await node.send(method, path, undefined, ADMIN)).statusCode).toBe(404);
    }
    const everything = await Promise.all(
      ['key', 'key secret'].map((kind) => node.store.records.list(kind, undefined, 100)),
    );
    expect(everything).toEqual([[], []]);
  });

  test('is wanted as soon as there is one, and not any more when there is none', async () => {
    await open();
    expect(await search({})).toBe(200);
    // One that there is not changes nothing where none is needed.
    expect(await search(bearer('any'))).toBe(200);
    const { id, secret } = await create({ kind: 'search' });
    expect([await search({}), await search(bearer('any'))]).toEqual([401, 401]);
    expect(await search({ 'x-omnisearch-key': secret })).toBe(200);
    await node.send('DELETE', `/keys/${id}`, undefined, ADMIN);
    expect(await search({})).toBe(200);
  });

  test('that is rotated has two secrets that are good, and so have its browser keys', async () => {
    await open();
    const first = await create({ kind: 'search' });
    const browser = await browserKey(first, { expiresAt });
    const rotate = async (body: object) =>
      (await node.send('POST', `/keys/${first.id}/rotate`, body, ADMIN)).json() as unknown as Made;
    const second = await rotate({});
    expect(second.secrets).toHaveLength(2);
    const all = () =>
      Promise.all([first.secret, browser, second.secret].map((k) => search(bearer(k))));
    expect(await all()).toEqual([200, 200, 200]);
    // A third ends the first.
    const third = await rotate({ previous_expires_at: '2020-01-01T00:00:00Z' });
    expect(third.secrets).toHaveLength(2);
    expect(await all()).toEqual([401, 401, 401]);
    expect(await search(bearer(third.secret))).toBe(200);
    expect(await search(bearer(await browserKey(third, { expiresAt })))).toBe(200);
  });

  test('of pages is good for those of its origins alone', async () => {
    await open();
    const { secret } = await create({ kind: 'search', origins: ['https://shop.example'] });
    const from = (headers: Record<string, string>) => search({ ...bearer(secret), ...headers });
    expect(await from({ origin: 'https://shop.example' })).toBe(200);
    expect(await from({ origin: 'https://SHOP.example' })).toBe(200);
    expect(await from({ referer: 'https://shop.example/shoes?x=1' })).toBe(200);
    for (const headers of [
      {},
      { origin: 'https://evil.example' },
      { origin: 'https://shop.example.evil' },
      { origin: 'null' },
      { origin: 'https://evil.example', referer: 'https://shop.example/' },
      { referer: 'nonsense' },
    ]) {
      expect([headers, await from(headers)]).toEqual([headers, 403]);
    }
  });

  test('with actions may do those and no others of its kind', async () => {
    await open();
    const { secret } = await create({ kind: 'write', actions: ['documents:get', 'synonyms:*'] });
    const status = async (method: 'GET' | 'PUT' | 'POST', path: string, body?: object) =>
      (await node.send(method, path, body, bearer(secret))).statusCode;
    expect(await status('GET', '/products/x')).toBe(404);
    expect(await status('PUT', '/synonyms/s', { words: ['a', 'b'] })).toBe(200);
    expect(await status('GET', '/synonyms')).toBe(200);
    expect(await status('POST', '/products', { id: 'p', title: 't', category: 'c' })).toBe(403);
    expect(await status('POST', '/search/text', { query: 'x' })).toBe(403);
    expect(await status('GET', '/rules')).toBe(403);
    expect(await status('GET', '/keys')).toBe(403);
  });

  test('is not made of anything else', async () => {
    await open();
    for (const [body, field] of [
      [{}, 'kind'],
      [{ kind: 'root' }, 'kind'],
      [{ kind: 'search', tenants: [] }, 'tenants'],
      [{ kind: 'search', tenants: ['A B'] }, 'tenants[0]'],
      [{ kind: 'search', filter: { price: 'x' } }, 'filter.price'],
      [{ kind: 'search', filter: [] }, 'filter'],
      [{ kind: 'search', expires_at: 'tomorrow' }, 'expires_at'],
      [{ kind: 'search', expires_at: '2030-02-31T00:00:00Z' }, 'expires_at'],
      [{ kind: 'search', limits: { max_top_k: 0 } }, 'limits.max_top_k'],
      [{ kind: 'search', limits: { searches_per_s: 0 } }, 'limits.searches_per_s'],
      [{ kind: 'search', limits: { searches_per_s: 0.5 } }, 'limits.searches_per_s'],
      [{ kind: 'search', limits: { per_ip_per_minute: 0 } }, 'limits.per_ip_per_minute'],
      [{ kind: 'search', limits: { top: 1 } }, 'limits.top'],
      [{ kind: 'search', origins: ['shop.example'] }, 'origins[0]'],
      [{ kind: 'search', actions: ['everything'] }, 'actions[0]'],
      [{ kind: 'write', filter: { price: 1 } }, 'filter'],
      [{ kind: 'write', fields: { exclude: ['x'] } }, 'fields'],
      [{ kind: 'admin', compatible: true }, 'compatible'],
      [{ kind: 'search', id: 'mine' }, 'id'],
      [{ kind: 'search', secret: 'mine' }, 'secret'],
      [{ kind: 'search', price_list: 'A B' }, 'price_list'],
    ] as const) {
      const reply = await node.send('POST', '/keys', body, ADMIN);
      const { error } = reply.json();
      expect([body, reply.statusCode, error.field]).toEqual([body, 400, field]);
    }
    expect((await node.send('GET', '/keys', undefined, ADMIN)).json()).toEqual({ keys: [] });
  });

  test('is not changed by anything else', async () => {
    await open();
    const { id } = await create({ kind: 'search' });
    const path = `/keys/${id}`;
    await node.send('PATCH', path, { generation: 2 }, ADMIN);
    const before = (await node.send('GET', path, undefined, ADMIN)).json();
    for (const [body, field] of [
      [{ generation: 1 }, 'generation'],
      [{ kind: 'admin' }, 'kind'],
      [{ tenants: null }, 'tenants'],
      [{ limits: { exact: 'no' } }, 'limits.exact'],
      [{ filter: { price: {} } }, 'filter.price'],
      [{ disabled_at: 1 }, 'disabled_at'],
    ] as const) {
      const reply = await node.send('PATCH', path, body, ADMIN);
      const { error } = reply.json();
      expect([body, reply.statusCode, error.field]).toEqual([body, 400, field]);
    }
    expect((await node.send('GET', path, undefined, ADMIN)).json()).toEqual(before);
  });
});

test('what a stranger could use of a key is stored nowhere as it is', async () => {
  await open();
  const { secret } = await create({ kind: 'search', compatible: true });
  const stored = JSON.stringify(
    await Promise.all(
      ['key', 'key secret', 'audit', 'audit entry'].map((kind) =>
        node.store.records.list(kind, undefined, 100),
      ),
    ),
  );
  expect(stored).not.toContain(secret);
  expect(stored).not.toContain(Buffer.from(secret).toString('base64url'));
  expect(stored).not.toContain('plain.');
  expect(stored).toContain(createHash('sha256').update(secret).digest('base64url'));
});

describe('unknown keys', () => {
  const METRIC = /^auth_failures_total (\d+)$/m;
  const counted = async () =>
    METRIC.exec((await node.send('GET', '/metrics', undefined, ADMIN)).body)?.[1];

  test('are sent away past five a minute, and no other request with them', async () => {
    await open({ authFailuresPerMinute: 5 });
    const { id, secret } = await create({ kind: 'search' });
    const forged = await browserKey({ id, secret: 'other', generation: 1 }, { expiresAt });
    const old = await browserKey({ id, secret, generation: 1 }, { expiresAt: 1 });
    // Neither one that has ended nor none at all is somebody guessing.
    for (let i = 0; i < 10; i++) {
      expect([await search({}), await search(bearer(old))]).toEqual([401, 401]);
    }
    for (const key of ['a', 'b', forged, 'os1.x', 'd']) expect(await search(bearer(key))).toBe(401);
    const away = await node.send('POST', '/search/text', { query: 'x' }, bearer(forged));
    expect([away.statusCode, away.json().error.code]).toEqual([429, 'rate_limited']);
    expect(Number(away.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(away.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect([await search(bearer(secret)), await search({}), await search(bearer(old))]).toEqual([
      200, 401, 401,
    ]);
    expect(await counted()).toBe('6');
  });

  test('are never sent away with 0', async () => {
    await open({ authFailuresPerMinute: 0, apiKey: 'key' });
    for (let i = 0; i < 20; i++) expect(await search(bearer(`wrong ${i}`))).toBe(401);
    expect(await counted()).toBe('20');
  });
});

describe('the audit', () => {
  test('is a chain of hashes, which holds keys as well and none of their secrets', async () => {
    await open();
    const { id, secret } = await create({ kind: 'write', tenants: ['default', 'second'] });
    await node.send('PUT', '/rules/r', { when: {}, then: { hidden: ['a'] } }, bearer(secret));
    await node.send('PATCH', `/keys/${id}`, { description: 'x' }, ADMIN);
    const reply = await node.send('GET', '/audit', undefined, ADMIN);
    expect(reply.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    expect(reply.body).not.toContain(secret);
    const lines = reply.body.trimEnd().split('\n');
    let previous: string | null = null;
    for (const line of lines) {
      // The hash is the last member: what it is of is the line without it.
      const [, before = '', hash = ''] = /^(.*),"hash":"(\w{64})"\}$/.exec(line) ?? [];
      expect(hash).toBe(createHash('sha256').update(`${before}}`).digest('hex'));
      expect((JSON.parse(line) as { previous: string | null }).previous).toBe(previous);
      previous = hash;
    }
    const entries = await auditOf(node, ADMIN);
    expect(entries.map(({ by, kind, target }) => [by, kind, target])).toEqual([
      ['ADMIN_KEY', 'key', id],
      [id, 'rule', 'r'],
      ['ADMIN_KEY', 'key', id],
    ]);
    const second = await auditOf(node, { ...ADMIN, 'x-omnisearch-tenant': 'second' });
    expect(second.map(({ kind }) => kind)).toEqual(['key', 'key']);
  });
});
