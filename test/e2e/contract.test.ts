import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, type Reply } from './cluster.js';

/** The contract's routes on a whole node: real encoder, real store, two real shards. */

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.index([
    product('m1', { title: 'wireless mouse', price: 10, attributes: { 'Cable length': 0 } }),
    product('m2', { title: 'gaming mouse', price: 30, in_stock: false, shop_code: { x: [1] } }),
    product('k1', { title: 'mechanical keyboard', category: 'Keyboards', price: 90 }),
  ]);
  // The first one runs code that is not compiled yet, beside whatever else the machine does.
  await cluster.post('/search/text', { query: 'warm', timeout_ms: 30_000 });
});
afterAll(async () => {
  await cluster.stop();
  cluster.remove();
});

function product(id: string, more: object = {}) {
  return { id, title: `title of ${id}`, category: 'Mice', in_stock: true, ...more };
}

interface Scored {
  score: number;
  scores: { text: number; vector: number; type: number; exact: number };
}

const ids = ({ json }: Reply): string[] => json.hits?.map(({ id }) => id) ?? [];
const search = (body: object) => cluster.post('/search/text', { query: 'mouse', ...body });
/** By meaning alone all products are hits, the one that is no mouse as well. */
const meant = (body: object) => search({ mode: 'vector', ...body });

describe('POST /search/text', () => {
  test('the reply has the members of the contract and no others', async () => {
    const query = 'wireless mouse travel 4711';
    const { status, json } = await search({ query, top_k: 2 });
    expect(status).toBe(200);
    const number = expect.any(Number) as number;
    const scores = { text: number, vector: number, type: number, exact: 0 };
    expect(json).toEqual({
      hits: [
        { id: 'm1', score: number, scores, product: expect.anything() as object },
        { id: 'm2', score: number, scores, product: expect.anything() as object },
      ],
      total: number,
      rewritten: null,
      did_you_mean: [],
      understood: [],
      took_ms: expect.any(Number) as number,
      timings_ms: {
        embed: expect.any(Number) as number,
        search: expect.any(Number) as number,
        join: expect.any(Number) as number,
      },
      embedding: 'computed',
      model: expect.stringMatching(/^starter@[0-9a-f]{4,}$/) as string,
      partial: null,
      query_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string,
    });
    const [first, second] = json.hits ?? [];
    expect(first?.score).toBeGreaterThan(second?.score ?? 1);
    expect(second?.product).toEqual(
      product('m2', { title: 'gaming mouse', price: 30, in_stock: false, shop_code: { x: [1] } }),
    );
    expect((await search({ query })).json['embedding']).toBe('cached');
    for (const { score, scores: parts } of (json.hits ?? []) as unknown as Scored[]) {
      const { text, vector, type, exact } = parts;
      expect(score).toBeCloseTo(text + 0.5 * vector + 0.1 * type + exact, 12);
    }
  });

  test('each mode ranks by what it says, and the cosine stays the cosine', async () => {
    const [meant] = (await search({ mode: 'vector' })).json.hits as unknown as Scored[];
    expect(meant).toMatchObject({ score: meant?.scores.vector, scores: { text: 0, type: 0 } });
    const [typed] = (await search({ mode: 'keyword' })).json.hits as unknown as Scored[];
    expect(typed?.scores).toMatchObject({ vector: 0, exact: 0 });
    expect(typed?.scores.text).toBeGreaterThan(0.25);
  });

  test('marks words, explains hits, and says what it understood and mended', async () => {
    const { json } = await search({
      ...{ query: 'wireless muose under 20', highlight: ['title'], explain: true, top_k: 1 },
    });
    const [hit] = json.hits as unknown as Record<string, unknown>[];
    expect(hit).toMatchObject({
      id: 'm1',
      highlight: { title: '<mark>wireless</mark> <mark>mouse</mark>' },
      explain: {
        matched: [
          { text: 'wireless', word: 'wireless', weight: 1, fields: ['title'] },
          { text: 'muose', word: 'mouse', weight: 1, fields: ['title', 'category'] },
        ],
      },
    });
    expect(json).toMatchObject({
      total: 1,
      rewritten: { from: 'wireless muose under 20', to: 'wireless mouse under 20' },
      understood: [{ text: 'under 20', filter: { price: { lt: 20 } } }],
      explain: { embedded: 'wireless mouse' },
    });
  });

  test('nothing that anybody knows is an empty answer, nothing at all is refused', async () => {
    for (const query of ['xqzkv wpfhg', '🎧', 'мышь']) {
      expect((await search({ query })).json).toMatchObject({ hits: [], total: 0, partial: null });
    }
    const { status, json } = await search({ query: ' \t ' });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'invalid_field', field: 'query' } });
  });

  test('`fields` picks, and the vector comes only when it is named', async () => {
    const picked = await meant({ fields: ['price', 'vector'], filter: { category: 'Keyboards' } });
    const [hit] = picked.json.hits ?? [];
    expect(Object.keys(hit?.product ?? {})).toEqual(['price', 'vector']);
    expect(hit?.product['vector']).toHaveLength(256);
    const none = await search({ fields: [], top_k: 1 });
    expect(none.json.hits?.[0]?.product).toEqual({});
  });

  test.each<[string, object, string[]]>([
    ['a value', { category: 'Keyboards' }, ['k1']],
    ['a list, any of', { category: ['Keyboards', 'Mice'] }, ['k1', 'm1', 'm2']],
    ['a range', { price: { gt: 10, lte: 90 } }, ['k1', 'm2']],
    ['a name with a space', { 'attributes.Cable length': 0 }, ['m1']],
    ['ne, also of what lacks the field', { 'attributes.Cable length': { ne: 0 } }, ['k1', 'm2']],
    ['not and or', { not: { or: [{ in_stock: false }, { price: { gte: 90 } }] } }, ['m1']],
    ['an empty list', { price: [] }, []],
    ['an empty filter', {}, ['k1', 'm1', 'm2']],
  ])('filter: %s', async (_, filter, expected) => {
    for (const exact of [false, true]) {
      const reply = await meant({ filter, exact });
      expect(ids(reply).sort()).toEqual(expected);
      expect(reply.json).not.toHaveProperty('unknown_fields');
    }
  });

  test('a field that no product has matches nothing and is named', async () => {
    const reply = await search({ filter: { colour: 'red' } });
    expect(ids(reply)).toEqual([]);
    expect(reply.json['unknown_fields']).toEqual(['colour']);
    const not = await meant({ filter: { not: { colour: 'red' } } });
    expect(ids(not)).toHaveLength(3);
    expect(not.json['unknown_fields']).toEqual(['colour']);
  });
});

