import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeProducts } from './catalogue.js';
import { Cluster, descendants, isRunning } from './cluster.js';
import { MAIN, runCommand } from './command.js';

const MODEL = ['--model', 'none', '--dimensions', '4'];
const QUIET = { OMNISEARCH_LOG_LEVEL: 'silent' };

let dir: string;
let cluster: Cluster | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-up-'));
});
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
  rmSync(dir, { recursive: true, force: true });
});

const up = (dataDir: string, ...more: string[]): string[] => [
  ...['up', '--port', '0', '--data-dir', dataDir, ...MODEL],
  ...more,
];

/** A data folder with 200 products, nobody using it. */
async function filledFolder(): Promise<string> {
  const dataDir = join(dir, 'data');
  const first = await Cluster.start({ args: MODEL, dataDir });
  await first.index(makeProducts(200, 4));
  await first.stop();
  return dataDir;
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await isSo()) return;
    await sleep(50);
  }
  throw new Error(`not within 30 s: ${what}`);
}

/** `up` that is expected to give up: its exit code, and its lines on standard error. */
async function failedStart(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; lines: string[] }> {
  const { code, stderr } = await runCommand(args, { ...QUIET, ...env });
  return { code, lines: stderr.trim().split('\n') };
}

test('a query node that hangs is ended and started again, and answers at the same address', async () => {
  const env = { OMNISEARCH_HANG_TIMEOUT_MS: '2000' };
  const running = (cluster = await Cluster.start({ args: MODEL, env, dataDir: join(dir, 'data') }));
  await running.index(makeProducts(50, 4));
  const [hung = 0] = running.pids('query-node');
  process.kill(hung, 'SIGSTOP');
  await until('it is gone', () => !isRunning(hung));
  await until('another one answers', async () => {
    const reply = await running.send('GET', '/stats').catch(() => undefined);
    return reply?.json['products'] === 50;
  });
}, 120_000);

test('a shard that hangs is ended and started again, and its products are found', async () => {
  const env = { OMNISEARCH_HANG_TIMEOUT_MS: '2000' };
  const running = (cluster = await Cluster.start({ args: MODEL, env, dataDir: join(dir, 'data') }));
  await running.index(makeProducts(50, 4));
  const [hung = 0] = running.pids('shard-node');
  process.kill(hung, 'SIGSTOP');
  await until('it is gone', () => !isRunning(hung));
  await until('answers are whole', async () => {
    const { json } = await running.post('/search/vector', { vector: [1, 0, 0, 0] });
    return json['partial'] === null;
  });
}, 120_000);

const canUnshare = spawnSync('unshare', ['-p', '-f', '--mount-proc', 'true']).status === 0;

test.runIf(canUnshare)(
  'a second container on the same volume is refused (needs unshare)',
  async () => {
    const running = (cluster = await Cluster.start({ args: MODEL, dataDir: join(dir, 'data') }));
    const args = ['-p', '-f', '--mount-proc', process.execPath, MAIN, ...up(running.dataDir)];
    const { status, stderr } = spawnSync('unshare', args, {
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, ...QUIET },
    });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^omnisearch: .* is in use by /)]);
    expect((await running.send('GET', '/readyz')).status).toBe(200);
  },
  120_000,
);

test("a data file that is cut off, or not LMDB's, ends the start with one line", async () => {
  const dataDir = await filledFolder();
  const data = join(dataDir, 'store', 'data.mdb');
  const saved = join(dir, 'saved.mdb');
  copyFileSync(data, saved);
  const size = statSync(data).size;
  for (const damage of [
    () => truncateSync(data, Math.floor(size / 2)),
    () => truncateSync(data, 100),
    () => writeFileSync(data, 'SQLite format 3'.repeat(1_000)),
  ]) {
    copyFileSync(saved, data);
    damage();
    const { code, lines } = await failedStart(up(dataDir));
    expect([code, lines]).toEqual([1, [expect.stringMatching(/^omnisearch: .{10,}/)]]);
    expect(lines[0]).toMatch(/stor|data file/);
  }
  copyFileSync(saved, data);
  cluster = await Cluster.start({ args: MODEL, dataDir });
  expect((await cluster.send('GET', '/stats')).json['products']).toBe(200);
}, 180_000);

