import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { invalidField, OmniError } from '../../src/core/errors.js';
import { MATCH_ALL } from '../../src/filter/filter.js';
import { PLAIN_SHOP } from '../../src/search/search-types.js';
import { openHttp, type HttpHarness } from './harness.js';

const VECTOR = [1, 2, 3, 4];
const LARGE = { query: 'large', top_k: 1 };
let node: HttpHarness;

beforeAll(async () => {
  node = await openHttp({ limits: { searchConcurrency: 6, searchQueue: 0 } });
  await node.send('POST', '/products', [
    { id: 'a', title: 'mouse', category: 'Mice', price: 1, custom: { kept: [null] } },
    { id: 'b', title: 'keyboard', category: 'Keyboards' },
  ]);
});
afterAll(async () => node.close());
beforeEach(() => {
  node.search.seen = [];
  node.search.failure = undefined;
});

describe('POST /search/text', () => {
  test('the reply of the contract', async () => {
    const reply = await node.send('POST', '/search/text', { query: 'mouse Mice', top_k: 1 });
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(reply.json()).toEqual({
      hits: [
        {
          id: 'a',
          score: expect.any(Number) as number,
          product: {
            id: 'a',
            title: 'mouse',
            category: 'Mice',
            price: 1,
            custom: { kept: [null] },
          },
        },
      ],
      took_ms: 1.235,
      timings_ms: { embed: 0.1, search: 0.5, join: 0.2 },
      embedding: 'computed',
      model: 'counting@ffffffff',
      partial: null,
      total: 1,
      query_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  test('explain adds what the search did, and nothing without it', async () => {
    const plain = await node.send('POST', '/search/text', { query: 'mouse' });
    expect(plain.json()).not.toHaveProperty('explain');
    const reply = await node.send('POST', '/search/text', { query: 'mouse', explain: true });
    expect(reply.json()['explain']).toEqual({
      timings_ms: { embed: 0.1, plan: 0.01, fan_out: 0.4, merge: 0.02, join: 0.2 },
      rounds: 1,
      k: 16,
      shards: [
        {
          shard: 's1',
          round_trip_ms: 0.4,
          took_ms: 0.312,
          partitions: 2,
          refused: 0,
          live: 100,
          matches: 50,
          yields: 0,
          steps: [
            {
              segment: 'segment-1',
              categories: ['Mice'],
              plan: 'graph',
              rows: 60,
              matches: 50,
              ef: 128,
              candidates: 128,
              estimated_ms: 0.22,
              rows_scanned: 0,
              rescored: 17,
              took_ms: 0.25,
              gave_up: false,
            },
          ],
        },
      ],
    });
  });

  test('a tenant that was never written to is not found, whatever is asked of it', async () => {
    const nobody = { 'x-omnisearch-tenant': 'nobody' };
    const seen = node.search.seen.length;
    for (const [method, url, body] of [
      ['POST', '/search/text', { query: 'x' }],
      ['POST', '/search/vector', { vector: [1, 0, 0, 0] }],
      ['POST', '/search/batch', { searches: [{ query: 'x' }] }],
      ['GET', '/products/1', undefined],
      ['PATCH', '/products/1', { price: 1 }],
      ['DELETE', '/products/1', undefined],
    ] as const) {
      const reply = await node.send(method, url, body, nobody);
      expect(reply.statusCode).toBe(404);
      expect(reply.json()).toMatchObject({
        error: { code: 'not_found', field: 'X-OmniSearch-Tenant' },
      });
    }
    expect(node.search.seen).toHaveLength(seen);
    expect((await node.send('POST', '/search/text', { query: 'x' })).statusCode).toBe(200);
  });

  test('defaults, and what is asked for', async () => {
    node.search.seen = [];
    const b = { 'x-omnisearch-tenant': 'b' };
    await node.send('POST', '/products', { id: '1', title: 'x', category: 'c' }, b);
    await node.send('POST', '/search/text', { query: 'x' });
    await node.send('POST', '/search/text', { query: 'x', exact: true, explain: true });
    const all = { query: 'x', top_k: 7, fields: ['title'], timeout_ms: 60_000, filter: {} };
    await node.send('POST', '/search/text', all, b);
    const text = { mode: 'hybrid', prefix: false, understand: undefined, highlight: [] };
    const found = { tenant: 'default', query: 'x', topK: 10, filter: MATCH_ALL };
    const shop = PLAIN_SHOP;
    const queryId = expect.any(String) as string;
    const base = { ...found, fields: undefined, text, shop, queryId };
    expect(node.search.seen).toEqual([
      { ...base, exact: false, explain: false, timeoutMs: 1_000 },
      { ...base, exact: true, explain: true, timeoutMs: 10_000 },
      {
        ...base,
        tenant: 'b',
        topK: 7,
        fields: ['title'],
        exact: false,
        explain: false,
        timeoutMs: 60_000,
      },
    ]);
  });

  test('how the text is to be taken', async () => {
    node.search.seen = [];
    const text = { mode: 'keyword', prefix: true, understand: false, highlight: ['title'] };
    await node.send('POST', '/search/text', { query: 'x', ...text });
    await node.send('POST', '/search/vector', { vector: [1, 0, 0, 0] });
    expect(node.search.seen.map((request) => request.text)).toEqual([text, undefined]);
  });

  test.each([
    ['mode', 'fuzzy', 'mode must be "hybrid", "keyword" or "vector", got "fuzzy"'],
    ['prefix', 1, 'prefix must be true or false, got 1'],
    ['understand', 'no', 'understand must be true or false, got "no"'],
    ['highlight', 'title', 'highlight must be a list of at most 20 strings, got "title"'],
  ])('%s of another kind is refused', async (field, value, message) => {
    const reply = await node.send('POST', '/search/text', { query: 'x', [field]: value });
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error).toMatchObject({ code: 'invalid_field', field, message });
  });

  test.each([
    ['query', {}, 'query must be a string of 1 to 2000 characters, got nothing'],
    ['query', { query: '' }],
    ['query', { query: 'x'.repeat(2_001) }],
    ['query', { query: 5 }, 'query must be a string of 1 to 2000 characters, got 5'],
    ['query', { query: ['x'] }],
    ['query', { query: '\ud800' }],
    ['top_k', { query: 'x', top_k: 0 }, 'top_k must be an integer from 1 to 1000, got 0'],
    ['top_k', { query: 'x', top_k: 1_001 }],
    ['top_k', { query: 'x', top_k: 1.5 }],
    ['top_k', { query: 'x', top_k: '5' }, 'top_k must be an integer from 1 to 1000, got "5"'],
    ['top_k', { query: 'x', top_k: null }],
    ['exact', { query: 'x', exact: 'true' }],
    ['explain', { query: 'x', explain: 1 }, 'explain must be true or false, got 1'],
    ['timeout_ms', { query: 'x', timeout_ms: 0 }],
    ['timeout_ms', { query: 'x', timeout_ms: 60_001 }],
    ['fields', { query: 'x', fields: 'title' }],
    ['fields[1]', { query: 'x', fields: ['a', 1] }],
    ['filter', { query: 'x', filter: [] }],
    ['filter', { query: 'x', filter: null }],
    ['filter.price.near', { query: 'x', filter: { price: { near: 1 } } }],
    ['filter.price.lte', { query: 'x', filter: { price: { lte: true } } }],
    ['top_kk', { query: 'x', top_kk: 1 }, 'top_kk is not a known field'],
    ['vector', { query: 'x', vector: VECTOR }],
    ['body', [], 'body must be an object, got a list of 0'],
    ['body', 5],
  ])('%s is named', async (field, body, message?: string) => {
    const reply = await node.send('POST', '/search/text', body);
    expect(reply.statusCode).toBe(400);
    const { error } = reply.json();
    expect(error).toMatchObject({ code: 'invalid_field', field });
    if (message !== undefined) expect(error.message).toBe(message);
    expect(node.search.seen).toEqual([]);
  });

  test.each([
    ['1e400', '{"query":"x","top_k":1e400}', 'invalid_field'],
    ['NaN', '{"query":"x","top_k":NaN}', 'invalid_json'],
    ['1e400 in a filter', '{"query":"x","filter":{"price":1e400}}', 'invalid_field'],
    [
      '100,000 levels of filter',
      `{"query":"x","filter":${'{"not":'.repeat(1e5)}{}${'}'.repeat(1e5)}}`,
      'invalid_field',
    ],
    ['half a pair in a filter', '{"query":"x","filter":{"a":"\\ud800"}}', 'invalid_field'],
    ['an empty body', '', 'invalid_json'],
    ['a __proto__ key', '{"query":"x","filter":{"__proto__":{"a":1}}}', 'invalid_json'],
  ])('%s is 400', async (_, body, code) => {
    const reply = await node.send('POST', '/search/text', body);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error.code).toBe(code);
  });

  test('no body and no type is 400, NDJSON is 415', async () => {
    expect((await node.send('POST', '/search/text')).json().error.code).toBe('invalid_json');
    const stream = { 'content-type': 'application/x-ndjson' };
    const reply = await node.send('POST', '/search/text', '{"query":"x"}', stream);
    expect(reply.statusCode).toBe(415);
    expect(reply.json().error.code).toBe('unsupported_media_type');
  });

  test('what misses and what is unknown is said', async () => {
    const found = await node.search.search(
      {
        tenant: 'default',
        query: 'x',
        topK: 1,
        filter: MATCH_ALL,
        fields: undefined,
        exact: false,
        explain: false,
        timeoutMs: 1,
      },
      node.search.contexts[0]!,
    );
    const search = node.search.search.bind(node.search);
    const missing = [{ part: 'shard', category: 'Mice', shard: 's2', reason: 'timeout' }] as const;
    node.search.search = async () => ({
      ...found,
      missing: [...missing],
      unknownFields: ['colour'],
    });
    const reply = await node.send('POST', '/search/text', { query: 'x' });
    node.search.search = search;
    expect(reply.json()).toMatchObject({ partial: { missing }, unknown_fields: ['colour'] });
  });

  test.each([
    ['deadline_exceeded', 504],
    ['unavailable', 503],
    ['overloaded', 503],
    ['rate_limited', 429],
  ] as const)('%s is %i', async (code, status) => {
    node.search.failure = new OmniError(code, 'why', { retryAfterMs: 2_500 });
    const reply = await node.send('POST', '/search/text', { query: 'x' });
    expect(reply.statusCode).toBe(status);
    expect(reply.headers['retry-after']).toBe(status === 504 ? undefined : '3');
    expect(reply.json().error).toMatchObject({ code, message: 'why' });
  });

  test('an unknown error is 500 and shows nothing of itself', async () => {
    node.search.failure = new Error('secret path');
    const reply = await node.send('POST', '/search/text', { query: 'x' });
    expect(reply.statusCode).toBe(500);
    expect(reply.json().error).toMatchObject({ code: 'internal', message: 'internal error' });
    expect(reply.body).not.toContain('secret');
  });

  test.each([
    ['/search/text', LARGE],
    ['/search/batch', { searches: [LARGE] }],
  ])('what finds no room for its reply is counted once, as refused: %s', async (path, search) => {
    const product = {
      id: 'large',
      title: 'large',
      category: 'c',
      description: 'x'.repeat(400_000),
    };
    const open = async (replyBytes: number): Promise<HttpHarness> => {
      const other = await openHttp({ limits: { replyBytes } });
      await other.send('POST', '/products', product);
      return other;
    };
    const roomy = await open(2 ** 24);
    const { body } = await roomy.send('POST', path, search);
    await roomy.close();
    // Half of it is a tenant's: there is room for the hits, and not for what is written round them.
    const narrow = await open(2 * (body.length - 20));
    const refused = await narrow.send('POST', path, search);
    const page = (await narrow.send('GET', '/metrics')).body;
    await narrow.close();
    expect(refused.statusCode).toBe(503);
    const counts = page.match(/^query_latency_seconds_count\{.* [1-9]\d*$/gm);
    expect(counts).toEqual([expect.stringMatching(/outcome="refused".* 1$/)]);
    expect(page).toMatch(/^queries_total 1$/m);
  });

  test('invariant 8: past the bound of searches in flight the answer is 503 at once', async () => {
    let release: () => void = () => undefined;
    node.search.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const held = Array.from({ length: 5 }, () => node.send('POST', '/search/text', { query: 'x' }));
    const waiting = Promise.all(held);
    while (node.search.seen.length < 5) await new Promise((resolve) => setImmediate(resolve));
    const refused = await node.send('POST', '/search/text', { query: 'x' });
    expect(refused.statusCode).toBe(503);
    expect(refused.json().error.code).toBe('overloaded');
    expect(refused.headers['retry-after']).toBe('1');
    node.search.hold = undefined;
    release();
    for (const reply of await waiting) expect(reply.statusCode).toBe(200);
    expect((await node.send('POST', '/search/text', { query: 'x' })).statusCode).toBe(200);
  });
});

/** Little-endian float32 numbers. */
function base64Of(...values: number[]): string {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeFloatLE(value, 4 * i));
  return bytes.toString('base64');
}

describe('POST /search/vector', () => {
  test('is normalised, and has no embedding', async () => {
    const reply = await node.send('POST', '/search/vector', { vector: [0, 3, 0, 4] });
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).not.toHaveProperty('embedding');
    expect(node.search.seen[0]?.query).toEqual(Float32Array.of(0, 0.6, 0, 0.8));
  });

  test('may come as the base64 of its float32 values', async () => {
    const padded = base64Of(0, 3, 0, 4);
    for (const vector_b64 of [padded, padded.replace(/=+$/, '')]) {
      expect((await node.send('POST', '/search/vector', { vector_b64 })).statusCode).toBe(200);
    }
    expect(node.search.seen[0]?.query).toEqual(Float32Array.of(0, 0.6, 0, 0.8));
  });

  test.each([
    ['vector', {}],
    ['vector_b64', { vector_b64: base64Of(1, 2, 3, 4), vector: VECTOR }],
    ['vector_b64', { vector_b64: base64Of(1, 2, 3) }],
    ['vector_b64', { vector_b64: `${base64Of(1, 2, 3, 4)}!` }],
    ['vector_b64', { vector_b64: '' }],
    ['vector_b64', { vector_b64: `${'='.repeat(500_000)}x` }],
    ['vector_b64', { vector_b64: '=' }],
    ['vector_b64', { vector_b64: 7 }],
    ['vector_b64', { vector_b64: base64Of(0, 0, 0, 0) }],
    ['vector_b64[2]', { vector_b64: base64Of(1, 2, NaN, 4) }],
    ['vector', { vector: 'x' }],
    ['vector', { vector: [] }],
    ['vector', { vector: [1, 2, 3] }],
    ['vector', { vector: [1, 2, 3, 4, 5] }],
    ['vector', { vector: [0, 0, 0, 0] }],
    ['vector[1]', { vector: [1, '2', 3, 4] }],
    ['vector[2]', { vector: [1, 2, null, 4] }],
    ['vector[3]', { vector: [1, 2, 3, 1e39] }],
    ['query', { vector: VECTOR, query: 'x' }],
  ])('%s is named', async (field, body) => {
    const reply = await node.send('POST', '/search/vector', body);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error).toMatchObject({ code: 'invalid_field', field });
  });
});

