import { bench } from './lib/bench.js';
import { measureHardness } from './lib/hardness.js';
import { mean } from './lib/quality.js';
import { print } from './lib/report.js';
import { formatBytes, formatTable } from './lib/table.js';
import { loadVectors } from './lib/vector-server.js';
import { chroma } from './peers/chroma.js';
import { prepare, takeTurn, timeRestarts, type Contender, type Turn } from './peers/contest.js';
import type { PeerEngine } from './peers/engine.js';
import { hnswlib } from './peers/hnswlib.js';
import { installPeers } from './peers/installed.js';
import { lancedb } from './peers/lancedb.js';
import { omnisearch } from './peers/omnisearch.js';
import { pgvector } from './peers/pgvector.js';
import { qdrant } from './peers/qdrant.js';
import { K, makeScenarios } from './peers/scenarios.js';
import { weaviate } from './peers/weaviate.js';

const ENGINES = [omnisearch, pgvector, chroma, lancedb, qdrant, weaviate, hnswlib];
const FLAGS = {
  vectors: { default: 100_000, help: 'synthetic vectors' },
  dimensions: { default: 512, help: 'of these' },
  queries: { default: 500, help: 'different queries' },
  seconds: { default: 5, help: 'measured time of each load' },
  rounds: { default: 2, help: 'times that the engines take turns: A B A B' },
  engines: { default: '', help: 'only those whose names contain one of these words' },
  install: { default: false, help: 'first install the engines that registries have (1 GB)' },
};

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
    run.say('scanning for the exact neighbours');
    const scenarios = makeScenarios(data);
    const skipped: Record<string, string> = {};
    const contenders: Contender[] = [];
    for (const engine of chosen(flags.engines)) {
      const missing = engine.missing();
      if (missing === undefined) contenders.push(await prepare(run, engine, data, scenarios));
      else skipped[engine.name] = missing;
    }

    const seconds = flags.quick ? 1 : flags.seconds;
    const turns: Turn[] = [];
    const efforts = new Map<string, number>();
    for (let round = 1; round <= (flags.quick ? 1 : flags.rounds); round += 1) {
      for (const contender of contenders) {
        for (const scenario of scenarios) {
          turns.push(await takeTurn(run, contender, scenario, round, seconds, efforts));
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
      versions: Object.fromEntries(
        contenders.map(({ engine, peer }) => [engine.name, peer.version]),
      ),
      results: {
        engines: contenders.map(({ engine, peer, costs }) => ({
          name: engine.name,
          settings: peer.settings,
          ...costs,
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

function contenderRow(contender: Contender, restarts: ReadonlyMap<string, number>) {
  const { engine, peer, costs } = contender;
  const restartMs = restarts.get(engine.name);
  return {
    engine: engine.name,
    version: peer.version,
    'ingest s': costs.ingest_s,
    'at rest s': costs.at_rest_s,
    memory: costs.memory_bytes === 0 ? null : formatBytes(costs.memory_bytes),
    'answers after kill, s': restartMs === undefined ? null : restartMs / 1000,
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