test('POST /search/vector and /search/batch', async () => {
  const { json } = await cluster.send('GET', '/products/m1?fields=vector');
  const vector = json['vector'] as number[];
  const alone = await cluster.post('/search/vector', { vector, top_k: 1, fields: [] });
  expect(ids(alone)).toEqual(['m1']);
  expect(alone.json.hits?.[0]?.score).toBeCloseTo(1, 6);
  expect(alone.json).not.toHaveProperty('embedding');

  const { json: batch } = await cluster.post('/search/batch', {
    searches: [{ query: 'keyboard', top_k: 1 }, { query: 'x', top_k: 0 }, { vector, top_k: 1 }, 7],
  });
  const [text, bad, byVector, number] = batch['results'] as [Reply['json'], object, object, object];
  expect(text.hits?.[0]?.id).toBe('k1');
  expect(bad).toMatchObject({ error: { code: 'invalid_field', field: 'searches[1].top_k' } });
  expect(byVector).toMatchObject({ hits: [{ id: 'm1' }], partial: null });
  expect(number).toMatchObject({ error: { code: 'invalid_field', field: 'searches[3]' } });
});

describe('products', () => {
  test('NDJSON with a delete, a blank and a broken line: counts and lines of the contract', async () => {
    await cluster.index([product('gone')]);
    const lines = [
      JSON.stringify(product('n1', { price: 1 })),
      '',
      '{"op":"delete","id":"gone"}',
      '{"id": "n2", "title":',
      JSON.stringify(product('n1', { price: 2 })),
      JSON.stringify(product('n3', { price: 'dear' })),
    ];
    const { status, json } = await cluster.post('/products?wait=searchable', lines.join('\n'));
    expect(status).toBe(200);
    expect(json).toEqual({
      accepted: 3,
      unchanged: 0,
      stale: 0,
      rejected_count: 2,
      rejected: [
        expect.objectContaining({ line: 4, code: 'invalid_json' }),
        expect.objectContaining({ line: 6, id: 'n3', field: 'price', code: 'invalid_field' }),
      ],
      searchable: true,
    });
    expect((await cluster.send('GET', '/products/n1')).json['price']).toBe(2);
    const found = ids(await search({ query: 'title of gone' }));
    expect(found).toContain('n1');
    expect(found).not.toContain('gone');
  });

  test('the same again is unchanged, an older version is stale', async () => {
    const sent = product('v', { version: 5, vector: Array<number>(256).fill(1) });
    expect((await cluster.post('/products', sent)).json).toMatchObject({ accepted: 1, stale: 0 });
    expect((await cluster.post('/products', sent)).json).toMatchObject({ unchanged: 1 });
    const older = await cluster.post('/products', { ...sent, version: 4, price: 4 });
    expect(older.json).toMatchObject({ accepted: 1, unchanged: 0, stale: 1 });
    expect((await cluster.send('GET', '/products/v')).json).not.toHaveProperty('price');
  });

  test('a changed price is seen at once, in the document and in filters', async () => {
    await cluster.index([product('patched', { price: 500 })]);
    const before = (await cluster.send('GET', '/products/patched?fields=vector')).json;
    const path = '/products/patched?wait=searchable';
    const { status, json } = await cluster.send('PATCH', path, { price: 600, in_stock: false });
    expect([status, json['searchable']]).toEqual([200, true]);
    expect((await cluster.send('GET', '/products/patched?fields=vector')).json).toEqual(before);
    expect(ids(await search({ filter: { price: 500 } }))).toEqual([]);
    expect(ids(await search({ filter: { price: 600, in_stock: false } }))).toEqual(['patched']);
  });

  test('a deleted product is gone at once, also before the shards know of it', async () => {
    await cluster.index([product('deleted', { title: 'one of its kind' })]);
    const query = 'one of its kind';
    expect(ids(await search({ query, top_k: 1 }))).toEqual(['deleted']);
    expect((await cluster.send('DELETE', '/products/deleted')).status).toBe(200);
    expect(ids(await search({ query }))).not.toContain('deleted');
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const reply = await cluster.send(
        method,
        '/products/deleted',
        method === 'PATCH' ? {} : undefined,
      );
      expect(reply).toMatchObject({ status: 404, json: { error: { code: 'not_found' } } });
    }
  });

  test('ids that a path must escape', async () => {
    for (const id of ['a/b', '100%', 'é ü', '日'.repeat(85), '?#&', '+']) {
      await cluster.post('/products', product(id));
      const { json } = await cluster.send('GET', `/products/${encodeURIComponent(id)}`);
      expect(json['id']).toBe(id);
    }
  });

  test('wait=searchable names the shard that lags, and stays 200', async () => {
    const stopped = cluster.pids('shard-node');
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    try {
      const path = '/products?wait=searchable&wait_timeout_ms=200';
      const { status, json } = await cluster.post(path, product('late'));
      expect([status, json['accepted'], json['searchable']]).toEqual([200, 1, false]);
      expect(json['lagging']).toEqual(expect.arrayContaining(['s1']));
    } finally {
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
    }
    const again = await cluster.post('/products?wait=searchable', product('late', { price: 1 }));
    expect(again.json['searchable']).toBe(true);
  });
});

