import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timerClock } from './load/clock.js';
import { runClosedLoop } from './load/closed-loop.js';
import type { LoadResult, Reply } from './load/tally.js';
import { bench, type BenchRun } from './lib/bench.js';
import { failureOf } from './lib/client.js';
import { exactNeighbours } from './lib/exact.js';
import { measureHardness } from './lib/hardness.js';
import { waitUntilQuiet } from './lib/ingest.js';
import { diskBytes } from './lib/memory.js';
import { memoryBytes, preciseCpuMs } from './lib/processes.js';
import { mean, recall } from './lib/quality.js';
import { print } from './lib/report.js';
import { formatBytes, formatTable } from './lib/table.js';
import { loadVectors, type VectorData } from './lib/vector-server.js';
import { chroma } from './peers/chroma.js';
import type { Peer, PeerEngine, PeerQuery } from './peers/engine.js';
import { hnswlib } from './peers/hnswlib.js';
import { installPeers } from './peers/installed.js';
import { lancedb } from './peers/lancedb.js';
import { omnisearch } from './peers/omnisearch.js';
import { pgvector } from './peers/pgvector.js';
import { qdrant } from './peers/qdrant.js';
import { weaviate } from './peers/weaviate.js';

const ENGINES = [omnisearch, pgvector, chroma, lancedb, qdrant, weaviate, hnswlib];
const K = 10;
const TARGET_RECALL = 0.95;
/** Queries that an engine's effort is tuned on; recall is then measured on all. */
const TUNING_QUERIES = 100;

const FLAGS = {
  vectors: { default: 100_000, help: 'synthetic vectors' },
  dimensions: { default: 512, help: 'of these' },
  queries: { default: 500, help: 'different queries' },
  seconds: { default: 5, help: 'measured time of each load' },
  rounds: { default: 2, help: 'times that the engines take turns: A B A B' },
  engines: { default: '', help: 'only those whose names contain one of these words' },
  install: { default: false, help: 'first install the engines that registries have (1 GB)' },
};

/** A kind of query that every engine answers, with the truth to judge it by. */
interface Scenario {
  name: string;
  queries: PeerQuery[];
  truth: number[][];
}

interface Contender {
  engine: PeerEngine;
  peer: Peer;
  folder: string;
  ingest_s: number;
  at_rest_s: number;
  memory_bytes: number;
  disk_bytes: number;
}

/** One engine in one scenario in one round. */
interface Turn {
  engine: string;
  scenario: string;
  round: number;
  effort: number;
  recall: number;
  single: LoadResult;
  many: LoadResult;
  server_cpu_us: number | null;
}

await bench(
  {
    name: 'peers',
    about: 'OmniSearch beside the engines that one would pick instead: same data, queries, recall.',
    maxMinutes: 60,
    flags: FLAGS,
  },
  async (run) => {
    if (run.flags.install) installPeers();
    const { flags } = run;
    const count = flags.quick ? 5000 : flags.vectors;
    const data = await loadVectors(count, flags.dimensions, flags.queries, flags.seed);
    const scenarios = makeScenarios(data);
    const skipped: Record<string, string> = {};
    const contenders: Contender[] = [];
    for (const engine of chosen(flags.engines)) {
      const missing = engine.missing();
      if (missing === undefined) contenders.push(await prepare(run, engine, data));
      else skipped[engine.name] = missing;
    }

    const turns: Turn[] = [];
    const efforts = new Map<string, number>();
    for (let round = 1; round <= (flags.quick ? 1 : flags.rounds); round += 1) {
      for (const contender of contenders) {
        for (const scenario of scenarios) {
          turns.push(await takeTurn(run, contender, scenario, round, efforts));
        }
      }
    }
    const restarts = await timeRestarts(run, contenders, scenarios);

    print('engines', formatTable(contenders.map((one) => contenderRow(one, restarts))));
    for (const { name } of scenarios) {
      const rows = turns.filter(({ scenario }) => scenario === name).map(turnRow);
      print(name, formatTable(rows));
    }
    for (const [name, why] of Object.entries(skipped)) print(`skipped: ${name}`, why);
    return {
      data: {
        vectors: count,
        dimensions: flags.dimensions,
        k: K,
        hardness: measureHardness(data.base, data.queries, flags.seed),
      },
      versions: Object.fromEntries(contenders.map(({ engine, peer }) => [engine.name, peer.version])),
      results: {
        engines: contenders.map(({ engine, peer, folder: _, ...figures }) => ({
          name: engine.name,
          settings: peer.settings,
          ...figures,
          restart_ms: restarts.get(engine.name) ?? null,
        })),
        skipped,
        turns,
      },
      figures: figures(turns),
    };
  },
);

