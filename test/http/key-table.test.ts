import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserKey } from '../../src/client/browser-key.js';
import { openHttp, type HttpHarness } from './harness.js';
import { routesOf } from './routes.js';

/** Who may ask for what: everybody, search keys and above, write keys and above, admin keys. */
const WANTED = {
  all: [
    'GET /',
    'GET /admin',
    'GET /healthz',
    'GET /livez',
    'GET /openapi.json',
    'GET /readyz',
    'GET /typesense/health',
  ],
  search: [
    'GET /categories',
    'GET /search',
    'GET /suggest',
    'GET /typesense/collections/:collection/documents/search',
    'POST /algolia/1/indexes/:index/facets/:facet/query',
    'POST /algolia/1/indexes/:index/queries',
    'POST /algolia/1/indexes/:index/query',
    'POST /events',
    'POST /search/batch',
    'POST /search/similar',
    'POST /search/text',
    'POST /search/vector',
    'POST /typesense/multi_search',
  ],
  write: [
    'DELETE /price-lists/:name',
    'DELETE /products/:id',
    'DELETE /rules/:id',
    'DELETE /synonyms/:id',
    'DELETE /typesense/collections/:collection/documents',
    'DELETE /typesense/collections/:collection/documents/:id',
    'GET /analytics',
    'GET /imports',
    'GET /imports/:id',
    'GET /imports/:id/rejected',
    'GET /price-lists',
    'GET /products/:id',
    'GET /rules',
    'GET /rules/:id',
    'GET /settings',
    'GET /synonyms',
    'GET /synonyms/:id',
    'GET /typesense/collections',
    'GET /typesense/collections/:collection',
    'GET /typesense/collections/:collection/documents/:id',
    'GET /typesense/collections/:collection/documents/export',
    'PATCH /products/:id',
    'PATCH /typesense/collections/:collection',
    'PATCH /typesense/collections/:collection/documents',
    'PATCH /typesense/collections/:collection/documents/:id',
    'POST /imports',
    'POST /imports/:id/cancel',
    'POST /imports/:id/confirm',
    'POST /imports/:id/retry',
    'POST /products',
    'POST /products/:id/restore',
    'POST /rules/preview',
    'POST /typesense/collections',
    'POST /typesense/collections/:collection/documents',
    'POST /typesense/collections/:collection/documents/import',
    'PUT /price-lists/:name',
    'PUT /rules/:id',
    'PUT /settings',
    'PUT /synonyms/:id',
  ],
  admin: [
    'DELETE /admin/nodes/:name/drain',
    'DELETE /aliases/:name',
    'DELETE /keys/:id',
    'DELETE /plans/:name',
    'DELETE /tenants/:id',
    'DELETE /typesense/aliases/:alias',
    'DELETE /typesense/collections/:collection',
    'DELETE /typesense/keys/:id',
    'GET /admin/advice',
    'GET /admin/alerts',
    'GET /admin/autoscale',
    'GET /admin/cluster',
    'GET /admin/decisions',
    'GET /admin/export',
    'GET /admin/export/products',
    'GET /admin/export/records',
    'GET /admin/live',
    'GET /admin/region/changes',
    'GET /admin/region/products',
    'GET /admin/region/records',
    'GET /admin/placement/plan',
    'GET /admin/handover',
    'GET /admin/store',
    'GET /aliases',
    'GET /aliases/:name',
    'GET /audit',
    'GET /keys',
    'GET /keys/:id',
    'GET /metrics',
    'GET /plans',
    'GET /plans/:name',
    'GET /stats',
    'GET /tenants',
    'GET /tenants/:id',
    'GET /tenants/:id/digest',
    'GET /tenants/:id/export',
    'GET /tenants/:id/import',
    'GET /usage',
    'GET /typesense/aliases',
    'GET /typesense/aliases/:alias',
    'GET /typesense/keys',
    'GET /typesense/keys/:id',
    'PATCH /keys/:id',
    'POST /admin/export/taken',
    'POST /admin/import/products',
    'POST /admin/import/records',
    'POST /admin/import/settle',
    'POST /admin/nodes/:name/drain',
    'POST /admin/placement/apply',
    'POST /admin/placement/merge',
    'POST /admin/placement/move',
    'POST /admin/placement/pin',
    'POST /admin/placement/split',
    'POST /admin/rollback',
    'POST /keys',
    'POST /keys/:id/rotate',
    'POST /tenants/:id/import',
    'POST /typesense/keys',
    'PUT /admin/handover',
    'PUT /admin/store',
    'PUT /aliases/:name',
    'PUT /plans/:name',
    'PUT /tenants/:id',
    'PUT /typesense/aliases/:alias',
  ],
} as const;
type Level = keyof typeof WANTED;
const LEVELS = Object.keys(WANTED) as Level[];

