import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openMongoReader } from '../../src/store/mongo/open.js';
import { servingSettings } from '../../src/tenancy/tenant-settings.js';
import { OPENSSL_MISSING, TestCa } from '../shard-client/test-ca.js';
import { dropDatabase, freshOptions } from '../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from '../store/mongo-server.js';
import { MAIN } from './command.js';
import { killAtExit } from './kill-at-exit.js';
import { freePorts } from './topology.js';

const reason = OPENSSL_MISSING ?? whyNoServer();
const SOON = { timeout: 90_000 };

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action();
});

test.skipIf(reason !== undefined)(
  `a worker reaches shards that want TLS: what it imports is found, and what it asks them is answered${reason === undefined ? '' : ` (${reason})`}`,
  { timeout: 300_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-tls-worker-'));
    cleanUp.push(() => rmSync(dir, { recursive: true, force: true }));
    const ca = new TestCa(dir, 'ca');
    const { cert, key } = ca.issue('shard', 'IP:127.0.0.1');
    const mongo = MONGODB_URL === undefined ? await MongoServer.start() : undefined;
    const database = freshOptions(mongo);
    cleanUp.push(async () => (mongo === undefined ? dropDatabase(database) : mongo.stop()));
    const [port = 0] = await freePorts(1);
    const env = {
      OMNISEARCH_STORE_URL: database.url,
      OMNISEARCH_STORE_MIN_POOL: '0',
      OMNISEARCH_LOG_LEVEL: 'warn',
      OMNISEARCH_SHARD_TLS_CA: ca.file,
    };
    const start = (name: string, ...args: string[]): void => {
      const child = spawn(process.execPath, [MAIN, ...args, '--data-dir', join(dir, name)], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ...env },
      });
      killAtExit(child);
      let log = '';
      child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
      const ended = once(child, 'close');
      cleanUp.push(async () => {
        child.kill('SIGTERM');
        expect([name, ...((await ended) as unknown[])], log).toEqual([name, 0, null]);
      });
    };
    const model = ['--model', 'none', '--dimensions', '2'];
    const tls = ['--shard-tls-cert', cert, '--shard-tls-key', key];
    const ask = async (
      path: string,
      body?: object,
      method = body === undefined ? 'GET' : 'POST',
    ): Promise<Record<string, unknown>> => {
      const headers = { 'content-type': 'application/json' };
      const request = { method, headers, body: body && JSON.stringify(body) };
      const reply = await fetch(`http://127.0.0.1:${port}${path}`, request as RequestInit);
      return (await reply.json()) as Record<string, unknown>;
    };
    const status = (path: string) => ask(path).catch(() => undefined);
    start('query', 'query-node', '--port', String(port), '--jobs', '0', ...model);
    // The store is there by then: shards and workers wait for it no longer than half a minute.
    await expect.poll(() => status('/livez'), SOON).toEqual({ status: 'ok' });
    start('s1', 'shard-node', '--shard', 's1', '--listen', '127.0.0.1:0', ...tls);
    start('worker', 'worker', ...model);
    await expect.poll(() => status('/readyz'), SOON).toEqual({ status: 'ok' });
    const product = { id: 'a', title: 'Chair', category: 'Chairs', vector: [1, 0] };
    const { id } = await ask('/imports', [product]);
    const stateOf = async () => (await ask(`/imports/${String(id)}`))['state'];
    await expect.poll(stateOf, SOON).toBe('done');
    const found = async () => (await ask('/search/vector', { vector: [1, 0] }))['hits'];
    await expect.poll(found, SOON).toMatchObject([{ id: 'a' }]);

    // A job of the worker's, which the shard has to answer: it asks until that has words by these settings.
    await ask('/settings', { language: 'none' }, 'PUT');
    const reader = await openMongoReader(database);
    cleanUp.push(() => reader.close());
    const language = async (): Promise<string> => {
      const { value } = (await reader.records.get('tenant', 'default')) ?? {};
      return servingSettings(value as never).text.language;
    };
    await expect.poll(language, SOON).toBe('none');
  },
);