describe('POST /search/batch', () => {
  test('answers in order, each entry on its own', async () => {
    const searches = [
      { query: 'mouse' },
      { query: '' },
      { vector: VECTOR, top_k: 1 },
      { vector: [1, 2, 3, 1e39] },
      { query: 'x', filter: { a: { lte: [] } } },
      {},
      null,
      { query: 'x', top_k: 0 },
    ];
    const reply = await node.send('POST', '/search/batch', { searches });
    expect(reply.statusCode).toBe(200);
    const { results } = reply.json();
    expect(results).toHaveLength(searches.length);
    expect(results[0]?.hits).toHaveLength(2);
    expect(results[2]?.hits).toHaveLength(1);
    const fields = results.map((result) => result.error?.field);
    expect(fields).toEqual([
      undefined,
      'searches[1].query',
      undefined,
      'searches[3].vector[3]',
      'searches[4].filter.a.lte',
      'searches[5].query',
      'searches[6]',
      'searches[7].top_k',
    ]);
    expect(results[7]?.error?.message).toBe(
      'searches[7].top_k must be an integer from 1 to 1000, got 0',
    );
  });

  test('an error that only the search finds names its entry, too', async () => {
    node.search.failure = invalidField('query', 'must hold something besides blanks');
    const reply = await node.send('POST', '/search/batch', { searches: [{}, { query: ' ' }] });
    expect(reply.json().results[1]?.error).toMatchObject({
      field: 'searches[1].query',
      message: 'searches[1].query must hold something besides blanks',
    });
  });

  test.each([
    ['searches', {}],
    ['searches', { searches: [] }],
    ['searches', { searches: {} }],
    ['searches', { searches: Array(101).fill({ query: 'x' }) }],
    ['more', { searches: [{ query: 'x' }], more: 1 }],
  ])('%s is named', async (field, body) => {
    const reply = await node.send('POST', '/search/batch', body);
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error).toMatchObject({ code: 'invalid_field', field });
  });
});