test('a MongoDB URL that cannot be read ends the start with one line, at once', async () => {
  for (const url of ['mongodb://', 'mongodb://localhost:99999/x', 'mongodb://a,b:c/?tls=perhaps']) {
    const { code, lines } = await failedStart(up(join(dir, 'data')), {
      OMNISEARCH_STORE_URL: url,
    });
    expect([url, code, lines]).toEqual([url, expect.any(Number), [expect.stringMatching(/URL/)]]);
    expect(code).not.toBe(0);
  }
}, 120_000);

test('every role waits for a MongoDB that is away as long, and then ends with one line', async () => {
  const env = {
    ...QUIET,
    OMNISEARCH_STORE_URL: 'mongodb://127.0.0.1:9/shop',
    OMNISEARCH_STORE_SELECTION_TIMEOUT_MS: '1000',
    OMNISEARCH_DATA_DIR: join(dir, 'data'),
    OMNISEARCH_SHARD: 's1',
    OMNISEARCH_LISTEN: join(dir, 's1.sock'),
  };
  const ends = await Promise.all([
    runCommand(['query-node', '--port', '0', ...MODEL], env),
    runCommand(['shard-node'], env),
  ]);
  for (const { code, stderr } of ends) {
    expect([
      code,
      stderr
        .trim()
        .split('\n')
        .filter((line) => !line.includes('ignored')),
    ]).toEqual([1, [expect.stringMatching(/^omnisearch: the store cannot be reached/)]]);
  }
}, 120_000);

test('a place that cannot be written ends the start with one line', async () => {
  const file = join(dir, 'file');
  writeFileSync(file, '');
  const shards = join(dir, 'data', 'shards');
  mkdirSync(join(dir, 'data'));
  writeFileSync(shards, '');
  for (const dataDir of [file, join(file, 'below'), '/dev/null/data', join(dir, 'data')]) {
    const { code, lines } = await failedStart(up(dataDir));
    expect([dataDir, code, lines]).toEqual([dataDir, 1, [expect.stringMatching(/^omnisearch: /)]]);
  }
}, 120_000);

test.each([64, 100])(
  'with %i descriptors, too few, the start ends with one line',
  async (limit) => {
    const args = [MAIN, ...up(join(dir, 'data'))].map((arg) => `'${arg}'`).join(' ');
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `ulimit -n ${limit}; exec '${process.execPath}' ${args}`],
      { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...QUIET } },
    );
    expect([status, stderr.trim().split('\n')]).toEqual([
      1,
      [expect.stringMatching(/^omnisearch: /)],
    ]);
  },
  90_000,
);

test('the end of the terminal ends up and all its children, cleanly', async () => {
  const running = await Cluster.start({ args: MODEL, dataDir: join(dir, 'data') });
  const children = descendants(running.process.pid as number);
  expect(children.length).toBeGreaterThanOrEqual(3);
  running.process.kill('SIGHUP');
  await once(running.process, 'exit');
  expect(running.process.exitCode).toBe(0);
  expect(children.filter(isRunning)).toEqual([]);
}, 120_000);

test('everything in the data folder is for its user alone', async () => {
  const dataDir = await filledFolder();
  const entries = readdirSync(dataDir, { recursive: true, encoding: 'utf8' });
  expect(entries.length).toBeGreaterThan(5);
  for (const entry of ['.', ...entries]) {
    const { mode } = statSync(join(dataDir, entry));
    expect([entry, mode & 0o077]).toEqual([entry, 0]);
  }
}, 120_000);

test('sockets of a data folder with a long path are where nobody else can put or find them', async () => {
  const dataDir = join(dir, 'x'.repeat(120));
  const running = (cluster = await Cluster.start({ args: MODEL, dataDir }));
  const folder = readFileSync(join(dataDir, 'run', 'sockets'), 'utf8');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  await running.crash();
  await sleep(200);
  cluster = await Cluster.start({ args: MODEL, dataDir });
  const other = readFileSync(join(dataDir, 'run', 'sockets'), 'utf8');
  expect(other).not.toBe(folder);
  expect(() => statSync(folder)).toThrow(/ENOENT/);
  rmSync(other, { recursive: true, force: true });
}, 120_000);

test('--version', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await runCommand(['--version'])).toEqual({
    code: 0,
    stdout: `omnisearch ${version}\n`,
    stderr: '',
  });
});
