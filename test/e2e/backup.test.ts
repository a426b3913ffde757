import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { S3Server, whyNoS3 } from '../backup/s3-server.js';
import { dropDatabase, freshOptions } from '../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from '../store/mongo-server.js';
import { makeProducts } from './catalogue.js';
import { Cluster, type Reply } from './cluster.js';
import { runCommand, startCommand } from './command.js';

const DIMENSIONS = 16;
const LIMIT_MS = 180_000;
const ADMIN = 'an-admin-key';
const AS_ADMIN = { authorization: `Bearer ${ADMIN}` };
const products = makeProducts(600, DIMENSIONS, 3);
const noMongo = whyNoServer();

let folder: string;
let shop: Cluster;
const opened: Cluster[] = [];

async function start(shards: number, env: Record<string, string> = {}): Promise<Cluster> {
  const args = ['--model', 'none', '--dimensions', String(DIMENSIONS)];
  const all = { OMNISEARCH_ADMIN_KEY: ADMIN, ...env };
  const cluster = await Cluster.start({ shards, args, env: all });
  opened.push(cluster);
  return cluster;
}

async function omnisearch(cluster: Cluster, ...args: string[]) {
  return runCommand([...args, '--url', cluster.url, '--admin-key', ADMIN]);
}

async function done(cluster: Cluster, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await omnisearch(cluster, ...args);
  expect([code, stderr.includes('omnisearch:')], stderr).toEqual([0, false]);
  return stdout;
}

/** What shoppers and the shop's team see: exact answers, facets, settings, rules, names, prices of a list. */
async function seen(cluster: Cluster, tenant = 'default'): Promise<unknown> {
  const headers = { 'x-omnisearch-tenant': tenant };
  const exact = { exact: true, timeout_ms: 20_000, top_k: 50 };
  const answers = await Promise.all([
    cluster.post('/search/text', { ...exact, query: 'product 7', facets: ['brand'] }, headers),
    cluster.post('/search/vector', { ...exact, vector: products[9]?.vector }, headers),
    cluster.post('/search/text', { ...exact, browse: true, sort: [{ field: 'price' }] }, headers),
    cluster.post('/search/text', { ...exact, query: 'product', price_list: 'gold' }, headers),
    cluster.post('/search/text', { ...exact, query: 'couch' }, headers),
  ]);
  const shown = await Promise.all(
    ['/settings', '/rules', '/synonyms', '/categories', '/price-lists'].map((path) =>
      cluster.send('GET', path, undefined, headers),
    ),
  );
  const of = ({ json }: Reply) => {
    const { hits, total, facets, partial } = json;
    expect(hits, JSON.stringify(json)).not.toHaveLength(0);
    return { hits, total, facets, partial };
  };
  return { answers: answers.map(of), shown: shown.map(({ json }) => json) };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-backups-'));
  shop = await start(2);
  await shop.index(products);
  const set = async (path: string, body: unknown) => {
    const { status } = await shop.send('PUT', path, body, AS_ADMIN);
    expect([200, 201], path).toContain(status);
  };
  const prices = products.slice(0, 50).map(({ id }, i) => JSON.stringify({ id, price: i + 0.5 }));
  await set('/price-lists/gold?wait=searchable', prices.join('\n'));
  await set('/settings', { stop_words: ['the'], searchable: [{ field: 'title', weight: 2 }] });
  const then = { pinned: [{ id: 'p40', position: 1 }] };
  await set('/rules/seven', { when: { query: 'product 7', match: 'exact' }, then });
  await set('/synonyms/couch', { words: ['couch', 'product'] });
  await set('/aliases/live', { tenant: 'default' });
  await set('/plans/small', { max_products: 10_000 });
}, LIMIT_MS);

/** All but the first `kept` that were opened. */
async function stopAll(kept: number): Promise<void> {
  for (const cluster of opened.splice(kept)) {
    await cluster.stop();
    cluster.remove();
  }
}

