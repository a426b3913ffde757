import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TENANT_HEADER } from '../../src/tenancy/tenant-directory.js';
import { Cluster } from './cluster.js';

const DIMENSIONS = 2;
const ARGS = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
const LIMIT_MS = 120_000;
const OTHER = { [TENANT_HEADER]: 'other' };

interface Found {
  hits: { id: string; highlight?: Record<string, string> }[];
  total: number;
  facets: Record<string, { values: { value: string; count: number }[] }>;
  rules?: string[];
  redirect?: string;
  data?: unknown[];
  explain?: { words: { alternatives: { words: string[]; why: string }[] }[] };
}

let cluster: Cluster;
const made: string[] = [];

/** Ten mice of two brands, five couches and three sofas, ten cell phones, a mobile, ten batteries of cells. */
function catalogue(): object[] {
  const of = (id: string, title: string, category: string, more: object = {}) => ({
    ...{ id, title, category, brand: 'ACME', in_stock: true, price: 10, vector: [1, 0.5] },
    ...more,
  });
  const mice = Array.from({ length: 10 }, (_, i) =>
    of(`m${i}`, 'Wireless mouse', 'Mice', {
      brand: i < 5 ? 'ACME' : 'Bolt',
      in_stock: i !== 3,
      price: 10 + i,
    }),
  );
  return [
    ...mice,
    ...Array.from({ length: 5 }, (_, i) => of(`c${i}`, 'Green couch', 'Sofas')),
    ...Array.from({ length: 3 }, (_, i) => of(`s${i}`, 'Green sofa', 'Sofas', { brand: 'Bolt' })),
    of('mobile', 'Black mobile', 'Phones'),
    ...Array.from({ length: 10 }, (_, i) => of(`cell${i}`, 'Black cell phone', 'Phones')),
    ...Array.from({ length: 10 }, (_, i) => of(`battery${i}`, 'Cell battery', 'Batteries')),
  ];
}

beforeAll(async () => {
  cluster = await Cluster.start({ args: ARGS });
  await cluster.index(catalogue());
  const rows = catalogue().map((product) => JSON.stringify(product));
  await cluster.post('/products?wait=searchable', rows.join('\n'), OTHER);
}, LIMIT_MS);
afterAll(async () => {
  await cluster.stop();
  cluster.remove();
});
afterEach(async () => {
  for (const path of made.splice(0)) await cluster.send('DELETE', path);
});

async function put(path: string, body: object): Promise<void> {
  const { status, json } = await cluster.send('PUT', path, body);
  expect([status, json]).toEqual([200, expect.anything()]);
  made.push(path);
}

async function search(body: object, headers?: Record<string, string>): Promise<Found> {
  const asked = { timeout_ms: 20_000, top_k: 20, ...body };
  const { status, json } = await cluster.post('/search/text', asked, headers);
  expect([status, json['partial']]).toEqual([200, null]);
  return json as unknown as Found;
}
const ids = ({ hits }: Found): string[] => hits.map(({ id }) => id);