/** What becomes of a request at each level: it is let in, or its status. */
type Outcome = 'in' | 401 | 403;
const REFUSED: readonly Outcome[] = ['in', 401, 401, 401];
const EXPECTED: Record<string, readonly Outcome[]> = {
  'no key': REFUSED,
  'a wrong key': REFUSED,
  'an expired key': REFUSED,
  'a disabled key': REFUSED,
  'a deleted key': REFUSED,
  'a search key': ['in', 'in', 403, 403],
  'a write key': ['in', 'in', 'in', 403],
  'an admin key': ['in', 'in', 'in', 'in'],
  'a browser key': ['in', 'in', 403, 403],
  'an expired browser key': REFUSED,
  'a browser key of a former generation': REFUSED,
  'a browser key that was changed': REFUSED,
  "another tenant's key": ['in', 403, 403, 403],
  "another tenant's browser key": ['in', 403, 403, 403],
  API_KEY: ['in', 'in', 'in', 401],
  ADMIN_KEY: ['in', 'in', 'in', 'in'],
};

let node: HttpHarness;
const tokens = new Map<string, string | undefined>();
const ADMIN = { authorization: 'Bearer boss' };
const HOUR_S = 3_600;
const nowS = Math.floor(Date.now() / 1_000);

interface Made {
  id: string;
  generation: number;
  secret: string;
}

async function create(body: object): Promise<Made> {
  const asked = { tenants: ['shop', 'gone'], ...body };
  const reply = await node.send('POST', '/keys', asked, ADMIN);
  expect(reply.statusCode).toBe(201);
  return reply.json() as unknown as Made;
}

beforeAll(async () => {
  // An API_KEY beside keys: both are good.
  node = await openHttp({ apiKey: 'simple', adminKey: 'boss', loopback: false });
  const change = (id: string, body: object) => node.send('PATCH', `/keys/${id}`, body, ADMIN);
  await node.send('POST', '/typesense/collections', { name: 'shop', fields: [] }, ADMIN);
  for (const tenant of ['shop', 'second', 'default']) {
    const headers = { ...ADMIN, 'x-omnisearch-tenant': tenant };
    const id = tenant === 'default' ? 'd' : 'p';
    await node.send('POST', '/products', { id, title: `of ${tenant}`, category: 'c' }, headers);
  }
  await node.send('PUT', '/aliases/now', { tenant: 'second' }, ADMIN);
  const search = await create({ kind: 'search' });
  const write = await create({ kind: 'write' });
  const admin = await create({ kind: 'admin', tenants: ['*'] });
  const other = await create({ kind: 'write', tenants: ['other', 'third'] });
  const otherSearch = await create({ kind: 'search', tenants: ['other'] });
  const expired = await create({ kind: 'write', expires_at: '2020-01-01T00:00:00Z' });
  const disabled = await create({ kind: 'admin' });
  await change(disabled.id, { disabled_at: new Date().toISOString() });
  const deleted = await create({ kind: 'admin' });
  await node.send('DELETE', `/keys/${deleted.id}`, undefined, ADMIN);
  const expiresAt = nowS + HOUR_S;
  const former = await create({ kind: 'search' });
  const ofFormer = await browserKey(former, { expiresAt });
  await change(former.id, { generation: 2 });
  const browser = await browserKey(search, { expiresAt, filter: { price: { lt: 5 } } });
  const [head = '', , signature = ''] = browser.split('.');
  const claims = { k: search.id, g: search.generation, exp: expiresAt };
  const forged = Buffer.from(JSON.stringify(claims)).toString('base64url');
  for (const [name, token] of Object.entries({
    'no key': undefined,
    'a wrong key': 'wrong',
    'an expired key': expired.secret,
    'a disabled key': disabled.secret,
    'a deleted key': deleted.secret,
    'a search key': search.secret,
    'a write key': write.secret,
    'an admin key': admin.secret,
    'a browser key': browser,
    'an expired browser key': await browserKey(search, { expiresAt: nowS - 1 }),
    'a browser key of a former generation': ofFormer,
    'a browser key that was changed': `${head}.${forged}.${signature}`,
    "another tenant's key": other.secret,
    "another tenant's browser key": await browserKey(otherSearch, { expiresAt }),
    API_KEY: 'simple',
    ADMIN_KEY: 'boss',
  })) {
    tokens.set(name, token);
  }
});
afterAll(async () => node.close());

test('each route is in the table, once', async () => {
  const named = LEVELS.flatMap((level) => WANTED[level]);
  expect([...named].sort()).toEqual(await routesOf(node.server.app));
  expect([...tokens.keys()]).toEqual(Object.keys(EXPECTED));
});

describe.each(Object.entries(EXPECTED))('%s', (name, expected) => {
  test.each(LEVELS.map((level, i) => [level, expected[i] as Outcome] as const))(
    'at routes for %s: %s',
    async (level, outcome) => {
      for (const route of WANTED[level]) {
        expect([route, await outcomeOf(route, tokens.get(name))]).toEqual([route, outcome]);
      }
    },
  );
});