function chosen(words: string): PeerEngine[] {
  if (words === '') return ENGINES;
  const wanted = words.toLowerCase().split(',');
  return ENGINES.filter(({ name }) => wanted.some((word) => name.toLowerCase().includes(word)));
}

function makeScenarios({ base, queries, queryCategories }: VectorData): Scenario[] {
  const sizes = new Map<number, number>();
  for (const category of base.categories) sizes.set(category, (sizes.get(category) ?? 0) + 1);
  const small = [...sizes].reduce((a, b) => (b[1] < a[1] ? b : a))[0];
  const scenario = (name: string, categoryOf: (query: number) => number | undefined): Scenario => {
    const list = queries.map((vector, i): PeerQuery => {
      const category = categoryOf(i);
      return { vector, k: K, ...(category !== undefined && { category }) };
    });
    const truth: number[][] = [];
    for (const category of new Set(list.map((query) => query.category))) {
      const members = [...list.keys()].filter((i) => list[i]?.category === category);
      const rows =
        category === undefined
          ? undefined
          : Uint32Array.from(base.categories.keys()).filter((r) => base.categories[r] === category);
      const vectors = members.map((i) => queries[i] as Float32Array);
      const found = exactNeighbours(base, vectors, K, rows, `exact neighbours, ${name}`);
      members.forEach((i, position) => (truth[i] = found[position]?.rows ?? []));
    }
    return { name, queries: list, truth };
  };
  const share = ((100 * (sizes.get(small) ?? 0)) / base.count).toFixed(1);
  return [
    scenario('no filter', () => undefined),
    scenario('own category', (query) => queryCategories[query]),
    scenario(`a category of ${share} %`, () => small),
  ];
}

/** Starts an engine, loads the data and waits until it is at rest. */
async function prepare(
  run: BenchRun<typeof FLAGS>,
  engine: PeerEngine,
  data: VectorData,
): Promise<Contender> {
  run.say(`${engine.name}: starting and loading`);
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-peer-'));
  run.use({ close: () => rm(folder, { recursive: true, force: true }) });
  const { dimensions } = data.base;
  const peer = run.use(await engine.start({ folder, dimensions, seed: run.flags.seed }));
  const startMs = performance.now();
  await peer.load(data);
  const loadedMs = performance.now();
  if (!peer.processes().some(({ pid }) => pid === process.pid)) {
    await waitUntilQuiet(() => peer.processes());
  }
  return {
    engine,
    peer,
    folder,
    ingest_s: (loadedMs - startMs) / 1000,
    at_rest_s: (performance.now() - startMs) / 1000,
    memory_bytes: memoryBytes(peer.processes()),
    disk_bytes: await diskBytes(folder),
  };
}

