import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Prometheus } from '../../bench/alerts/prometheus.js';
import { shortRules } from '../../bench/alerts/short-rules.js';
import { expressions } from '../deploy/dashboard-panels.js';
import { namesIn } from '../deploy/promql-names.js';
import { runs } from '../program.js';
import { NO_REDIS, RedisServer } from '../redis/redis-server.js';
import { OPENSSL_MISSING, TestCa } from '../shard-client/test-ca.js';
import { Cluster } from './cluster.js';
import { runCommand } from './command.js';
import { consecutivePorts } from './consecutive-ports.js';
import { mixOf, send } from './counted-mix.js';
import { NO_EXPORTERS, startExporters, type Exporters } from './exporters.js';

const ADMIN_KEY = 'an-admin-key';
const ADMIN = { authorization: `Bearer ${ADMIN_KEY}` };
const SHARDS = 2;
const LIMIT_MS = 60_000;
/** Of MongoDB, which is not installed here, and of the pool to it: this store is a file. And of a region: it is none. */
const OF_MONGODB =
  /^(mongodb_\w+|region_lag_seconds|store_(pool_connections|connections_limit|replica_lag_seconds)|omnisearch:store_connections:ratio)$/;
/** It is of a whole minute: before that it tells nothing. */
const LATER = 'shard_load_ratio';
const isLeftOut = (expr: string): boolean =>
  namesIn(expr).some((name) => OF_MONGODB.test(name) || name === LATER);

const missing = [
  runs('prometheus', '--version') ? undefined : 'needs prometheus',
  ...[NO_REDIS, NO_EXPORTERS, OPENSSL_MISSING],
].find((reason) => reason !== undefined);

describe.skipIf(missing !== undefined)(
  `the dashboard${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-dashboard-'));
    let redis: RedisServer;
    let cluster: Cluster;
    let exporters: Exporters;
    let prometheus: Prometheus;

    beforeAll(async () => {
      redis = await RedisServer.start();
      const port = await consecutivePorts(1 + SHARDS);
      cluster = await Cluster.start({
        shards: SHARDS,
        env: {
          ...{ OMNISEARCH_ADMIN_KEY: ADMIN_KEY, OMNISEARCH_REGION: 'north' },
          ...{ OMNISEARCH_METRICS_PORT: String(port), OMNISEARCH_REDIS_URL: redis.url },
          OMNISEARCH_CERTIFICATE_FILES: new TestCa(dir, 'shop').file,
          ...{ OMNISEARCH_RECALL_SAMPLE: '1', OMNISEARCH_EMBEDDING_THREADS: '1' },
        },
      });
      await cluster.index(products('p'));
      await cluster.send('PUT', '/plans/slow', { searches_per_s: 5 }, ADMIN);
      await cluster.send('PUT', '/tenants/limited', { plan: 'slow' }, ADMIN);
      await backUp();
      await backUp('--since', 'latest');
      const shards = Array.from({ length: SHARDS }, (_, i) => `127.0.0.1:${port + 1 + i}`);
      const own = { 'omnisearch-query': [`127.0.0.1:${port}`], 'omnisearch-shard': shards };
      exporters = await startExporters(join(dir, 'nginx'), redis.url, new URL(cluster.url).host);
      const targets = { ...own, ...exporters.targets };
      prometheus = await Prometheus.start(shortRules({}), targets, ADMIN_KEY);
    }, 120_000);

    afterAll(async () => {
      await prometheus.close();
      await exporters.stop();
      await cluster.stop();
      cluster.remove();
      await redis.stop();
      rmSync(dir, { recursive: true });
    });

    async function backUp(...more: string[]): Promise<void> {
      const asked = ['--url', cluster.url, '--admin-key', ADMIN_KEY];
      const { code, stderr } = await runCommand(['backup', join(dir, 'backup'), ...asked, ...more]);
      expect([code, stderr]).toEqual([0, expect.any(String)]);
    }

    /** Searches of all kinds with a shard that hangs for a moment, and a feed. */
    async function keepBusy(until: AbortSignal): Promise<void> {
      await cluster.send('POST', '/imports', products('i').map(lineOf).join('\n'));
      const [shard] = cluster.nodes();
      process.kill(shard?.pid ?? 0, 'SIGSTOP');
      for (const request of mixOf(6, 8, 'gaps')) await send(cluster.url, request);
      process.kill(shard?.pid ?? 0, 'SIGCONT');
      for (let seed = 1; !until.aborted; seed++) {
        for (const request of mixOf(20, seed)) await send(cluster.url, request);
      }
    }

    test('shows a figure in each panel but those of MongoDB', async () => {
      const done = new AbortController();
      const busy = keepBusy(done.signal);
      const empty = new Set(expressions('10s').filter((expr) => !isLeftOut(expr)));
      expect(empty.size).toBeGreaterThan(80);
      const show = async (): Promise<string[]> => {
        for (const expr of empty) {
          const values = await prometheus.query(expr);
          // A quantile of nothing is no number.
          if (values.some((value) => !Number.isNaN(value))) empty.delete(expr);
        }
        return [...empty];
      };
      await expect.poll(show, { timeout: LIMIT_MS, interval: 500 }).toEqual([]);
      done.abort();
      await busy;
    }, 120_000);
  },
);

const lineOf = (product: object): string => JSON.stringify(product);

function products(prefix: string): object[] {
  return Array.from({ length: 200 }, (_, i) => ({
    ...{ id: `${prefix}${i}`, title: `red shoe number ${i}`, category: `c${i % 8}`, price: i },
  }));
}
