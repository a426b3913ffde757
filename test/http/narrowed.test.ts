import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JsonValue } from '../../src/core/product.js';
import type { Filter } from '../../src/filter/filter.js';
import type { Narrowing } from '../../src/tenancy/narrowing.js';
import type * as RequestEncoding from '../../src/http/request-encoding.js';
import { seeded } from '../search/brute-shop.js';
import { anyRequest, type Sent } from './narrowed-requests.js';
import {
  CANARY,
  markedProducts,
  MICE_AND_LAMPS,
  openNarrowedShop,
  OTHERS,
  PUBLIC,
  publicProducts,
  shownAlone,
  type NarrowedShop,
} from './narrowed-shop.js';

/** What keys leave, by the name in a request's header. */
const keys = vi.hoisted(() => new Map<unknown, Narrowing>());

// Stands for the gate, which comes before a body is read.
vi.mock('../../src/http/request-encoding.js', async (original) => {
  const actual = await original<typeof RequestEncoding>();
  const addRequestEncodings = (app: FastifyInstance): void => {
    actual.addRequestEncodings(app);
    app.addHook('preParsing', async (request) => {
      request.narrowing = keys.get(request.headers['x-test-key']);
    });
  };
  return { ...actual, addRequestEncodings };
});

const PRODUCTS = publicProducts(160);
const TWO = PRODUCTS.filter(({ category }) => ['Mice', 'Lamps'].includes(category));
/** Of each of the two keys; more by hand: NARROWED_REQUESTS=10000 npx vitest run --config .ci/vitest.config.ts test/http/narrowed.test.ts */
const REQUESTS = Number(process.env['NARROWED_REQUESTS'] ?? 400) / 2;
const LIMIT_MS = 60_000 + 250 * REQUESTS;

let shop: NarrowedShop;

beforeAll(async () => {
  for (const narrowing of [PUBLIC, MICE_AND_LAMPS]) keys.set(narrowing.version, narrowing);
  shop = await openNarrowedShop(['t-whole', 't-public', 't-two']);
  await shop.put('t-whole', [...PRODUCTS, ...markedProducts(90, CANARY, 'secret')]);
  await shop.put('t-public', shownAlone(PRODUCTS));
  await shop.put('t-two', shownAlone(TWO));
  await shop.put('t-other', markedProducts(60, OTHERS, 'public'));
}, 60_000);
afterAll(async () => shop.close());

interface Answer {
  status: number;
  text: string;
  body: JsonValue;
}

async function ask(sent: Sent, tenant: string, narrowing?: Narrowing): Promise<Answer> {
  const named = (text: string): string => text.replaceAll('TENANT', tenant);
  const body = sent.body === undefined ? undefined : named(JSON.stringify(sent.body));
  const key = narrowing === undefined ? {} : { 'x-test-key': narrowing.version };
  const headers = { 'x-omnisearch-tenant': tenant, ...key };
  const reply = await shop.send(sent.method, named(sent.url), body, headers);
  const text = reply.payload;
  const nameless = text.replaceAll(`"${tenant}"`, '"TENANT"');
  const parsed = JSON.parse(nameless) as JsonValue;
  return { status: reply.statusCode, text, body: comparable(parsed) };
}

/** Of each answer another, whatever it is of. */
const PASSING = new Set([
  ...['took_ms', 'timings_ms', 'query_id', 'request_id', 'search_time_ms', 'processingTimeMS'],
  ...['created_at', 'next_cursor', 'queries'],
]);

function comparable(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, inner]) =>
    PASSING.has(name) ? [name, typeof inner] : [name, comparable(inner)],
  );
  return Object.fromEntries(members) as JsonValue;
}

/** On a busy machine a shard may be late for one of two answers, which then say so, or lack something. */
async function retried(compare: () => Promise<void>): Promise<void> {
  for (let left = 10; ; left--) {
    try {
      await compare();
      return;
    } catch (error) {
      if (left === 0) throw error;
      // What was counted then is kept for two seconds.
      await sleep(2_100);
    }
  }
}