/** A request for the tenant `shop`, wherever the route has a place for its name. */
async function outcomeOf(route: string, token: string | undefined): Promise<Outcome> {
  const [method = '', path = ''] = route.split(' ');
  // A collection that is deleted is none that the others ask for.
  const isDropped = method === 'DELETE' && path.endsWith('/:collection');
  const url = path
    .replace(/:(collection|index)/, isDropped ? 'gone' : 'shop')
    .replace(/:\w+/g, 'x');
  const isCompatible = /^\/(typesense|algolia)\//.test(path);
  const { statusCode, body } = await node.send(method as 'GET', url, bodyOf(path, method), {
    ...(isCompatible ? {} : { 'x-omnisearch-tenant': 'shop' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  });
  if (statusCode === 401 || statusCode === 403) return statusCode;
  // A failed search has its error in its place; a list has what the key is for.
  const isRefused = path.endsWith('/multi_search') && body.includes('"code":403');
  return isRefused || body === '[]' ? 403 : 'in';
}

function bodyOf(path: string, method: string): object | undefined {
  if (method === 'GET' || method === 'DELETE') return undefined;
  if (path.endsWith('/multi_search')) return { searches: [{ collection: 'shop', q: '*' }] };
  if (path.endsWith('/queries')) return { requests: [{ indexName: 'shop' }] };
  if (path === '/typesense/collections') return { name: 'shop', fields: [] };
  return {};
}

/** Whole catalogues, and keys with their secrets, are no part of what tenants are. */
describe('a catalogue as it is stored', () => {
  const NDJSON = { 'content-type': 'application/x-ndjson' };
  const KEY_LINE = { key: { id: 'x', kind: 'search', tenants: ['shop'], generation: 1 } };
  const END = { position: 'AQ', at_end: true, price_lists: [], keys: [] };

  test.each([
    [
      ['tenants:get', 'tenants:create', 'keys:get'],
      [403, 403, 403, 403, 403, 403, 403],
    ],
    [
      ['tenants:export', 'keys:get'],
      [200, 200, 403, 403, 403, 403, 403],
    ],
    [
      ['tenants:import', 'keys:create'],
      [403, 403, 403, 200, 409, 403, 403],
    ],
    [
      ['tenants:*', 'keys:*'],
      [200, 200, 200, 200, 409, 400, 200],
    ],
    [undefined, [200, 200, 200, 200, 409, 400, 200]],
  ])('with a key for %j', async (actions, statuses) => {
    const { secret } = await create({ kind: 'admin', ...(actions && { actions }) });
    const bearer = { authorization: `Bearer ${secret}` };
    const take = (tenant: string, line: object) =>
      node.send('POST', `/tenants/${tenant}/import`, JSON.stringify(line), {
        ...bearer,
        ...NDJSON,
      });
    await node.send('PUT', '/tenants/copied', { state: 'read_only' }, ADMIN);
    const ask = (path: string) => node.send('GET', `/tenants/${path}`, undefined, bearer);
    const replies = [
      await ask('shop/export'),
      await ask('shop/digest'),
      await ask('shop/export?keys=true'),
      await ask('shop/import'),
      await take('shop', END),
      await take('copied', KEY_LINE),
      await take('copied', END),
    ];
    expect(replies.map(({ statusCode }) => statusCode)).toEqual(statuses);
  });
});

describe('the tenant', () => {
  const found = async (tenants: string[], header?: string) => {
    const made = await create({ kind: 'write', tenants });
    const headers = header === undefined ? {} : { 'x-omnisearch-tenant': header };
    const bearer = { authorization: `Bearer ${made.secret}` };
    const { statusCode } = await node.send('GET', '/rules', undefined, { ...headers, ...bearer });
    const reply = await node.send('GET', '/products/p', undefined, { ...headers, ...bearer });
    return [statusCode, statusCode === 200 ? reply.json()['title'] : reply.json().error.field];
  };
  const FIELD = 'X-OmniSearch-Tenant';

  test.each([
    [['shop'], undefined, 200, 'of shop'],
    [['shop'], 'shop', 200, 'of shop'],
    [['shop'], 'default', 403, FIELD],
    [['shop'], 'nobody', 403, FIELD],
    [['shop', 'second'], undefined, 400, FIELD],
    [['shop', 'second'], 'second', 200, 'of second'],
    [['shop', 'default'], undefined, 200, undefined],
    [['*'], undefined, 200, undefined],
    [['*'], 'second', 200, 'of second'],
    [['shop'], 'Not A Name', 400, FIELD],
    [['now'], undefined, 200, 'of second'],
    [['now'], 'second', 403, FIELD],
    [['second'], 'now', 200, 'of second'],
    [['shop'], 'now', 403, FIELD],
  ])('of a key for %j, asked for %s: %i', async (tenants, header, status, told) => {
    expect(await found(tenants, header)).toEqual([status, told]);
  });
});
