import { setTimeout as sleep } from 'node:timers/promises';
import { poissonArrivals } from './load/arrivals.js';
import { timerClock } from './load/clock.js';
import { runOpenLoop } from './load/open-loop.js';
import { bench, type BenchRun } from './lib/bench.js';
import type { JsonClient } from './lib/client.js';
import { ingest, waitUntilQuiet } from './lib/ingest.js';
import { median } from './lib/median.js';
import { OmniServer } from './lib/omni-server.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { search } from './lib/search.js';
import { formatTable } from './lib/table.js';
import { vectorProduct, vectorSearch } from './lib/vector-json.js';
import { loadVectors } from './lib/vector-server.js';

const FLAGS = {
  rows: { default: 20_000, help: 'products of the partition that moves' },
  dimensions: { default: 512, help: 'of the vectors' },
  rounds: { default: 3, help: 'moves each way, one after the other' },
  rate: { default: 50, help: 'searches per second' },
  seconds: { default: 20, help: 'of searches from the move on' },
};
type Run = BenchRun<typeof FLAGS>;

/** What a shard gives to another, bytes a second; null: nothing moves. */
const WAYS = { "a peer's files": 100_000_000, 'the store': 0, 'no move': null } as const;
const SETTING = 'OMNISEARCH_PEER_BUILD_BYTES_PER_S';
const QUERIES = 500;
/** No partition is cut meanwhile. */
const PARTITION_ROWS = '1000000000';

interface Placed {
  id: string;
  replicas: { node: string; state: string }[];
}

await bench(
  {
    name: 'moves',
    about: 'A partition moves to an empty shard, from the files of its peer and from the store.',
    maxMinutes: ({ rows, rounds }) => 4 + Math.ceil((rows / 20_000) * (2 + rounds)),
    flags: FLAGS,
  },
  async (run) => {
    const { rows, dimensions, seed, rounds } = run.flags;
    const { base, queries } = await loadVectors(rows, dimensions, QUERIES, seed);
    const env: NodeJS.ProcessEnv = { OMNISEARCH_PARTITION_ROWS: PARTITION_ROWS };
    const starting = OmniServer.start({ shards: 2, model: 'none', dimensions, env });
    const server = await run.start(starting);
    await ingest(server.client, rows, (row) => vectorProduct(base, row, { row }));
    await waitUntilQuiet(() => server.processes());
    const moves: Move[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const [way, bytesPerS] of Object.entries(WAYS)) {
        env[SETTING] = String(bytesPerS ?? 0);
        await server.restart('stop');
        await waitUntilQuiet(() => server.processes());
        const { ms, cpuMs, p99Ms } = await run.measure(`from ${way}`, () =>
          measure(run, server, queries, bytesPerS !== null),
        );
        moves.push({ way, ms, cpuMs, p99Ms });
      }
    }
    const results = Object.keys(WAYS).map((way) => summary(way, moves));
    print(`a partition of ${String(rows)} products moves`, formatTable(results));
    return {
      data: { dimensions, recipe: 'CLIP-like', products: rows },
      results: moves,
      figures: results.flatMap(({ from, 'moved in s': seconds, 'CPU s': cpu }) => [
        { name: `${String(rows)} moved from ${from}`, value: seconds, unit: 's' },
        { name: `${String(rows)} moved from ${from}, CPU`, value: cpu, unit: 's' },
      ]),
    };
  },
);

interface Move {
  way: string;
  /** Until it serves there. */
  ms: number;
  /** Of all processes until they rest. */
  cpuMs: number;
  p99Ms: number;
}

function summary(way: string, moves: readonly Move[]) {
  const own = moves.filter((each) => each.way === way);
  const of = (pick: (move: Move) => number): number => median(own.map(pick));
  return {
    from: way,
    'moved in s': of(({ ms }) => ms / 1_000),
    'CPU s': of(({ cpuMs }) => cpuMs / 1_000),
    'p99 ms': of(({ p99Ms }) => p99Ms),
  };
}

/** While searches come, the only partition goes to the node that has nothing. */
async function measure(
  { flags }: Run,
  server: OmniServer,
  queries: readonly Float32Array[],
  moves: boolean,
): Promise<Omit<Move, 'way'>> {
  const { client } = server;
  const cpu = (): number => server.processes().reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const bodies = queries.map((query) => vectorSearch(query, { top_k: 10, fields: [] }));
  const durationMs = flags.seconds * 1_000;
  const startedCpuMs = cpu();
  const startedMs = performance.now();
  const load = runOpenLoop({
    clock: timerClock,
    arrivals: poissonArrivals(flags.rate, durationMs, new Random(flags.seed, 'moves')),
    ...{ warmupMs: 0, durationMs, maxInFlight: 512, drainMs: 10_000 },
    send: (index) => search(client, '/search/vector', bodies[index % bodies.length] as Buffer),
  });
  if (moves) await move(client);
  const ms = performance.now() - startedMs;
  const { latency } = await load;
  await waitUntilQuiet(() => server.processes());
  return { ms, cpuMs: cpu() - startedCpuMs, p99Ms: latency.p99_ms };
}

/** Resolves once it serves there. */
async function move(client: JsonClient): Promise<void> {
  const [partition] = await partitionsOf(client);
  const from = partition?.replicas[0]?.node;
  const to = from === 's1' ? 's2' : 's1';
  await client.expect('POST', '/admin/placement/move', {
    ...{ tenant: 'default', partition: partition?.id, to: [to] },
  });
  const serves = async (): Promise<boolean> =>
    (await partitionsOf(client)).every(({ replicas }) =>
      replicas.some(({ node, state }) => node === to && state === 'serving'),
    );
  while (!(await serves())) await sleep(50);
}

async function partitionsOf(client: JsonClient): Promise<Placed[]> {
  return ((await client.expect('GET', '/admin/cluster')) as { partitions: Placed[] }).partitions;
}