describe('a rule', () => {
  test('that pins puts products where it says, under the filter and in its tenant alone', async () => {
    const pinned = [
      { id: 'm3', position: 1 },
      { id: 'c0', position: 3 },
    ];
    await put('/rules/a', { when: { query: 'mouse' }, then: { pinned } });
    const all = await search({ query: 'mice' });
    expect([ids(all)[0], ids(all)[2], all.total, all.rules]).toEqual(['m3', 'c0', 11, ['a']]);
    const inStock = await search({ query: 'mouse', filter: { in_stock: true } });
    expect(ids(inStock)).not.toContain('m3');
    expect([ids(inStock)[2], inStock.total]).toEqual(['c0', 10]);
    const mice = await search({ query: 'mouse', filter: { category: 'Mice' } });
    expect([ids(mice)[0], ids(mice).includes('c0'), mice.total]).toEqual(['m3', false, 10]);
    expect((await search({ query: 'mouse' }, OTHER)).total).toBe(10);
    expect((await search({ query: 'mouse', rules: false })).total).toBe(10);
    expect((await search({ query: 'wireless mouse' })).rules).toBeUndefined();
  });

  test('that hides takes products from hits, total and facets', async () => {
    await put('/rules/a', { when: {}, then: { hidden: ['m5', 'm6'] } });
    for (const asked of [{ query: 'mouse' }, { browse: true, filter: { category: 'Mice' } }]) {
      const found = await search({ ...asked, facets: ['brand'] });
      expect(found.total).toBe(8);
      expect(ids(found)).toHaveLength(8);
      expect(found.facets['brand']?.values).toEqual([
        { value: 'ACME', count: 5 },
        { value: 'Bolt', count: 3 },
      ]);
    }
  });

  test('that boosts or buries changes the order', async () => {
    const bolt = { brand: 'Bolt' };
    await put('/rules/a', { when: {}, then: { boost: [{ filter: bolt, weight: 0.3 }] } });
    const bolts = ['m5', 'm6', 'm7', 'm8', 'm9'];
    expect(ids(await search({ query: 'mouse' })).slice(0, 5)).toEqual(bolts);
    await put('/rules/a', { when: {}, then: { boost: [{ filter: bolt, weight: -0.3 }] } });
    const buried = await search({ query: 'mouse' });
    expect([ids(buried).slice(5), buried.total]).toEqual([bolts, 10]);
  });

  test('that filters narrows hits and counts', async () => {
    await put('/rules/a', { when: { query: 'mouse' }, then: { filter: { in_stock: true } } });
    const found = await search({ query: 'mouse', facets: ['in_stock'] });
    expect(found.total).toBe(9);
    expect(ids(found)).not.toContain('m3');
    expect(found.facets['in_stock']?.values).toEqual([{ value: true, count: 9 }]);
  });

  test('says where to go and what to show, in its time alone', async () => {
    const then = { redirect: '/mice', data: { banner: 'x' } };
    const [past, future] = ['2020-01-01T00:00:00Z', '2100-01-01T00:00:00Z'];
    await put('/rules/a', { when: { query: 'mouse', to: past }, then: { redirect: '/old' } });
    await put('/rules/b', { when: { query: 'mouse', from: past, to: future }, then });
    await put('/rules/c', { when: { query: 'mouse', from: future }, then: { redirect: '/new' } });
    await put('/rules/d', { when: { query: 'mouse' }, then: { redirect: '/second', data: 2 } });
    const { redirect, data, rules } = await search({ query: 'mouse' });
    expect([redirect, data, rules]).toEqual(['/mice', [{ banner: 'x' }, 2], ['b', 'd']]);
    const other = await search({ query: 'couch' });
    expect([other.redirect, other.data, other.rules]).toEqual([undefined, undefined, undefined]);
  });

  test('wants the tags and the category that it names', async () => {
    await put('/rules/a', { when: { tags: ['app'], category: 'Mice' }, then: { data: 1 } });
    const asked = { query: 'mouse', filter: { category: 'Mice' }, tags: ['app'] };
    expect((await search(asked)).rules).toEqual(['a']);
    expect((await search({ ...asked, tags: ['web'] })).rules).toBeUndefined();
    expect((await search({ ...asked, filter: {} })).rules).toBeUndefined();
  });

  test('is tried out before it is stored', async () => {
    const rule = { when: { query: 'mouse' }, then: { pinned: [{ id: 'm9', position: 1 }] } };
    const body = { rule, queries: ['mouse', 'couch'] };
    const { status, json } = await cluster.post('/rules/preview', body);
    expect([status, json['queries'], json['changed'], json['unknown']]).toEqual([200, 2, 1, 0]);
    const [only] = json['results'] as { query: string; before: string[]; after: string[] }[];
    expect(only?.query).toBe('mouse');
    expect(only?.before).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']);
    expect(only?.after).toEqual(['m9', 'm0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8']);
    expect(ids(await search({ query: 'mouse' }))[0]).toBe('m0');
  });
});

describe('synonyms', () => {
  test('find products of both words, which count in facets, whichever was typed', async () => {
    expect((await search({ query: 'couch' })).total).toBe(5);
    await put('/synonyms/a', { words: ['sofa', 'couch'] });
    for (const query of ['couch', 'Sofas', 'green couches']) {
      const found = await search({
        ...{ query, facets: ['brand'], highlight: ['title'], explain: true },
      });
      expect([query, found.total]).toEqual([query, 8]);
      expect(found.facets['brand']?.values).toEqual([
        { value: 'ACME', count: 5 },
        { value: 'Bolt', count: 3 },
      ]);
      const titles = new Set(found.hits.map(({ highlight }) => highlight?.['title']));
      for (const title of titles) expect(title).toMatch(/<mark>(couch|sofa)<\/mark>/);
      const why = found.explain?.words.at(-1)?.alternatives.map((one) => one.why);
      expect(why).toEqual(['typed', 'synonym']);
    }
    // As typed goes first.
    expect(ids(await search({ query: 'sofa' })).slice(0, 3)).toEqual(['s0', 's1', 's2']);
    expect((await search({ query: 'couch' }, OTHER)).total).toBe(5);
  });

  test('of two words stand for both together, one way where that is asked for', async () => {
    await put('/synonyms/a', { from: 'cell phone', to: ['mobile'] });
    const phones = [...Array.from({ length: 10 }, (_, i) => `cell${i}`), 'mobile'];
    for (const query of ['cell phone', 'black cell phones']) {
      expect(ids(await search({ query })).sort()).toEqual(phones);
    }
    expect(ids(await search({ query: 'phone cell' }))).not.toContain('mobile');
    expect(ids(await search({ query: 'mobile' }))).toEqual(['mobile']);
    await put('/synonyms/a', { words: ['cell phone', 'mobile'] });
    expect(ids(await search({ query: 'mobile' })).sort()).toEqual(phones);
  });
});

test('an alias serves searches, and its tenant can be changed in one step', async () => {
  const shop = { [TENANT_HEADER]: 'shop' };
  expect((await cluster.send('PUT', '/aliases/shop', { tenant: 'other' })).status).toBe(200);
  await put('/rules/a', { when: {}, then: { hidden: ['m0'] } });
  expect((await search({ query: 'mouse' }, shop)).total).toBe(10);
  expect((await cluster.send('PUT', '/aliases/shop', { tenant: 'default' })).status).toBe(200);
  expect((await search({ query: 'mouse' }, shop)).total).toBe(9);
  expect((await cluster.send('DELETE', '/aliases/shop')).status).toBe(200);
  const gone = await cluster.post('/search/text', { query: 'mouse' }, shop);
  expect(gone.status).toBe(404);
});
