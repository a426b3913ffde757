import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Cluster } from './cluster.js';
import { MAIN } from './command.js';
import { commandsOf, PAGES } from './runbook-pages.js';

const run = promisify(execFile);
const LIMIT_MS = 60_000;
const SOON = { timeout: 20_000, interval: 100 };
/** Of `omnisearch check`, which says by its exit code what it found. */
const FOUND = [0, 1, 2];
/** Redis is away from the beginning, and a history of products is kept. */
const SETTINGS = ['--redis-url', 'redis://127.0.0.1:1', '--history-days', '1'];
/** A key that has ended may be tried until it has on each node. */
const TRYING = ['--auth-failures-per-minute', '0'];
/** What is hung stays so for as long as its pages are read. */
const PATIENT = ['--hang-timeout-ms', '600000', '--query-nodes', '2'];

/** Pages that are read while a process hangs; all others while all is well but Redis. */
const STATES = {
  'shard-node': ['category-unavailable', 'replica-down', 'feed-stuck', 'search-errors-high'],
  'query-node': ['query-node-down'],
} as const;
/** They change what others read. */
const LAST = ['backup-old', 'restore', 'bad-feed', 'loss-of-a-region', 'leaked-key'];
const FAULTS: readonly string[] = Object.values(STATES).flat();
const ORDINARY = PAGES.filter((page) => !FAULTS.includes(page) && !LAST.includes(page));

const dir = mkdtempSync(join(tmpdir(), 'omnisearch-runbooks-'));
let cluster: Cluster;
let wroteAt = '';

beforeAll(async () => {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'omnisearch'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  chmodSync(join(bin, 'omnisearch'), 0o755);
  cluster = await Cluster.start({ args: [...SETTINGS, ...TRYING, ...PATIENT] });
  await cluster.index(
    Array.from({ length: 40 }, (_, i) => ({
      ...{ id: `p${i}`, title: `quiet headphones ${i}`, price: i },
      category: ['Headphones', 'Pans', 'Shoes', 'Toys'][i % 4],
    })),
  );
  await vi.waitFor(askEachNode, SOON);
  wroteAt = new Date().toISOString();
});

afterAll(async () => {
  await cluster.stop();
  cluster.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** Which node answers is nobody's choice: each is to have figures of searches on its page. */
async function askEachNode(): Promise<void> {
  const queries = Array.from({ length: 12 }, (_, i) => ({ query: `quiet headphones ${i}` }));
  await Promise.all(queries.map((body) => cluster.post('/search/text', body)));
  const pages = await Promise.all(
    queries.map(async () => (await fetch(`${cluster.url}/metrics`)).text()),
  );
  for (const page of pages) expect(page).toMatch(/^shard_request_seconds_count/m);
}

/** Commands that were read on another page while the same was so. */
const done = new Set<string>();

/** Runs a line of a page as its reader does, at this cluster's address; resolves with what it printed. */
async function take(line: string, values: Record<string, string>): Promise<string> {
  const command = Object.entries({ 'localhost:8080': new URL(cluster.url).host, ...values }).reduce(
    (text, [name, value]) => text.replaceAll(name, value),
    line,
  );
  const env = {
    ...process.env,
    PATH: `${join(dir, 'bin')}:${process.env['PATH']}`,
    OMNISEARCH_URL: cluster.url,
  };
  const options = { cwd: dir, env, timeout: LIMIT_MS };
  try {
    return (await run('bash', ['-o', 'pipefail', '-ec', command], options)).stdout;
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    if (line.startsWith('omnisearch check') && FOUND.includes(code)) return stdout;
    throw new Error(`${command}: ${code} ${stdout} ${stderr}`, { cause: error });
  }
}

async function read(page: string, values: Record<string, string> = {}): Promise<void> {
  const commands = commandsOf(page);
  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands.filter((each) => !done.has(each))) {
    done.add(command);
    const printed = await take(command, values);
    if (!command.endsWith('|| true')) expect([command, printed]).not.toEqual([command, '']);
  }
}

const figure = async (name: string): Promise<number> => {
  const text = await (await fetch(`${cluster.url}/metrics`)).text();
  const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
  return Number(value);
};

describe('all is well but Redis', () => {
  test('that is what is found', async () => {
    expect(await take('omnisearch check', {})).toMatch(/^warning +health +redis is degraded/m);
  });

  test.each(ORDINARY)('%s', (page) => read(page));
});

describe('a shard hangs', () => {
  let pid = 0;
  beforeAll(async () => {
    done.clear();
    pid = cluster.nodes().find(({ name }) => name === 's1')?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    await vi.waitFor(
      async () => expect(await figure('categories_unavailable')).toBeGreaterThan(0),
      SOON,
    );
  });
  afterAll(async () => {
    process.kill(pid, 'SIGCONT');
    await vi.waitFor(async () => expect(await figure('categories_unavailable')).toBe(0), SOON);
  });

  test('that is what is found', async () => {
    // Each node finds it by itself, and any of them may answer.
    await vi.waitFor(async () => {
      expect(await take('omnisearch check', {})).toMatch(/^critical +health +shard s1 is down/m);
    }, SOON);
    done.add('omnisearch check');
  });

  test.each(STATES['shard-node'])('%s', (page) => read(page));
});

describe('a query node hangs', () => {
  let pid = 0;
  beforeAll(async () => {
    done.clear();
    const writer = cluster.writer();
    pid = cluster.pids('query-node').find((each) => each !== writer) ?? 0;
    process.kill(pid, 'SIGSTOP');
  });
  afterAll(() => void process.kill(pid, 'SIGCONT'));

  test.each(STATES['query-node'])('%s', (page) => read(page));
});

describe('what is lost comes back', () => {
  test.each(LAST.slice(0, -1))('%s', async (page) => {
    done.clear();
    await read(page, { TIME: wroteAt });
  });

  test('leaked-key', async () => {
    done.clear();
    const { json } = await cluster.post('/keys', { kind: 'search', description: 'a page' });
    const authorization = `Bearer ${String(json['secret'])}`;
    const status = async (): Promise<number> =>
      (await cluster.post('/search/text', { query: 'pan' }, { authorization })).status;
    await vi.waitFor(async () => expect(await status()).toBe(200), SOON);
    const commands = commandsOf('leaked-key');
    const rotated = commands.findIndex((each) => each.startsWith('omnisearch keys rotate'));
    expect(rotated).toBeGreaterThan(0);
    for (const [i, command] of commands.entries()) {
      const printed = await take(command, { ID: String(json['id']) });
      expect([command, printed]).not.toEqual([command, '']);
      // Each node goes by a change within two seconds.
      if (i === rotated) await vi.waitFor(async () => expect(await status()).toBe(401), SOON);
    }
  });
});