afterEach(() => stopAll(1));
afterAll(async () => {
  await stopAll(0);
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

describe('backup and restore', () => {
  it(
    'from 2 shards into 5: a full backup and what changed since, all as it was',
    async () => {
      const target = join(folder, 'chain');
      expect(await done(shop, 'backup', target)).toContain('600 products');
      expect((await shop.send('DELETE', '/products/p11?wait=searchable')).status).toBe(200);
      await shop.send('PATCH', '/products/p12?wait=searchable', { price: 0.25 });
      expect(await done(shop, 'backup', target, '--since', 'latest')).toContain(
        '1 products, 1 deletes',
      );
      expect(await done(shop, 'backup', 'verify', target)).toContain('whole: ');
      const five = await start(5);
      await done(five, 'restore', target, '--wait');
      expect(await seen(five)).toEqual(await seen(shop));
      expect(new Set((await nodesOf(five)).flat()).size).toBeGreaterThan(2);
      const alias = await five.send('GET', '/aliases/live', undefined, AS_ADMIN);
      expect(alias.json).toMatchObject({ tenant: 'default' });
      expect((await five.send('GET', '/plans/small', undefined, AS_ADMIN)).status).toBe(200);
      // It is a shop like any other from now on.
      expect((await five.post('/products?wait=searchable', products[11])).status).toBe(200);
      const refused = await omnisearch(five, 'restore', target);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('--replace')]);
      await done(five, 'restore', target, '--replace', '--wait');
      expect(await seen(five)).toEqual(await seen(shop));
    },
    LIMIT_MS,
  );

  it(
    'beside a live catalogue, which an alias then changes for it',
    async () => {
      const target = join(folder, 'beside');
      await done(shop, 'backup', target, '--tenant', 'default');
      await done(shop, 'restore', target, '--tenant', 'default', '--as', 'then', '--wait');
      expect(await seen(shop, 'then')).toEqual(await seen(shop));
      await shop.send('PUT', '/aliases/live', { tenant: 'then' }, AS_ADMIN);
      const { json } = await shop.send('GET', '/tenants/then', undefined, AS_ADMIN);
      expect(json).toMatchObject({ state: 'active' });
      await shop.send('DELETE', '/tenants/then', undefined, AS_ADMIN);
    },
    LIMIT_MS,
  );

  it(
    'one flipped byte: verify and restore name it, and nothing is changed',
    async () => {
      const target = join(folder, 'flipped');
      await done(shop, 'backup', target);
      const [name = ''] = readdirSync(target);
      const path = join(target, name, '00000.ndjson.gz');
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1]! ^= 4;
      writeFileSync(path, bytes);
      const empty = await start(1);
      for (const words of [
        ['backup', 'verify', target],
        ['restore', target],
      ]) {
        const { code, stderr } = await omnisearch(empty, ...words);
        expect([code, stderr]).toEqual([1, expect.stringContaining(`${name}/00000.ndjson.gz`)]);
      }
      const { json } = await empty.send('GET', '/admin/export', undefined, AS_ADMIN);
      expect(json).toMatchObject({ tenants: [] });
      const noKey = await runCommand(['backup', target, '--url', shop.url]);
      expect([noKey.code, noKey.stderr]).toEqual([1, expect.stringContaining('unauthorized')]);
    },
    LIMIT_MS,
  );

  it(
    'killed in the middle, it goes on where its last chunk ended',
    async () => {
      const target = join(folder, 'killed');
      const description = 'x'.repeat(600_000);
      const rows = products.slice(0, 30).map((product) => ({ ...product, description }));
      for (const row of rows) {
        await shop.post('/products', row, { 'x-omnisearch-tenant': 'big' });
      }
      const asked = ['backup', target, '--tenant', 'big', '--url', shop.url, '--admin-key', ADMIN];
      const slow = startCommand([...asked, '--max-bytes-per-s', '100000']);
      const begun = () => readdirSync(folder, { recursive: true, encoding: 'utf8' });
      while (!begun().some((file) => file.endsWith('progress.json'))) await sleep(50);
      slow.process.kill('SIGKILL');
      await slow.ended;
      expect((await omnisearch(shop, 'backup', 'verify', target)).stderr).toContain(
        'no backup yet',
      );
      const { code, stderr } = await runCommand(asked);
      expect([code, stderr]).toEqual([0, expect.stringContaining('went on with')]);
      expect(readdirSync(target)).toHaveLength(1);
      const other = await start(1);
      expect(await done(other, 'restore', target, '--wait')).toContain('30 products written');
      await shop.send('DELETE', '/tenants/big', undefined, AS_ADMIN);
    },
    LIMIT_MS,
  );

  it.skipIf(whyNoS3() !== undefined)(
    `to S3, encrypted, and pruned`,
    async () => {
      const server = await S3Server.start();
      try {
        const keyFile = join(folder, 'key');
        writeFileSync(keyFile, 'c'.repeat(64));
        const more = ['--endpoint', server.endpoint, '--key-file', keyFile];
        const env = { ...server.env };
        const asked = ['--url', shop.url, '--admin-key', ADMIN, ...more];
        for (let i = 0; i < 2; i++) {
          const taken = await runCommand(['backup', 's3://shop/a', '--keep', '1d', ...asked], env);
          expect([taken.code, taken.stderr]).toEqual([0, '']);
          if (i === 1) expect(taken.stdout).toContain('removed: too old');
        }
        const two = await start(2);
        const to = ['--url', two.url, '--admin-key', ADMIN, ...more];
        const restored = await runCommand(['restore', 's3://shop/a', '--wait', ...to], env);
        expect([restored.code, restored.stderr]).toEqual([0, '']);
        expect(await seen(two)).toEqual(await seen(shop));
      } finally {
        await server.stop();
      }
    },
    LIMIT_MS,
  );
});

