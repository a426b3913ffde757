import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { bench, type BenchRun } from './lib/bench.js';
import { OmniServer } from './lib/omni-server.js';
import { REPOSITORY } from './lib/paths.js';
import { processTree } from './lib/processes.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { formatBytes, formatTable } from './lib/table.js';

const FLAGS = {
  rows: { default: 50_000, help: 'rows of the large feed' },
  jobs: { default: 1_000, help: 'small imports, of one row each' },
  tenants: { default: 100, help: 'tenants that these are of' },
  concurrency: { default: 16, help: 'imports that the worker works on at a time' },
  dimensions: { default: 64, help: 'of the vectors that rows bring' },
  rate: { default: 50, help: 'searches a second' },
  redis: { default: '', help: 'REDIS_URL of both; without it jobs are found in the store' },
};

const MAIN = join(REPOSITORY, 'dist', 'cli', 'main.js');
const QUIET_S = 10;
const LOOK_MS = 100;
const POSTS_AT_ONCE = 8;

interface Shown {
  id: string;
  state: string;
  rows: number;
  accepted: number;
  rows_per_s: number;
  created_at: string;
  started_at: string;
  ended_at: string;
}

await bench(
  {
    name: 'imports',
    about: 'Feeds as jobs: small ones a second, and a large one beside searches.',
    maxMinutes: ({ rows }) => 10 + rows / 20_000,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const [rows, jobs] = flags.quick ? [5_000, 100] : [flags.rows, flags.jobs];
    const { dimensions } = flags;
    const env = {
      OMNISEARCH_JOBS: '0',
      ...(flags.redis === '' ? {} : { OMNISEARCH_REDIS_URL: flags.redis }),
    };
    const server = await run.start(
      OmniServer.start({ shards: 1, model: 'none', dimensions, env: { ...process.env, ...env } }),
    );
    const small = await run.measure('small', () => runSmall(run, server, jobs, env));
    const quiet = await run.measure('quiet', () => searches(server, flags, sleep(QUIET_S * 1_000)));
    const large = await run.measure('large', () => runLarge(server, flags, rows));
    const cancelled = await run.measure('cancel', () => runCancelled(server, flags, rows));
    print(
      'small imports',
      formatTable([
        { what: 'jobs a second, one worker', value: small.perSecond },
        { what: 'CPU of the worker a job, ms', value: small.cpuMs },
        { what: 'a job, mean ms', value: small.meanMs },
        { what: 'longest that one waited for the worker, ms', value: small.longestMs },
      ]),
    );
    print(
      `one import of ${String(rows)} rows`,
      formatTable([
        { what: 'rows a second', value: large.rowsPerSecond },
        { what: 'searches, p99 ms, quiet', value: quiet.p99 },
        { what: 'searches, p99 ms, beside it', value: large.p99 },
        { what: 'failed searches', value: quiet.failed + large.failed },
        { what: 'cancelled in, ms', value: cancelled.tookMs },
        { what: 'rows it had written by then', value: cancelled.accepted },
      ]),
    );
    print('memory at its peak', formatTable(large.memory.map(toRow)));
    return {
      data: { rows, jobs, dimensions },
      results: { small, quiet, large, cancelled },
      figures: [
        { name: 'small imports a second and worker', value: small.perSecond, unit: 'jobs/s' },
        { name: 'rows of an import', value: large.rowsPerSecond, unit: 'rows/s' },
        { name: 'p99 beside an import', value: large.p99, unit: 'ms' },
        { name: 'cancel', value: cancelled.tookMs, unit: 'ms' },
      ],
    };
  },
);

function toRow({ name, peakBytes }: { name: string; peakBytes: number }) {
  return { process: name, peak: formatBytes(peakBytes) };
}

/** All of them wait before the worker starts. */
async function runSmall(
  run: BenchRun<typeof FLAGS>,
  server: OmniServer,
  jobs: number,
  env: NodeJS.ProcessEnv,
) {
  const { flags } = run;
  const random = new Random(flags.seed, 'imports');
  const asked = Array.from({ length: jobs }, (_, i) => i);
  const ids: { id: string; tenant: string }[] = [];
  const post = async (): Promise<void> => {
    for (let i = asked.pop(); i !== undefined; i = asked.pop()) {
      const tenant = `t${String(i % flags.tenants)}`;
      const row = rowOf(random, i, flags.dimensions);
      ids.push({ id: await take(server, row, tenant), tenant });
    }
  };
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, post));
  const worker = run.use(await startWorker(server, flags, env));
  const cpuBeforeMs = cpuOf(worker.pid);
  const shown: Shown[] = [];
  // One after the other: the looks are not what is measured.
  for (const { id, tenant } of ids) shown.push(await untilEnded(server, id, tenant));
  const began = Math.min(...shown.map((one) => Date.parse(one.started_at)));
  const waits = shown.map((one) => Date.parse(one.started_at) - began);
  const seconds = (Math.max(...shown.map((one) => Date.parse(one.ended_at))) - began) / 1_000;
  const times = shown.map((one) => Date.parse(one.ended_at) - Date.parse(one.started_at));
  const wrong = shown.filter(({ state, accepted }) => state !== 'done' || accepted !== 1);
  if (wrong.length > 0) throw new Error(`${String(wrong.length)} imports did not end well`);
  return {
    perSecond: Math.round(jobs / seconds),
    meanMs: times.reduce((sum, ms) => sum + ms, 0) / jobs,
    longestMs: Math.max(...waits),
    cpuMs: (cpuOf(worker.pid) - cpuBeforeMs) / jobs,
  };
}