test.each([
  ['a filter and excluded fields', PUBLIC, 't-public', 1],
  ['one that chooses partitions', MICE_AND_LAMPS, 't-two', 2],
] as const)(
  'invariant 11: a narrowed key is answered as by a catalogue of only what it shows: %s',
  async (_, narrowing, alone, seed) => {
    const next = seeded(seed);
    for (let i = 0; i < REQUESTS; i++) {
      const sent = anyRequest(next);
      const texts: string[] = [];
      await retried(async () => {
        const both = [ask(sent, 't-whole', narrowing), ask(sent, alone)] as const;
        const [narrowed, { status, body, text }] = await Promise.all(both);
        texts.push(narrowed.text);
        expect(text).not.toContain(OTHERS);
        const got = { sent, status: narrowed.status, body: narrowed.body };
        expect(got).toEqual({ sent, status, body });
        expect(status).toBeLessThan(500);
      });
      const mayName = JSON.stringify(sent).includes(CANARY);
      for (const text of texts) {
        expect(text).not.toContain(OTHERS);
        if (!mayName) expect(text).not.toContain(CANARY);
      }
    }
  },
  LIMIT_MS,
);

/** Fields whose words find products are hidden, too. */
const SEARCHED: Narrowing = {
  ...{ filters: [], exclude: ['attributes.Note', 'description', 'brand'] },
  version: 'searched fields',
};
const LIMITED: Narrowing = {
  ...{ filters: [], exclude: [], maxTopK: 5, maxPageDepth: 12, exact: false },
  version: 'limits',
};

test(
  'invariant 11: what stands in hidden fields is in no answer, also where its words find the product',
  async () => {
    keys.set(SEARCHED.version, SEARCHED);
    const noted = shownAlone(PRODUCTS).map((product, i) => ({
      ...product,
      ...{ brand: `${CANARY} ${i % 5}`, description: `${CANARY}words wirelezz` },
      attributes: { Colour: 'red', Note: `${CANARY} note wirelexx` },
    }));
    await shop.put('t-noted', noted);
    const next = seeded(3);
    for (let i = 0; i < REQUESTS / 2; i++) {
      const sent = anyRequest(next);
      const { status, text } = await ask(sent, 't-noted', SEARCHED);
      expect(status).toBeLessThan(500);
      if (!JSON.stringify(sent).includes(CANARY)) expect(text).not.toContain(CANARY);
    }
    const asked = {
      query: 'wirelexy',
      explain: true,
      highlight: ['brand', 'description', 'title'],
    };
    const sent = { method: 'POST', url: '/search/text', body: asked } as const;
    const { text } = await ask(sent, 't-noted', SEARCHED);
    expect(text).toContain('"total":160');
    expect(text).not.toMatch(/wirelexx|wirelezz/);
    // One can be read, and has the words that are searched for.
    const paged = { ...sent, body: { query: 'wirelexy', cursor: '', per_page: 5 } };
    expect((await ask(paged, 't-noted', SEARCHED)).text).not.toContain('next_cursor');
    expect((await ask(paged, 't-noted')).text).toContain('next_cursor');
  },
  LIMIT_MS,
);

test('a key that shows nothing is answered with nothing', async () => {
  const category: Filter = { kind: 'in', field: 'category', values: [] };
  for (const filters of [[category], [{ ...category, values: ['nowhere'] }]] as const) {
    const nothing: Narrowing = { filters, exclude: [], version: 'nothing' };
    keys.set(nothing.version, nothing);
    const next = seeded(5);
    for (let i = 0; i < 60; i++) {
      const { status, text } = await ask(anyRequest(next), 't-whole', nothing);
      expect(status).toBeLessThan(500);
      expect(text).not.toMatch(/"p\d+"|"(total|found|nbHits|num_documents|out_of)":[1-9]/);
    }
  }
});

