import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { measureServer } from '../../src/cli/plan/measure-server.js';
import { sampleOf } from '../../src/cli/plan/sample.js';
import { ServedCluster } from '../../src/cli/plan/served-cluster.js';
import { measureSegment } from '../../src/cli/plan/measure-segment.js';
import { packageFile } from '../../src/cli/package-file.js';
import { runPlan } from '../../src/cli/plan/plan-command.js';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/setting.js';
import { EXAMPLE_PRICES } from '../../src/capacity/prices.js';

const dir = mkdtempSync(join(tmpdir(), 'omnisearch-plan-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const { signal } = new AbortController();

interface Ended {
  code: number;
  out: string;
  errors: string;
}

function omnisearch(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const argv = [packageFile('dist/cli/main.js'), ...args];
    execFile(
      process.execPath,
      argv,
      { env: { PATH: process.env['PATH'] } },
      (error, out, errors) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, errors });
      },
    );
  });
}

function file(name: string, value: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

const MILLION = ['plan', '--products', '1M', '--qps', '200'];

test('plan --json has what the contract says', async () => {
  const { code, out, errors } = await omnisearch(
    ...[...MILLION, '--tenants', '20x30K', '--dimensions', '256', '--replicas', '2', '--json'],
  );
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  const plan = JSON.parse(out) as Record<string, unknown>;
  const numbers = ['query_nodes', 'shard_nodes', 'memory_bytes', 'disk_bytes', 'p99_ms'];
  for (const name of [...numbers, 'cost_month']) expect(plan[name], name).toBeGreaterThan(0);
  expect(plan).toMatchObject({
    within_p99: true,
    within_budget: true,
    cost: { managed: expect.any(Number) as number },
  });
});

test('without it there is a table', async () => {
  const { code, out } = await omnisearch('plan', '--products', '50M', '--dau', '1M');
  expect(code).toBe(0);
  for (const line of ['query nodes', 'fails first', 'USD a month', 'to grow:', 'prices are']) {
    expect(out).toContain(line);
  }
});

test('a promise that is not kept ends with 1, after the plan', async () => {
  const dear = await omnisearch(...MILLION, '--budget', '1', '--json');
  expect(dear).toMatchObject({ code: 1, errors: expect.stringContaining('more than 1') as string });
  expect(JSON.parse(dear.out)).toMatchObject({ within_budget: false });
  const late = await omnisearch(...MILLION, '--p99-ms', '1', '--json');
  expect(late).toMatchObject({ code: 1, errors: expect.stringContaining('above 1 ms') as string });
  expect(JSON.parse(late.out)).toMatchObject({ within_p99: false });
});

test('prices and coefficients of files are used', async () => {
  const machine = EXAMPLE_PRICES.machines.at(-1)!;
  const prices = file('prices.json', { ...EXAMPLE_PRICES, currency: 'EUR', machines: [machine] });
  const slow = file('slow.json', { coefficients: { query_cpu_ms: 40 } });
  const own = await omnisearch(...MILLION, '--prices', prices);
  expect(own.out).toContain('EUR a month');
  expect(own.out).toContain(`x ${machine.name}`);
  const nodes = async (...more: string[]): Promise<number> => {
    const { out } = await omnisearch(...MILLION, '--p99-ms', '1000', '--json', ...more);
    return (JSON.parse(out) as { query_nodes: number }).query_nodes;
  };
  expect(await nodes('--coefficients', slow)).toBeGreaterThan(await nodes());
});

test.each([
  [['plan', '--products', '1M'], '--qps must be given'],
  [['plan', '--qps', '10'], '--products must be above 0'],
  [['plan', '--products', '1Q', '--qps', '10'], '--products must be a count'],
  [['plan', '--tenants', 'shop-a', '--qps', '10'], '--tenants must be shops'],
  [[...MILLION, '--machines', '3G'], '--machines must be of the price list'],
  [[...MILLION, '--prices', join(dir, 'none.json')], '--prices must be a file of JSON'],
  [[...MILLION, '--categories', 'some'], '--categories must be zipf'],
  [['calibrate', '--minutes', '9'], '--minutes must be'],
])('%j is wrong usage', async ([verb, ...argv], expected) => {
  const wrong = async (): Promise<unknown> => {
    const { config } = loadConfig({ verb: verb as 'plan' | 'calibrate', argv, env: {} });
    return runPlan(config);
  };
  await expect(wrong()).rejects.toBeInstanceOf(ConfigError);
  await expect(wrong()).rejects.toThrow(expected);
});

test('wrong usage ends with 2', async () => {
  const { code, errors } = await omnisearch('plan', '--products', '1M');
  expect({ code, errors }).toEqual({
    code: 2,
    errors: 'omnisearch: --qps must be given, or --dau above 0\n',
  });
});

test('calibrate measures a segment of the engine', async () => {
  const sample = sampleOf((row) => ({ id: `p${row}`, title: 'Red mug', category: 'x', price: 3 }));
  const { cpuUs, textBytes, linkBytes, heapBytes, ...rest } = await measureSegment(
    sample,
    { rows: 600, dimensions: 16 },
    signal,
  );
  expect(rest).toMatchObject({ rows: 600, dimensions: 16 });
  expect(cpuUs).toBeGreaterThan(0);
  expect(textBytes).toBeGreaterThan(10);
  // M = 16: twice as many links in the lowest layer, of four bytes each.
  expect(linkBytes).toBeGreaterThan(100);
  expect(linkBytes).toBeLessThan(250);
  if (process.platform === 'linux') expect(heapBytes).toBeGreaterThan(0);
});

test('calibrate measures a server of its own', async () => {
  if (process.platform !== 'linux') return;
  const sample = sampleOf((row) => ({ id: `p${row}`, title: 'Red mug', category: 'x', price: 3 }));
  const spec = { rows: 300, dimensions: 16, shards: 1, queries: 5, forMs: 200, pauseMs: 0 };
  const server = await measureServer(sample, spec, signal);
  expect(server.found.map((ids) => ids.length)).toEqual([10, 10, 10, 10, 10]);
  expect(server.documentBytes).toBeCloseTo(JSON.stringify(sample.product(100)).length, 0);
  expect(server.started.map(({ role }) => role).sort()).toEqual(['query node', 'shard']);
  for (const { anonymous, resident } of server.started) {
    expect(anonymous).toBeGreaterThan(1e6);
    expect(resident).toBeGreaterThan(anonymous);
  }
  expect(server.disk.store).toBeGreaterThan(0);
  expect(server.atOnce.queryCpuMs).toBeGreaterThan(0);
});

test('a server to measure with has none of the settings of who measures, and ends with them', async () => {
  if (process.platform !== 'linux') return;
  const store = join(dir, 'real');
  vi.stubEnv('OMNISEARCH_STORE_URL', `lmdb:${store}`);
  vi.stubEnv('OMNISEARCH_API_KEY', 'of-a-real-installation');
  const stop = new AbortController();
  const cluster = await ServedCluster.start(1, 16, stop.signal);
  try {
    expect(existsSync(store)).toBe(false);
    expect(await cluster.figures()).toHaveLength(2);
    const resting = cluster.untilAtRest();
    stop.abort();
    await expect(resting).rejects.toThrow('aborted');
    await expect(cluster.restart()).rejects.toThrow('aborted');
  } finally {
    vi.unstubAllEnvs();
    await cluster.close();
  }
  expect(existsSync(cluster.dataDir)).toBe(false);
  expect(await cluster.figures()).toEqual([]);
});