function cpuOf(worker: number | undefined): number {
  return processTree(process.pid).find(({ pid }) => pid === worker)?.cpuMs ?? NaN;
}

async function runLarge(
  server: OmniServer,
  flags: { seed: number; dimensions: number; rate: number },
  rows: number,
) {
  const startedMs = performance.now();
  const id = await take(server, feedOf(flags, rows), 'large');
  const takenMs = performance.now() - startedMs;
  const ending = untilEnded(server, id, 'large');
  const { p99, failed } = await searches(server, flags, ending);
  const shown = await ending;
  if (shown.accepted !== rows) throw new Error(`${String(shown.accepted)} rows were accepted`);
  const memory = processTree(process.pid)
    .filter(({ name }) => /query-node|worker|shard-node/.test(name))
    .map(({ name, peakBytes }) => ({ name, peakBytes }));
  return { takenMs, rowsPerSecond: Math.round(shown.rows_per_s), p99, failed, memory };
}

async function runCancelled(
  server: OmniServer,
  flags: { seed: number; dimensions: number },
  rows: number,
) {
  const id = await take(server, feedOf({ ...flags, seed: flags.seed + 1 }, rows), 'cancelled');
  for (;;) {
    const shown = await look(server, id, 'cancelled');
    if (shown.accepted > rows / 4 || shown.state === 'done') break;
    await sleep(LOOK_MS);
  }
  const startedMs = performance.now();
  const reply = await fetch(`${server.url}/imports/${id}/cancel`, {
    ...{ method: 'POST', headers: { 'x-omnisearch-tenant': 'cancelled' } },
  });
  const { state, accepted } = (await reply.json()) as Shown;
  return { tookMs: Math.round(performance.now() - startedMs), state, accepted };
}

/** Open-loop searches of the large tenant's neighbours until `during` ends. */
async function searches(
  server: OmniServer,
  flags: { seed: number; dimensions: number; rate: number },
  during: Promise<unknown>,
) {
  const random = new Random(flags.seed, 'searches');
  let isOver = false;
  const over = during.finally(() => (isOver = true));
  const times: number[] = [];
  const running: Promise<void>[] = [];
  let failed = 0;
  const search = async (): Promise<void> => {
    const startedMs = performance.now();
    const body = JSON.stringify({ vector: vectorOf(random, flags.dimensions), top_k: 10 });
    const headers = { 'content-type': 'application/json', 'x-omnisearch-tenant': 't1' };
    const reply = await fetch(`${server.url}/search/vector`, { method: 'POST', headers, body });
    await reply.arrayBuffer();
    if (reply.ok) times.push(performance.now() - startedMs);
    else failed += 1;
  };
  for (let n = 0, startedMs = performance.now(); !isOver; n++) {
    const dueMs = startedMs + (1_000 * n) / flags.rate;
    await sleep(Math.max(0, dueMs - performance.now()));
    running.push(search());
  }
  await Promise.all(running);
  await over;
  times.sort((a, b) => a - b);
  return { p99: times[Math.floor(0.99 * times.length)] ?? NaN, searches: times.length, failed };
}

async function startWorker(
  server: OmniServer,
  flags: { dimensions: number; concurrency: number },
  env: NodeJS.ProcessEnv,
) {
  const args = ['worker', '--data-dir', server.dataDir, '--model', 'none', '--log-level', 'info'];
  args.push('--dimensions', String(flags.dimensions), '--concurrency', String(flags.concurrency));
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    ...{ stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } },
  });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('the worker is ready')) resolve();
    });
    child.once('exit', () => reject(new Error(`the worker ended: ${log}`)));
  });
  const close = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return { pid: child.pid, close };
}

async function take(server: OmniServer, body: string | Readable, tenant: string): Promise<string> {
  const headers = { 'content-type': 'application/x-ndjson', 'x-omnisearch-tenant': tenant };
  const reply = await fetch(`${server.url}/imports`, {
    ...{ method: 'POST', headers, body, duplex: 'half' },
  } as unknown as RequestInit);
  if (reply.status !== 202) throw new Error(`${String(reply.status)}: ${await reply.text()}`);
  return ((await reply.json()) as Shown).id;
}

async function look(server: OmniServer, id: string, tenant: string): Promise<Shown> {
  const headers = { 'x-omnisearch-tenant': tenant };
  return (await (await fetch(`${server.url}/imports/${id}`, { headers })).json()) as Shown;
}

async function untilEnded(server: OmniServer, id: string, tenant: string): Promise<Shown> {
  for (;;) {
    const shown = await look(server, id, tenant);
    if (shown.ended_at as string | null) return shown;
    await sleep(LOOK_MS * 5);
  }
}

function feedOf(
  { seed, dimensions }: { seed: number; dimensions: number },
  rows: number,
): Readable {
  const random = new Random(seed, 'feed');
  return Readable.from(
    (function* () {
      for (let i = 0; i < rows; i++) yield Buffer.from(rowOf(random, i, dimensions));
    })(),
  );
}

function rowOf(random: Random, i: number, dimensions: number): string {
  const category = `Category ${String(i % 20)}`;
  const product = { id: `p${String(i)}`, title: `Product number ${String(i)}`, category };
  const vector = vectorOf(random, dimensions);
  return `${JSON.stringify({ ...product, price: i % 1_000, vector })}\n`;
}

function vectorOf(random: Random, dimensions: number): number[] {
  return Array.from(
    { length: dimensions },
    () => Math.round(1_000 * (random.next() - 0.5)) / 1_000,
  );
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