test('status routes', async () => {
  expect((await cluster.send('GET', '/livez')).status).toBe(200);
  expect((await cluster.send('GET', '/readyz')).status).toBe(200);
  expect((await cluster.send('GET', '/healthz')).json['status']).toBe('ok');
  const { json } = await cluster.send('GET', '/stats');
  expect(json).toMatchObject({
    model: { name: 'starter', fingerprint: expect.any(String) as string, dimensions: 256 },
    products: expect.any(Number) as number,
    partitions: expect.any(Number) as number,
    embedding_cache: {
      entries: expect.any(Number) as number,
      hits: expect.any(Number) as number,
      misses: expect.any(Number) as number,
    },
  });
  for (const shard of json['shards'] as object[]) {
    const keys = ['behind', 'bytes', 'documents', 'name', 'recall', 'reconciliation'];
    expect(Object.keys(shard).sort()).toEqual(keys);
  }
  const metrics = await (await fetch(`${cluster.url}/metrics`)).text();
  for (const name of [
    'query_latency_ms_bucket',
    'queries_total',
    'embedding_cache_hits_total',
    'embedding_cache_misses_total',
    'shard_documents{shard="s1"}',
    'shard_bytes{shard="s2"}',
    'shard_recall_target{shard="s2"} 0.98',
    'reconciled_total{shard="s1"} 0',
  ]) {
    expect(metrics).toContain(name);
  }
  expect(await (await fetch(cluster.url)).text()).toContain('<!doctype html>');
});
