import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAtExit } from './kill-at-exit.js';
import { runs } from '../program.js';
import { Cluster } from './cluster.js';
import { MAIN } from './command.js';
import { consecutivePorts } from './consecutive-ports.js';
import { ClientCounts, mixOf, send } from './counted-mix.js';
import { familiesOf, sumOf } from './exposition.js';
import { freePorts } from './topology.js';

/** 10,000 for the full measurement. */
const REQUESTS = Number(process.env['METRICS_REQUESTS'] ?? 1_000);
const AT_ONCE = 12;
const ADMIN = { authorization: 'Bearer an-admin-key' };
const DOCS = fileURLToPath(new URL('../../docs/metrics.md', import.meta.url));
/** The first one's name stays as it was: it is no unit of Prometheus. */
const ALLOWED = 'query_latency_ms ';

let cluster: Cluster;
let worker: ChildProcess;
const urls = { node: '', shards: [] as string[], worker: '' };

beforeAll(async () => {
  const ports = await consecutivePorts(3);
  const [workerPort = 0] = await freePorts(1);
  const keys = { OMNISEARCH_ADMIN_KEY: 'an-admin-key' };
  cluster = await Cluster.start({
    env: {
      ...keys,
      ...{ OMNISEARCH_METRICS_PORT: String(ports), OMNISEARCH_REGION: 'north' },
      ...{ OMNISEARCH_SEARCH_CONCURRENCY: '4', OMNISEARCH_SEARCH_WAITING: '2' },
      ...{ OMNISEARCH_EMBEDDING_THREADS: '1', OMNISEARCH_DRAIN_DELAY_MS: '1000' },
    },
  });
  urls.node = `http://127.0.0.1:${ports}`;
  urls.shards = [1, 2].map((i) => `http://127.0.0.1:${ports + i}`);
  urls.worker = `http://127.0.0.1:${workerPort}`;
  worker = spawn(process.execPath, [MAIN, 'worker', '--data-dir', cluster.dataDir], {
    stdio: 'ignore',
    env: {
      ...{ ...process.env, ...keys, OMNISEARCH_REGION: 'north' },
      OMNISEARCH_METRICS_PORT: String(workerPort),
    },
  });
  killAtExit(worker);
  const products = Array.from({ length: 200 }, (_, i) => ({
    ...{ id: `p${i}`, title: `red shoe number ${i}`, category: `c${i % 8}`, price: i },
  }));
  await cluster.index(products);
  await cluster.send('PUT', '/plans/slow', { searches_per_s: 5 }, ADMIN);
  await cluster.send('PUT', '/tenants/limited', { plan: 'slow' }, ADMIN);
}, 120_000);

afterAll(async () => {
  worker.kill('SIGKILL');
  await cluster.stop();
  cluster.remove();
});