test('invariant 11: what a search did is told without what it went through', async () => {
  const body = { query: 'wireless mouse', explain: true };
  const sent = { method: 'POST', url: '/search/text', body } as const;
  const { text } = await ask(sent, 't-whole', PUBLIC);
  expect(text).toContain('"explain"');
  expect(text).not.toMatch(/"live"|"rows_scanned"/);
});

test('routes that are about the whole catalogue are closed to a key that shows a part of it', async () => {
  const refused: [string, string, unknown][] = [
    ['GET', '/settings', undefined],
    ['PUT', '/settings', {}],
    ['GET', '/rules', undefined],
    ['GET', '/synonyms', undefined],
    ['GET', '/analytics', undefined],
    ['POST', '/rules/preview', { queries: ['mouse'], rules: [] }],
    ['POST', '/products', { id: 'x', title: 'x', category: 'x' }],
    ['DELETE', '/products/p1', undefined],
    ['PATCH', '/products/p1', { price: 1 }],
    ['GET', '/typesense/collections', undefined],
    ['DELETE', '/typesense/collections/t-whole/documents?filter_by=cost:>0', undefined],
    ['GET', '/stats', undefined],
    ['GET', '/audit', undefined],
  ];
  const headers = { 'x-omnisearch-tenant': 't-whole', 'x-test-key': PUBLIC.version };
  for (const [method, url, body] of refused) {
    const reply = await shop.send(method as 'GET', url, body, headers);
    expect({ url, status: reply.statusCode }).toEqual({ url, status: 403 });
    expect(reply.payload).not.toContain(CANARY);
  }
  const limited = { 'x-omnisearch-tenant': 't-whole', 'x-test-key': LIMITED.version };
  keys.set(LIMITED.version, LIMITED);
  expect((await shop.send('GET', '/rules', undefined, limited)).statusCode).toBe(200);
});

test('a key asks for no more than its limits, however the pages are asked for', async () => {
  keys.set(LIMITED.version, LIMITED);
  const search = async (body: object) => {
    const headers = { 'x-omnisearch-tenant': 't-whole', 'x-test-key': LIMITED.version };
    const reply = await shop.send('POST', '/search/text', body, headers);
    return { status: reply.statusCode, ...(reply.json() as object) } as Record<string, unknown>;
  };
  const all = { browse: true };
  const refusal = (field: string) => ({ status: 403, error: { code: 'forbidden', field } });
  expect((await search(all))['hits']).toHaveLength(5);
  expect(await search({ ...all, top_k: 6 })).toMatchObject(refusal('top_k'));
  expect(await search({ ...all, page: 2, per_page: 5 })).toMatchObject({ status: 200 });
  expect(await search({ ...all, page: 3, per_page: 5 })).toMatchObject(refusal('page'));
  expect(await search({ query: 'mouse', exact: true })).toMatchObject(refusal('exact'));
  let page = await search({ ...all, cursor: '', per_page: 5 });
  page = await search({ ...all, cursor: page['next_cursor'], per_page: 5 });
  expect(page['hits']).toHaveLength(5);
  const cursor = page['next_cursor'];
  expect(await search({ ...all, cursor, per_page: 5 })).toMatchObject(refusal('cursor'));
  expect(await search({ ...all, cursor, per_page: 2 })).toMatchObject({ status: 200 });
  const entries = [
    { ...all, top_k: 5 },
    { ...all, top_k: 6 },
  ];
  const sent = { method: 'POST', url: '/search/batch', body: { searches: entries } } as const;
  const { body } = await ask(sent, 't-whole', LIMITED);
  const failed = { error: { code: 'forbidden', field: 'searches[1].top_k' } };
  expect(body).toMatchObject({ results: [{ total: expect.any(Number) as number }, failed] });
});

