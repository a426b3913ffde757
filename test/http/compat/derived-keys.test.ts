import { algoliasearch } from 'algoliasearch';
import { fastify, type FastifyInstance } from 'fastify';
import { Client } from 'typesense';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { admitSecured } from '../../../src/http/compat/algolia/secured-key.js';
import { takeKey } from '../../../src/http/compat/key-of-request.js';
import { admitScoped } from '../../../src/http/compat/typesense/scoped-key.js';
import { asOmniError, statusOf } from '../../../src/http/error-reply.js';
import { KeyGate } from '../../../src/http/key-gate.js';
import type { SecretBody } from '../../../src/tenancy/keys/key-desk.js';
import { keyedNode } from '../../tenancy/keys/keyed-node.js';
import { MemoryRecords } from '../../tenancy/memory-records.js';
import { openHttp } from '../harness.js';

const nowS = Math.floor(Date.now() / 1_000);
const typesense = new Client({ nodes: [{ url: 'http://localhost' }], apiKey: 'x' });
const algolia = algoliasearch('app', 'x');
const scoped = (secret: string, parameters: object): string =>
  typesense.keys().generateScopedSearchKey(secret, parameters);
const secured = (parentApiKey: string, restrictions: object): string =>
  algolia.generateSecuredApiKey({ parentApiKey, restrictions });

let app: FastifyInstance;
let node: ReturnType<typeof keyedNode>;
let parent: SecretBody;
let failures: number;

/** Two routes that say what the key in front of them came to. */
beforeEach(async () => {
  node = keyedNode(new MemoryRecords());
  failures = 0;
  const options = { apiKey: 'simple', adminKey: undefined, loopback: true };
  const metrics = { authFailed: () => void (failures += 1) };
  const gate = new KeyGate({ keys: node.ring }, options, metrics);
  app = fastify();
  app.setErrorHandler((error, _, reply) => reply.code(statusOf(asOmniError(error))).send(error));
  for (const [path, header, admit] of [
    ['/typesense/multi_search', 'x-typesense-api-key', admitScoped(node.ring)],
    ['/algolia/1/indexes/:index/query', 'x-algolia-api-key', admitSecured(node.ring)],
  ] as const) {
    await app.register(async (scope) => {
      scope.addHook('onRequest', takeKey(header));
      scope.addHook('onRequest', gate.enterBy(admit));
      scope.post(path, async ({ key, narrowing }) => ({ key, narrowing }));
    });
  }
  parent = await node.desk.create(
    {
      ...{ kind: 'search', tenants: ['shop', 'second'], compatible: true },
      ...{ filter: { brand: 'Acme' }, fields: { exclude: ['cost'] }, limits: { max_top_k: 9 } },
    },
    null,
  );
});
afterEach(async () => app.close());

interface Told {
  status: number;
  filters?: unknown;
  exclude?: unknown;
  tenants?: unknown;
  depth?: unknown;
}

async function told(url: string, headers: Record<string, string>): Promise<Told> {
  const reply = await app.inject({ method: 'POST', url, headers });
  const body = reply.json<{ key?: { tenants?: string[] }; narrowing?: Record<string, unknown> }>();
  if (reply.statusCode !== 200) return { status: reply.statusCode };
  const { filters, exclude, maxPageDepth } = body.narrowing ?? {};
  return { status: 200, filters, exclude, tenants: body.key?.tenants, depth: maxPageDepth };
}

const byTypesense = (key: string) =>
  told('/typesense/multi_search', { 'x-typesense-api-key': key });
const byAlgolia = (key: string, application = 'any') =>
  told('/algolia/1/indexes/shop/query', {
    'x-algolia-api-key': key,
    'x-algolia-application-id': application,
  });

const ACME = { kind: 'in', field: 'brand', values: ['Acme'] };
const CHEAP = { kind: 'range', field: 'price', op: 'lt', value: 5 };
const RED = { kind: 'in', field: 'color', values: ['red'] };

