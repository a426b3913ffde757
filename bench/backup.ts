import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { poissonArrivals } from './load/arrivals.js';
import { timerClock } from './load/clock.js';
import { runOpenLoop } from './load/open-loop.js';
import { bench, type BenchRun } from './lib/bench.js';
import { diskBytes } from './lib/memory.js';
import { OmniServer } from './lib/omni-server.js';
import { REPOSITORY } from './lib/paths.js';
import { listProcesses } from './lib/processes.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { mustSearch, search, type SearchBody } from './lib/search.js';
import { formatBytes, formatTable } from './lib/table.js';
import { vectorSearch } from './lib/vector-json.js';
import { loadVectors, serveVectors } from './lib/vector-server.js';

const MAIN = join(REPOSITORY, 'dist', 'cli', 'main.js');
const WARMUP_MS = 1_000;
const QUIET_MS = 10_000;
const SAMPLE_MS = 100;
const COMPARED = 50;
/** Slower than this no backup is expected to be: for so long searches run beside it. */
const LEAST_ROWS_A_SECOND = 3_400;

const FLAGS = {
  rows: { default: 20_000, help: 'products' },
  dimensions: { default: 256, help: 'of the vectors' },
  rate: { default: 50, help: 'searches per second beside the backup' },
  shards: { default: 2, help: 'shard processes of the shop' },
  into: { default: 5, help: 'shard processes that it is restored into' },
};
type Run = BenchRun<typeof FLAGS>;

await bench(
  {
    name: 'backup',
    about: 'A backup with searches beside it, and its restore into another number of shards.',
    maxMinutes: ({ rows }) => 5 + Math.ceil(rows / 15_000),
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const rows = flags.quick ? 3_000 : flags.rows;
    const { base, queries } = await loadVectors(rows, flags.dimensions, 200, flags.seed);
    const { server } = await serveVectors(run, base, flags.shards);
    const folder = await mkdtemp(join(tmpdir(), 'omnisearch-bench-backup-'));
    run.use({ close: () => rm(folder, { recursive: true, force: true }) });
    const quiet = await load(run, 'searches alone', server, queries, QUIET_MS);
    const besideMs = Math.max(QUIET_MS, (rows / LEAST_ROWS_A_SECOND) * 1_000);
    const [beside, taken] = await Promise.all([
      load(run, 'searches beside the backup', server, queries, besideMs),
      command(['backup', folder, '--url', server.url]),
    ]);
    const nodeBytes = Math.max(...server.processes().map(({ peakBytes }) => peakBytes));
    const before = await answers(server, queries);
    await run.release(server);
    const other = await run.start(
      OmniServer.start({ shards: flags.into, model: 'none', dimensions: flags.dimensions }),
    );
    const [restored] = await run.measure('restore', () =>
      Promise.all([command(['restore', folder, '--url', other.url, '--wait'])]),
    );
    const after = await answers(other, queries);
    const isEqual = JSON.stringify(before) === JSON.stringify(after);
    const steps = [
      { step: 'backup', ...rateOf(taken, rows) },
      { step: `restore into ${String(flags.into)} shards`, ...rateOf(restored, rows) },
    ];
    print(`${rows.toLocaleString('en-US')} products`, formatTable(steps));
    print(
      'searches',
      formatTable(
        [quiet, beside].map(({ latency, intended, succeeded }, i) => ({
          when: i === 0 ? 'alone' : 'beside the backup',
          searches: intended,
          failed: intended - succeeded,
          'p50 ms': latency.p50_ms,
          'p99 ms': latency.p99_ms,
        })),
      ),
    );
    const disk = await diskBytes(folder);
    print(
      'sizes',
      formatTable([
        { what: 'backup', bytes: formatBytes(disk) },
        { what: 'largest process of the shop, peak', bytes: formatBytes(nodeBytes) },
        { what: 'exact answers equal', bytes: isEqual },
      ]),
    );
    if (!isEqual) throw new Error('the restored shop answers otherwise');
    return {
      data: { rows, dimensions: flags.dimensions, shards: flags.shards, into: flags.into },
      results: { taken, restored, quiet, beside, backup_bytes: disk, node_peak_bytes: nodeBytes },
      figures: [
        { name: 'backup', value: taken.ms / 1_000, unit: 's' },
        { name: 'restore until searchable', value: restored.ms / 1_000, unit: 's' },
        { name: 'p99 beside a backup', value: beside.latency.p99_ms, unit: 'ms' },
      ],
    };
  },
);

interface Ended {
  ms: number;
  peakBytes: number;
}

/** Runs `omnisearch …`, and watches its memory. */
async function command(args: readonly string[]): Promise<Ended> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 2, 2] });
  const ending = once(child, 'exit') as Promise<[number | null]>;
  let peakBytes = 0;
  let isRunning = true;
  const watching = (async () => {
    while (isRunning) {
      const found = listProcesses().find(({ pid }) => pid === child.pid);
      peakBytes = Math.max(peakBytes, found?.peakBytes ?? 0);
      await sleep(SAMPLE_MS);
    }
  })();
  const [code] = await ending;
  const ms = performance.now() - startMs;
  isRunning = false;
  await watching;
  if (code !== 0) throw new Error(`omnisearch ${args.join(' ')} ended with ${String(code)}`);
  return { ms, peakBytes };
}

function rateOf({ ms, peakBytes }: Ended, rows: number) {
  const perS = rows / (ms / 1_000);
  return {
    seconds: ms / 1_000,
    'products/s': Math.round(perS),
    'minutes a million': 1e6 / perS / 60,
    'command peak': formatBytes(peakBytes),
  };
}

async function load(
  run: Run,
  title: string,
  server: OmniServer,
  queries: readonly Float32Array[],
  ms: number,
) {
  const bodies = queries.map((query) => vectorSearch(query, { top_k: 10 }));
  const durationMs = WARMUP_MS + ms;
  const { flags } = run;
  run.say(title);
  return runOpenLoop({
    clock: timerClock,
    arrivals: poissonArrivals(flags.rate, durationMs, new Random(flags.seed, title)),
    warmupMs: WARMUP_MS,
    durationMs,
    maxInFlight: 256,
    drainMs: 10_000,
    send: (index) => search(server.client, '/search/vector', bodies[index % bodies.length]!),
  });
}

/** What some exact searches find. */
async function answers(
  server: OmniServer,
  queries: readonly Float32Array[],
): Promise<SearchBody['hits'][]> {
  const found: SearchBody['hits'][] = [];
  for (const query of queries.slice(0, COMPARED)) {
    const body = vectorSearch(query, { top_k: 20, exact: true, timeout_ms: 30_000 });
    found.push((await mustSearch(server.client, '/search/vector', body)).hits);
  }
  return found;
}
