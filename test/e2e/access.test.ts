import { expect, test } from 'vitest';
import { browserKey } from '../../src/client/browser-key.js';
import { Cluster, type Reply } from './cluster.js';
import { runCommand } from './command.js';

const NONE = ['--model', 'none', '--dimensions', '4'];
/** Every wrong key is answered as such, however many there are. */
const GUARDED = { OMNISEARCH_API_KEY: 'secret', OMNISEARCH_AUTH_FAILURES_PER_MINUTE: '0' };
const VECTOR = [1, 2, 3, 4];
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const product = (id: string, more: object = {}) => ({
  id,
  title: 't',
  category: 'Mice',
  vector: VECTOR,
  ...more,
});

async function withCluster(
  options: Parameters<typeof Cluster.start>[0],
  use: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const cluster = await Cluster.start(options);
  try {
    await use(cluster);
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}

const code = ({ status, json }: Reply) => [status, (json['error'] as { code: string }).code];

test('API_KEY guards every product and search route, and no status page', () =>
  withCluster({ args: NONE, env: GUARDED }, async (cluster) => {
    for (const [method, path] of [
      ['POST', '/products'],
      ['GET', '/products/x'],
      ['PATCH', '/products/x'],
      ['DELETE', '/products/x'],
      ['POST', '/search/text'],
      ['POST', '/search/vector'],
      ['POST', '/search/batch'],
    ] as const) {
      for (const headers of [{}, bearer('wrong'), { authorization: 'Basic secret' }]) {
        const body = method === 'POST' ? new TextEncoder().encode('not JSON') : undefined;
        const reply = await cluster.send(method, path, body, headers);
        expect([path, ...code(reply)]).toEqual([path, 401, 'unauthorized']);
      }
    }
    const sent = await cluster.post('/products?wait=searchable', product('x'), bearer('secret'));
    expect(sent.json).toMatchObject({ accepted: 1, searchable: true });
    const found = await cluster.post('/search/vector', { vector: VECTOR }, bearer('secret'));
    expect(found.json.hits?.map(({ id }) => id)).toEqual(['x']);
    for (const path of ['/livez', '/readyz', '/healthz', '/stats']) {
      expect((await cluster.send('GET', path)).status).toBe(200);
    }
  }));

test('keys made by the command let in, to their own tenant, until they are disabled', () =>
  withCluster({ args: NONE, env: { OMNISEARCH_ADMIN_KEY: 'root' } }, async (cluster) => {
    const keys = async (...words: string[]) => {
      const args = ['keys', ...words, '--json', '--url', cluster.url, '--admin-key', 'root'];
      const { stdout } = await runCommand(args);
      return JSON.parse(stdout) as { id: string; secret: string; generation: number };
    };
    const feed = await keys('create', '--kind', 'write', '--tenants', 'shoes');
    const page = await keys('create', '--tenants', 'shoes,hats');
    const sent = await cluster.post('/products?wait=searchable', product('x'), bearer(feed.secret));
    expect(sent.json).toMatchObject({ accepted: 1, searchable: true });
    const expiresAt = Math.floor(Date.now() / 1_000) + 60;
    const browser = await browserKey(page, { expiresAt, tenant: 'shoes' });
    const found = await cluster.post('/search/vector', { vector: VECTOR }, bearer(browser));
    expect(found.json.hits?.map(({ id }) => id)).toEqual(['x']);
    const hats = { ...bearer(feed.secret), 'x-omnisearch-tenant': 'hats' };
    expect(code(await cluster.post('/products', product('y'), hats))).toEqual([403, 'forbidden']);
    const written = await cluster.post('/products', product('y'), bearer(browser));
    expect(code(written)).toEqual([403, 'forbidden']);
    expect(code(await cluster.send('GET', '/products/x'))).toEqual([401, 'unauthorized']);
    await keys('disable', page.id);
    const refused = await cluster.post('/search/vector', { vector: VECTOR }, bearer(browser));
    expect(code(refused)).toEqual([401, 'unauthorized']);
  }));

test('beyond loopback /stats and /metrics want ADMIN_KEY, and no key at all is warned of', async () => {
  const env = { OMNISEARCH_API_KEY: 'secret', OMNISEARCH_ADMIN_KEY: 'root' };
  const args = [...NONE, '--host', '0.0.0.0'];
  await withCluster({ args, env }, async (cluster) => {
    for (const path of ['/stats', '/metrics']) {
      for (const headers of [{}, bearer('secret')]) {
        expect(code(await cluster.send('GET', path, undefined, headers))).toEqual([
          401,
          'unauthorized',
        ]);
      }
    }
    expect((await cluster.send('GET', '/stats', undefined, bearer('root'))).status).toBe(200);
    expect(cluster.log()).not.toContain('API_KEY');
  });
  await withCluster({ args }, async (cluster) => {
    expect(code(await cluster.send('GET', '/stats'))).toEqual([401, 'unauthorized']);
    expect(cluster.log()).toContain('API_KEY');
  });
});

test('invariant 7, first half: no tenant reads, changes or counts what is of another', () =>
  withCluster({ args: NONE }, async (cluster) => {
    const north = { 'x-omnisearch-tenant': 'north' };
    const south = { 'x-omnisearch-tenant': 'south' };
    const wait = '/products?wait=searchable';
    await cluster.post(wait, [product('same', { price: 1 }), product('n')], north);
    await cluster.post(wait, [product('same', { price: 2, colour: 'red' })], south);

    const search = async (headers: Record<string, string>, body: object = {}) =>
      (await cluster.post('/search/vector', { vector: VECTOR, exact: true, ...body }, headers))
        .json;
    const hitsOf = async (headers: Record<string, string>) =>
      (await search(headers)).hits?.map(({ id, product: { price } }) => [id, price]);
    expect(await hitsOf(north)).toEqual([
      ['n', undefined],
      ['same', 1],
    ]);
    expect(await hitsOf(south)).toEqual([['same', 2]]);
    expect(await hitsOf({})).toEqual([]);

    expect((await search(north, { filter: { colour: 'red' } }))['unknown_fields']).toEqual([
      'colour',
    ]);
    expect((await search(south, { filter: { colour: 'red' } }))['unknown_fields']).toBeUndefined();
    const categories = async (headers: Record<string, string>) =>
      (await cluster.send('GET', '/categories', undefined, headers)).json['categories'];
    expect(await categories(south)).toEqual([{ category: 'Mice', products: 1 }]);
    expect(await categories({})).toEqual([]);

    expect(code(await cluster.send('GET', '/products/n', undefined, south))).toEqual([
      404,
      'not_found',
    ]);
    expect((await cluster.send('PATCH', '/products/n', { price: 9 }, south)).status).toBe(404);
    expect((await cluster.send('DELETE', '/products/n', undefined, south)).status).toBe(404);
    expect((await cluster.send('DELETE', '/products/same', undefined, south)).status).toBe(200);
    expect(await hitsOf(south)).toEqual([]);
    expect(await hitsOf(north)).toHaveLength(2);

    for (const tenant of ['A', '', 'x'.repeat(65), 'a/b', '..']) {
      const reply = await cluster.send('GET', '/products/n', undefined, {
        'x-omnisearch-tenant': tenant,
      });
      expect([tenant, ...code(reply)]).toEqual([tenant, 400, 'invalid_field']);
    }
  }));

test('--model none: texts are searched by their words alone, and nothing needs an encoder', () =>
  withCluster({ args: NONE }, async (cluster) => {
    const titled = { ...product('m', { price: 1 }), title: 'Wireless mouse' };
    await cluster.post('/products?wait=searchable', titled);
    const text = await cluster.post('/search/text', { query: 'mouse' });
    expect(text.json.hits?.map(({ id }) => id)).toEqual(['m']);
    const meaning = await cluster.post('/search/text', { query: 'mouse', mode: 'vector' });
    expect(code(meaning)).toEqual([400, 'invalid_field']);
    expect(JSON.stringify(meaning.json)).toContain('--model none');
    const { json } = await cluster.post('/search/batch', {
      searches: [{ query: 'keyboard' }, { vector: VECTOR }],
    });
    expect(json['results']).toMatchObject([{ hits: [], total: 0 }, { hits: [{ id: 'm' }] }]);

    const bare = await cluster.post('/products', { id: 'b', title: 't', category: 'Mice' });
    expect(bare.json['error']).toMatchObject({ code: 'invalid_field', field: 'vector' });
    await cluster.post('/products', product('x', { price: 1 }));
    // Neither of these could be embedded here.
    for (const change of [{ price: 2 }, { in_stock: false }, { title: 'new' }]) {
      expect((await cluster.send('PATCH', '/products/x', change)).status).toBe(200);
    }
    expect((await cluster.send('GET', '/products/x?fields=title,price')).json).toEqual({
      title: 'new',
      price: 2,
    });
  }));