describe('scoped keys of Typesense', () => {
  test('narrow what their key may', async () => {
    const parameters = { filter_by: 'price:<5', exclude_fields: 'margin', limit_hits: 50 };
    const ends = { expires_at: nowS + 60 };
    expect(await byTypesense(scoped(parent.secret, { ...parameters, ...ends }))).toEqual({
      ...{ status: 200, filters: [ACME, CHEAP], exclude: ['cost', 'margin'], depth: 50 },
      tenants: ['shop', 'second'],
    });
    // The key itself, and that of a setting.
    expect(await byTypesense(parent.secret)).toMatchObject({ status: 200, filters: [ACME] });
    expect((await byTypesense('simple')).status).toBe(200);
    expect(failures).toBe(0);
  });

  test.each([
    [{ filter_by: 'price:<5', expires_at: nowS - 1 }, 401],
    [{ filter_by: 'price:<' }, 400],
    [{ include_fields: 'title' }, 400],
    [{ query_by: 'title' }, 400],
    [{ expires_at: 'never' }, 400],
  ])('with %j are refused', async (parameters, status) => {
    expect(await byTypesense(scoped(parent.secret, parameters))).toEqual({ status });
  });

  test('of another secret, of one that is not kept, or changed, are unknown', async () => {
    const { secret } = await node.desk.create({ kind: 'search' }, null);
    const other = `${parent.secret.slice(0, 4)}${'x'.repeat(39)}`;
    const good = Buffer.from(scoped(parent.secret, { filter_by: 'price:<5' }), 'base64').toString();
    const changed = Buffer.from(good.replace('<5', '>0')).toString('base64');
    for (const key of [scoped(secret, {}), scoped(other, {}), changed]) {
      expect(await byTypesense(key)).toEqual({ status: 401 });
    }
    expect(failures).toBe(3);
  });

  test('end with the secret that they were made of', async () => {
    const key = scoped(parent.secret, {});
    const rotated = await node.desk.rotate(parent.id, undefined, null);
    expect((await byTypesense(key)).status).toBe(200);
    expect((await byTypesense(scoped(rotated.secret, {}))).status).toBe(200);
    await node.desk.rotate(parent.id, undefined, null);
    expect((await byTypesense(key)).status).toBe(401);
    expect((await byTypesense(scoped(rotated.secret, {}))).status).toBe(200);
    await node.desk.change(parent.id, { disabled_at: new Date().toISOString() }, null);
    expect((await byTypesense(scoped(rotated.secret, {}))).status).toBe(401);
  });
});

describe('secured keys of Algolia', () => {
  const restrictions = {
    ...{ filters: 'price < 5', restrictIndices: ['shop', 'third'], userToken: 'u' },
    ...{ validUntil: nowS + 60, searchParams: { facetFilters: 'color:red' } },
  };

  test('narrow what their key may, whatever the application is called', async () => {
    const { secret } = parent;
    const expected = {
      ...{ status: 200, filters: [ACME, RED, CHEAP], exclude: ['cost'], depth: undefined },
      tenants: ['shop'],
    };
    expect(await byAlgolia(secured(secret, restrictions))).toEqual(expected);
    expect(await byAlgolia(secured(secret, restrictions), parent.id)).toEqual(expected);
    expect((await byAlgolia(secured(secret, {}))).status).toBe(200);
    // A sorted one is the same index.
    const sorted = secured(secret, { restrictIndices: 'second/sort/price:asc' });
    expect(await byAlgolia(sorted)).toMatchObject({ status: 200, tenants: ['second'] });
    expect(failures).toBe(0);
  });

  test.each([
    [{ validUntil: nowS - 1 }, 401],
    [{ filters: 'price <' }, 400],
    [{ restrictSources: '10.0.0.0/8' }, 400],
    [{ restrictIndices: 'dev_*' }, 400],
    [{ hitsPerPage: 5 }, 400],
  ])('with %j are refused', async (restrictions_, status) => {
    expect(await byAlgolia(secured(parent.secret, restrictions_))).toEqual({ status });
  });

  test('of another secret, or changed, are unknown', async () => {
    const { secret, id } = await node.desk.create({ kind: 'search', compatible: true }, null);
    const good = Buffer.from(secured(parent.secret, restrictions), 'base64').toString();
    const changed = Buffer.from(good.replace('shop', 'shoe')).toString('base64');
    for (const key of [secured('other', {}), changed]) {
      expect(await byAlgolia(key)).toEqual({ status: 401 });
    }
    // Of the key that is named, or of none.
    expect(await byAlgolia(secured(parent.secret, {}), id)).toEqual({ status: 401 });
    expect((await byAlgolia(secured(secret, {}), id)).status).toBe(200);
    expect(failures).toBe(3);
  });
});

