import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { NO_REDIS, RedisServer } from '../redis/redis-server.js';
import { dropDatabase, freshOptions } from '../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from '../store/mongo-server.js';
import { makeProducts } from './catalogue.js';
import { ROOT } from './compose-file.js';
import { NGINX } from './nginx.js';
import { Shell } from './shell.js';
import { freePorts } from './topology.js';
import { TopologyLoad } from './topology-load.js';
import { blocksOf } from './walk-steps.js';

const reason = NGINX === undefined ? 'needs nginx' : (NO_REDIS ?? whyNoServer());
const PRODUCTS = makeProducts(60, 2).map((product) => ({ ...product, vector: undefined }));

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action();
});

/** The first three digits of four ports that nobody has. */
async function freeTen(): Promise<string> {
  for (;;) {
    const [port = 0] = await freePorts(1);
    const ten = String(port).slice(0, 4);
    const ports = [1, 2, 3, 4].map((last) => Number(`${ten}${last}`));
    const servers = ports.map((each) => createServer().listen(each, '127.0.0.1'));
    const opened = await Promise.all(
      servers.map((server) => once(server, 'listening').catch(() => undefined)),
    );
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    if (!opened.includes(undefined)) return ten;
  }
}

test.skipIf(reason !== undefined)(
  `the walk of the README from one machine to several, and a query node killed in the end${reason === undefined ? '' : ` (${reason})`}`,
  { timeout: 300_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-several-'));
    cleanUp.push(async () => rmSync(dir, { recursive: true, force: true }));
    // The workers of nginx are of another user.
    chmodSync(dir, 0o755);
    const mongo = MONGODB_URL === undefined ? await MongoServer.start() : undefined;
    const database = freshOptions(mongo);
    cleanUp.push(async () => (mongo === undefined ? dropDatabase(database) : mongo.stop()));
    const redis = await RedisServer.start();
    cleanUp.push(() => redis.stop());
    const [port] = await freePorts(1);
    const [nodes, shards] = [await freeTen(), await freeTen()];
    const here = (text: string): string =>
      text
        .replaceAll('mongodb://127.0.0.1:27017/omnisearch', database.url)
        .replaceAll('redis://127.0.0.1:6379', redis.url)
        .replaceAll(/\b810(?=\d|\$n|\[)/g, nodes)
        .replaceAll(/\b809(?=\d)/g, shards);
    mkdirSync(join(dir, 'deploy'));
    const conf = readFileSync(`${ROOT}deploy/nginx.conf`, 'utf8');
    writeFileSync(join(dir, 'deploy/nginx.conf'), conf.replace('listen 8080', `listen ${port}`));
    const rows = PRODUCTS.map((product) => JSON.stringify(product)).join('\n');
    writeFileSync(join(dir, 'catalogue.ndjson.gz'), gzipSync(rows));

    const url = `http://127.0.0.1:${port}`;
    const env = {
      OMNISEARCH_URL: url,
      OMNISEARCH_LOG_LEVEL: 'warn',
      OMNISEARCH_EMBEDDING_THREADS: '1',
    };
    const shell = new Shell(dir, env);
    const nginx = join(dir, 'shards/data/nginx');
    cleanUp.push(() => shell.stop());
    cleanUp.push(() => shell.run(`nginx -c ${nginx}/nginx.conf -s stop || true`));

    const [open = '', front = '', balanced = ''] = blocksOf('From one machine to several').map(
      here,
    );
    expect(await shell.run(open)).toContain('{"status":"ok"}');
    expect(await shell.run(front.replace('quiet headphones', 'Product 7'))).toContain('Product 7');
    const waited = balanced.replace(/^cat .*/m, `curl 127.0.0.1:${nodes}4/readyz`);
    await shell.run(waited);
    const servers = (): number =>
      readFileSync(`${nginx}/query-nodes.conf`, 'utf8').match(/^server /gm)?.length ?? 0;
    await expect.poll(servers, { timeout: 30_000 }).toBe(4);

    const load = new TopologyLoad(url, PRODUCTS as never, 4, 1, { connection: 'close' });
    await load.more(40);
    await shell.run(`kill -9 $(pgrep -f -- '--port ${nodes}2 ')`);
    await load.more(80);
    await expect.poll(servers, { timeout: 30_000 }).toBe(3);
    const { failed } = await load.stop();
    // A write that its node died with is not repeated.
    expect(failed.filter(({ kind }) => kind === 'read')).toEqual([]);
    expect(failed.length, JSON.stringify(failed)).toBeLessThanOrEqual(1);
  },
);