async function takeTurn(
  run: BenchRun<typeof FLAGS>,
  { engine, peer }: Contender,
  scenario: Scenario,
  round: number,
  efforts: Map<string, number>,
): Promise<Turn> {
  const key = `${engine.name}, ${scenario.name}`;
  run.say(`${key}, round ${String(round)}`);
  const effort = efforts.get(key) ?? (await tune(peer, scenario));
  efforts.set(key, effort);
  await peer.setEffort(effort);
  const found = await recallOf(peer, scenario, scenario.queries.length);

  const send = async (index: number): Promise<Reply> => {
    try {
      await peer.search(scenario.queries[index % scenario.queries.length] as PeerQuery);
      return {};
    } catch (error) {
      return failureOf(error);
    }
  };
  const warmupMs = 500;
  const durationMs = warmupMs + (run.flags.quick ? 1 : run.flags.seconds) * 1000;
  const drive = (users: number): Promise<LoadResult> =>
    run.measure(`${key}, ${String(users)} at once`, () =>
      runClosedLoop({ clock: timerClock, users, warmupMs, durationMs, send }),
    );
  const single = await drive(1);
  const pids = peer.processes().map(({ pid }) => pid);
  const cpu = (): number => pids.reduce((sum, pid) => sum + preciseCpuMs(pid), 0);
  const before = cpu();
  const many = await drive(16);
  const searches = (many.succeeded * durationMs) / (durationMs - warmupMs); // with the warm-up
  return {
    engine: engine.name,
    scenario: scenario.name,
    round,
    effort,
    recall: found,
    single,
    many,
    server_cpu_us: pids.length === 0 ? null : ((cpu() - before) * 1000) / searches,
  };
}

/** The smallest effort that reaches the recall all are compared at, else the largest. */
async function tune(peer: Peer, scenario: Scenario): Promise<number> {
  for (const effort of peer.efforts) {
    await peer.setEffort(effort);
    if ((await recallOf(peer, scenario, TUNING_QUERIES)) >= TARGET_RECALL) return effort;
  }
  return peer.efforts.at(-1) ?? 0;
}

async function recallOf(peer: Peer, { queries, truth }: Scenario, count: number): Promise<number> {
  const recalls: number[] = [];
  for (const [i, query] of queries.slice(0, count).entries()) {
    recalls.push(recall(await peer.search(query), truth[i] ?? []));
  }
  return mean(recalls);
}

/** Each in turn: ended as by a crash, started, and asked until it answers as well as before. */
async function timeRestarts(
  run: BenchRun<typeof FLAGS>,
  contenders: readonly Contender[],
  [scenario]: readonly Scenario[],
): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const { engine, peer } of contenders) {
    if (peer.crash === undefined || scenario === undefined) continue;
    run.say(`${engine.name}: kill and start`);
    const startMs = performance.now();
    await peer.crash();
    while ((await recallOf(peer, scenario, 1).catch(() => 0)) < 0.9) {
      if (performance.now() - startMs > 300_000) throw new Error(`${engine.name} does not recover`);
    }
    times.set(engine.name, performance.now() - startMs);
  }
  return times;
}

function contenderRow(contender: Contender, restarts: ReadonlyMap<string, number>) {
  const { engine, peer } = contender;
  return {
    engine: engine.name,
    version: peer.version,
    'ingest s': contender.ingest_s,
    'at rest s': contender.at_rest_s,
    memory: contender.memory_bytes === 0 ? null : formatBytes(contender.memory_bytes),
    'answers after kill, s': (restarts.get(engine.name) ?? NaN) / 1000,
    settings: peer.settings,
  };
}

function turnRow({ engine, round, effort, recall: found, single, many, server_cpu_us }: Turn) {
  return {
    engine,
    round,
    effort: effort === 0 ? null : effort,
    'recall@10': found,
    'p50 ms': single.latency.p50_ms,
    p99: single.latency.p99_ms,
    'QPS at 16': many.achieved_per_s,
    'p50 at 16': many.latency.p50_ms,
    'p99 at 16': many.latency.p99_ms,
    'server CPU µs': server_cpu_us,
    'errors %': 100 * many.error_rate,
  };
}

/** Ratios to each engine, over the mean of the rounds. */
function figures(turns: readonly Turn[]) {
  const qps = (engine: string, scenario: string): number =>
    mean(
      turns
        .filter((turn) => turn.engine === engine && turn.scenario === scenario)
        .map(({ many }) => many.achieved_per_s),
    );
  const names = [...new Set(turns.map(({ engine }) => engine))];
  const others = names.filter((name) => name !== omnisearch.name && name !== hnswlib.name);
  return [...new Set(turns.map(({ scenario }) => scenario))].flatMap((scenario) =>
    others.map((other) => ({
      name: `${scenario}, 16 at once: QPS as a multiple of ${other}'s`,
      value: qps(omnisearch.name, scenario) / qps(other, scenario),
      unit: '',
    })),
  );
}