async function pageOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`, { headers: ADMIN });
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}

test('every counter and histogram is what the client saw', async () => {
  const before = await pageOf(urls.node);
  const counts = new ClientCounts();
  const mix = mixOf(REQUESTS, 7);
  const left = mix[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const request of left) counts.saw(request, await send(cluster.url, request));
    }),
  );
  // A shard that stands still makes partial answers, and none where half is not enough.
  const [frozen] = cluster.nodes();
  process.kill(frozen?.pid ?? 0, 'SIGSTOP');
  try {
    for (const request of mixOf(12, 8, 'gaps')) {
      counts.saw(request, await send(cluster.url, request));
    }
  } finally {
    process.kill(frozen?.pid ?? 0, 'SIGCONT');
  }
  const after = await pageOf(urls.node);
  const grown = (name: string, labels: Record<string, string> = {}): number =>
    sumOf(after, name, labels) - sumOf(before, name, labels);

  expect(counts.problems).toEqual([]);
  // Else the mix has proved little.
  expect([...counts.kinds].sort()).toEqual(['failed', 'ok', 'partial', 'refused', 'rejected']);
  for (const [key, count] of counts.outcomes) {
    const [mode = '', outcome = ''] = key.split(' ');
    expect([key, grown('query_latency_seconds_count', { mode, outcome })]).toEqual([key, count]);
  }
  const { searches, refused } = counts;
  expect(grown('query_latency_seconds_count')).toBe(searches);
  expect(grown('query_latency_seconds_bucket', { le: '+Inf' })).toBe(searches);
  expect(grown('queries_total')).toBe(searches);
  expect(grown('query_latency_ms_count')).toBe(searches - refused);
  for (const [name, label, seen] of [
    ['search_errors_total', 'type', counts.errors],
    ['rejected_requests_total', 'reason', counts.rejections],
    ['refused_requests_total', 'reason', counts.refusals],
    ['partial_answers_total', 'reason', counts.gaps],
  ] as const) {
    for (const [value, count] of seen) {
      expect([name, value, grown(name, { [label]: value })]).toEqual([name, value, count]);
    }
    const all = [...seen.values()].reduce((sum, count) => sum + count, 0);
    expect([name, grown(name)]).toEqual([name, all]);
  }
  expect(grown('rate_limited_total', { by: 'tenant' })).toBe(counts.limitedRequests);
  expect(grown('search_stage_seconds_count', { stage: 'serialize' })).toBe(counts.answered);
  // What the server took is a part of what the client waited for.
  expect(grown('query_latency_seconds_sum')).toBeGreaterThan(0);
  expect(grown('query_latency_seconds_sum')).toBeLessThanOrEqual(counts.waitedSeconds);
}, 300_000);

describe('every role', () => {
  const pages = (): [string, string][] => [
    ['query-node', urls.node],
    ...urls.shards.map((url): [string, string] => ['shard-node', url]),
    ['worker', urls.worker],
  ];

  test('shows itself on METRICS_PORT, to who has the key, and says whether it is ready', async () => {
    for (const [role, url] of pages()) {
      await expect
        .poll(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.status, {
          timeout: 60_000,
        })
        .toBe(200);
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      expect((await fetch(`${url}/metrics`)).status).toBe(401);
      expect((await fetch(`${url}/nothing`)).status).toBe(404);
      expect((await fetch(`${url}/livez`, { method: 'POST' })).status).toBe(405);
      const page = await pageOf(url);
      expect(sumOf(page, 'build_info', { role, region: 'north' })).toBe(1);
      expect(sumOf(page, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    }
    const rows = urls.shards.map(async (url) => sumOf(await pageOf(url), 'shard_rows'));
    expect((await Promise.all(rows)).reduce((sum, each) => sum + each, 0)).toBe(200);
  });

  test.skipIf(!runs('promtool', '--version'))(
    'follows the rules of Prometheus but for query_latency_ms (needs promtool: apt-get install prometheus)',
    async () => {
      for (const [, url] of pages()) {
        expect(problemsOf(await pageOf(url))).toEqual([]);
      }
    },
  );

  test('has its metrics in docs/metrics.md, and those alone', async () => {
    const rows = [...readFileSync(DOCS, 'utf8').matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)];
    const documented = new Map<string, Set<string>>();
    for (const [, name = '', on = ''] of rows) documented.set(name, new Set(on.trim().split(', ')));
    for (const [role, url] of pages()) {
      const shown = familiesOf(await pageOf(url)).filter(
        (name) => !/^(nodejs|process)_/.test(name),
      );
      const listed = [...documented].filter(([, roles]) => roles.has(role)).map(([name]) => name);
      // Those of Redis and of a store on other machines are not here.
      const here = listed.filter((name) => !/^(redis_|store_pool_)/.test(name));
      expect([role, here.sort()]).toEqual([role, shown.sort()]);
    }
  });
});

test('a query node that drains is not ready on METRICS_PORT either', async () => {
  const stopped = cluster.stop();
  const readiness = async (): Promise<string> => {
    const answer = await fetch(`${urls.node}/readyz`);
    return `${answer.status} ${await answer.text()}`;
  };
  await expect.poll(readiness, { interval: 20, timeout: 20_000 }).toMatch(/^503 .*shutting down/);
  expect(await stopped).toBe(0);
});

/** What promtool has to say, line by line. */
function problemsOf(page: string): string[] {
  try {
    execFileSync('promtool', ['check', 'metrics'], { input: page, stdio: 'pipe' });
    return [];
  } catch (error) {
    const { stderr, stdout } = error as { stderr: Buffer; stdout: Buffer };
    const lines = `${stdout.toString()}\n${stderr.toString()}`.split('\n');
    return lines.filter((line) => line.trim() !== '' && !line.startsWith(ALLOWED));
  }
}