describe('/typesense/keys', () => {
  test('are made, listed and deleted by the client', async () => {
    const http = await openHttp({ adminKey: 'boss' });
    try {
      const port = await http.server.listen({ port: 0, host: '127.0.0.1' });
      const nodes = [{ host: '127.0.0.1', port, protocol: 'http', path: '/typesense' }];
      const admin = new Client({ nodes, apiKey: 'boss' });
      const made = await admin.keys().create({
        ...{ description: 'page', actions: ['documents:search'], collections: ['default'] },
        expires_at: nowS + 60,
      });
      expect(made).toMatchObject({
        ...{ description: 'page', actions: ['documents:search'], collections: ['default'] },
        expires_at: nowS + 60,
      });
      const feed = await admin
        .keys()
        .create({ description: '', actions: ['documents:*'], collections: ['default'] });
      const all = { description: '', actions: ['*'] };
      const boss = await admin.keys().create({ ...all, collections: ['.*'] });
      // All that can be done with one collection, which is nothing with the server.
      const local = await admin.keys().create({ ...all, collections: ['default'] });
      const byValue = async (key: string) => {
        const client = new Client({ nodes, apiKey: key });
        const documents = client.collections('default').documents();
        const [search, write, list] = await Promise.allSettled([
          documents.search({ q: '*' }),
          documents.upsert({ id: 'p', title: 't', category: 'c' }),
          client.keys().retrieve(),
        ]);
        return [search, write, list].map(({ status }) => status === 'fulfilled');
      };
      expect(await byValue(feed.value ?? '')).toEqual([true, true, false]);
      expect(await byValue(made.value ?? '')).toEqual([true, false, false]);
      const derived = admin.keys().generateScopedSearchKey(made.value ?? '', { filter_by: 'a:=b' });
      expect(await byValue(derived)).toEqual([true, false, false]);
      expect(await byValue(boss.value ?? '')).toEqual([true, true, true]);
      expect(await byValue(local.value ?? '')).toEqual([true, true, false]);
      const { keys } = await admin.keys().retrieve();
      expect(keys).toHaveLength(4);
      expect(JSON.stringify(keys)).not.toContain(made.value);
      expect(await admin.keys(made.id).retrieve()).toMatchObject({ collections: ['default'] });
      expect(await admin.keys(made.id).delete()).toEqual({ id: made.id });
      expect(await byValue(made.value ?? '')).toEqual([false, false, false]);
    } finally {
      await http.close();
    }
  });

  test('are not made of what is not served', async () => {
    const http = await openHttp();
    try {
      const all = { actions: ['*'], collections: ['*'] };
      for (const [body, told] of [
        [{}, 'actions'],
        [{ actions: ['x'], collections: ['a'] }, 'actions'],
        [{ actions: ['documents:search'] }, 'collections'],
        [{ actions: ['documents:search'], collections: ['shop_.*'] }, 'must be 1 to 64'],
        [{ ...all, value: 'mine' }, 'value'],
        [{ ...all, autodelete: true }, 'autodelete'],
        [{ ...all, expires_at: 'soon' }, 'expires_at'],
      ] as const) {
        const reply = await http.send('POST', '/typesense/keys', body);
        const message = expect.stringContaining(told) as string;
        expect([body, reply.statusCode, reply.json()['message']]).toEqual([body, 400, message]);
      }
    } finally {
      await http.close();
    }
  });
});

test('a collection of another tenant is forbidden to them', async () => {
  const http = await openHttp({ adminKey: 'boss' });
  try {
    const asked = { kind: 'search', tenants: ['shop'], compatible: true };
    const admin = { authorization: 'Bearer boss' };
    const made = (await http.send('POST', '/keys', asked, admin)).json() as unknown as SecretBody;
    for (const tenant of ['shop', 'second']) {
      const headers = { ...admin, 'x-omnisearch-tenant': tenant };
      await http.send('POST', '/products', { id: 'p', title: 't', category: 'c' }, headers);
    }
    const search = async (collection: string) => {
      const headers = { 'x-typesense-api-key': scoped(made.secret, { filter_by: 'price:<5' }) };
      const url = `/typesense/collections/${collection}/documents/search?q=*&query_by=title`;
      return (await http.send('GET', url, undefined, headers)).statusCode;
    };
    expect([await search('shop'), await search('second')]).toEqual([200, 403]);
  } finally {
    await http.close();
  }
});