describe.skipIf(noMongo !== undefined)(`LMDB and MongoDB${noMongo ? ` (${noMongo})` : ''}`, () => {
  it(
    'there and back again: exact answers and settings are equal, a bad feed is undone on both',
    async () => {
      const server = MONGODB_URL === undefined ? await MongoServer.start() : undefined;
      const { url } = freshOptions(server);
      try {
        const mongo = await start(3, { OMNISEARCH_STORE_URL: url, ...KEEPING });
        await done(shop, 'backup', join(folder, 'there'));
        await done(mongo, 'restore', join(folder, 'there'), '--wait');
        const there = await seen(shop);
        expect(await seen(mongo)).toEqual(there);
        await done(mongo, 'backup', join(folder, 'back'));
        await mongo.send('DELETE', '/products/p20');
        await done(mongo, 'backup', join(folder, 'back'), '--since', 'latest');
        const back = await start(1, KEEPING);
        await done(back, 'restore', join(folder, 'back'), '--wait');
        expect(await seen(back)).toEqual(await seen(mongo));
        for (const cluster of [mongo, back]) await rollsBack(cluster);
        await mongo.stop();
      } finally {
        if (server === undefined) await dropDatabase({ url });
        await server?.stop();
      }
    },
    LIMIT_MS,
  );
});

const KEEPING = { OMNISEARCH_HISTORY_DAYS: '2' };

/** A bad feed halves prices, loses a product and brings one: a minute later all is as it was. */
async function rollsBack(cluster: Cluster): Promise<void> {
  const before = await seen(cluster);
  await sleep(5);
  const asked = ['rollback', '--tenant', 'default', '--to', new Date().toISOString()];
  await sleep(5);
  const bad = products.slice(30, 130).map((product) => ({ ...product, price: product.price / 2 }));
  await cluster.index([...bad, { ...products[0], id: 'bad' }]);
  await cluster.send('DELETE', '/products/p200?wait=searchable');
  const shown = await seen(cluster);
  const preview = JSON.parse(await done(cluster, ...asked, '--preview', '--json')) as object;
  expect(preview).toMatchObject({ restored: 1, removed: 1, first: { removed: ['bad'] } });
  expect(await seen(cluster)).toEqual(shown);
  expect(await done(cluster, ...asked)).toContain('1 back: p200');
  await cluster.post('/products?wait=searchable', products[31]);
  expect(await seen(cluster)).toEqual(before);
}

async function nodesOf(cluster: Cluster): Promise<string[][]> {
  const { json } = await cluster.send('GET', '/admin/cluster', undefined, AS_ADMIN);
  const { partitions } = json as unknown as { partitions: { replicas: { node: string }[] }[] };
  return partitions.map(({ replicas }) => replicas.map(({ node }) => node));
}