test('where no size is asked for, none is above the limits of the key, in whatever form', async () => {
  const requests: [string, string, object | undefined][] = [
    ['POST', '/search/text', { browse: true }],
    ['POST', '/search/text', { browse: true, page: 1 }],
    ['POST', '/search/text', { browse: true, cursor: '' }],
    ['POST', '/search/similar', { id: 'p1' }],
    ['POST', '/search/batch', { searches: [{ query: 'wireless' }] }],
    ['GET', '/search?q=wireless', undefined],
    ['GET', '/suggest?q=wire', undefined],
    ['GET', '/typesense/collections/t-whole/documents/search?q=*', undefined],
    ['POST', '/typesense/multi_search', { searches: [{ collection: 't-whole', q: '*' }] }],
    ['POST', '/algolia/1/indexes/*/queries', { requests: [{ indexName: 't-whole' }] }],
    ['POST', '/algolia/1/indexes/t-whole/query', { query: 'wireless', offset: 0 }],
  ];
  const limits = [{ maxTopK: 3 }, { maxPageDepth: 3 }, { maxTopK: 9.5, maxPageDepth: 3.5 }];
  for (const [i, limit] of limits.entries()) {
    const narrowing = { filters: [], exclude: [], ...limit, version: `limit ${i}` };
    keys.set(narrowing.version, narrowing);
    for (const [method, url, body] of requests) {
      const sent = { method, url, body } as Sent;
      const { status, text } = await ask(sent, 't-whole', narrowing);
      const ids = [...text.matchAll(/"(?:id|objectID)":"([^"]+)"/g)].map(([, id]) => id);
      expect([url, limit, status, text.includes('forbidden')]).toEqual([url, limit, 200, false]);
      expect([url, new Set(ids).size]).toEqual([url, 3]);
    }
  }
});

test('a walk goes on with the key that it began with, over what that one shows', async () => {
  const walk = async (narrowing: Narrowing, cursor: unknown) => {
    const headers = { 'x-omnisearch-tenant': 't-whole', 'x-test-key': narrowing.version };
    const body = { query: 'wireless', cursor, per_page: 20 };
    const reply = await shop.send('POST', '/search/text', body, headers);
    return { status: reply.statusCode, ...(reply.json() as object) } as Record<string, unknown>;
  };
  const ids: string[] = [];
  const first = await walk(PUBLIC, '');
  let page = first;
  for (;;) {
    ids.push(...(page['hits'] as { id: string }[]).map(({ id }) => id));
    if (page['next_cursor'] === undefined) break;
    page = await walk(PUBLIC, page['next_cursor']);
  }
  expect(ids).toHaveLength(first['total'] as number);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => id.startsWith(CANARY))).toEqual([]);
  const other = await walk(MICE_AND_LAMPS, first['next_cursor']);
  expect(other).toMatchObject({ status: 400, error: { code: 'invalid_field', field: 'cursor' } });
});

test('an answer of a part of the catalogue is kept by its asker alone, under a name of its own', async () => {
  const get = async (narrowing: Narrowing | undefined, tag?: string) => {
    const key = narrowing === undefined ? {} : { 'x-test-key': narrowing.version };
    const known = tag === undefined ? {} : { 'if-none-match': tag };
    const headers = { 'x-omnisearch-tenant': 't-whole', ...key, ...known };
    const { headers: got, statusCode } = await shop.send(
      'GET',
      '/search?q=lamp',
      undefined,
      headers,
    );
    return { status: statusCode, tag: got.etag as string, kept: got['cache-control'] };
  };
  const [all, some, fewer] = [await get(undefined), await get(PUBLIC), await get(MICE_AND_LAMPS)];
  expect([all.kept, some.kept]).toEqual(['public, max-age=60', 'private, max-age=60']);
  expect(new Set([all.tag, some.tag, fewer.tag]).size).toBe(3);
  expect((await get(PUBLIC, some.tag)).status).toBe(304);
  expect((await get(PUBLIC, all.tag)).status).toBe(200);
});
