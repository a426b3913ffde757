import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchRun } from '../lib/bench.js';
import { failureOf } from '../lib/client.js';
import type { FlagSpecs } from '../lib/flags.js';
import { waitUntilQuiet } from '../lib/ingest.js';
import { diskBytes } from '../lib/memory.js';
import { memoryBytes, preciseCpuMs } from '../lib/processes.js';
import { mean, recall } from '../lib/quality.js';
import type { VectorData } from '../lib/vector-server.js';
import { timerClock } from '../load/clock.js';
import { runClosedLoop } from '../load/closed-loop.js';
import type { LoadResult, Reply } from '../load/tally.js';
import type { Peer, PeerEngine } from './engine.js';
import type { Scenario } from './scenarios.js';

const TARGET_RECALL = 0.95;
/** Queries that an engine's effort is tuned on; recall is then measured on all. */
const TUNING_QUERIES = 100;
const USERS = 16;
const WARMUP_MS = 500;

/** What it took to load an engine. */
interface LoadCosts {
  ingest_s: number;
  /** Until it used no more CPU in the background. */
  at_rest_s: number;
  /** 0 when it runs elsewhere or in this process. */
  memory_bytes: number;
  disk_bytes: number;
}

/** A loaded engine. */
export interface Contender {
  engine: PeerEngine;
  peer: Peer;
  costs: LoadCosts;
}

/** One engine in one scenario in one round. */
export interface Turn {
  engine: string;
  scenario: string;
  round: number;
  effort: number;
  recall: number;
  single: LoadResult;
  many: LoadResult;
  server_cpu_us: number | null;
}

/** Starts an engine, loads the data, asks each query once, and waits until it is at rest. */
export async function prepare(
  run: BenchRun<FlagSpecs>,
  engine: PeerEngine,
  data: VectorData,
  scenarios: readonly Scenario[],
): Promise<Contender> {
  run.say(`${engine.name}: starting and loading`);
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-peer-'));
  run.use({ close: () => rm(folder, { recursive: true, force: true }) });
  const { dimensions } = data.base;
  const peer = await run.start(engine.start({ folder, dimensions, seed: run.flags.seed }));
  const startMs = performance.now();
  await peer.load(data);
  const loadedMs = performance.now();
  const untilQuiet = async (): Promise<void> => {
    if (peer.processes().some(({ pid }) => pid === process.pid)) return;
    await waitUntilQuiet(() => peer.processes());
  };
  await untilQuiet();
  const costs = {
    ingest_s: (loadedMs - startMs) / 1000,
    at_rest_s: (performance.now() - startMs) / 1000,
    memory_bytes: memoryBytes(peer.processes()),
    disk_bytes: await diskBytes(folder),
  };
  // What an engine learns of its queries it knows by then.
  for (const scenario of scenarios) await recallOf(peer, scenario, scenario.queries.length);
  await untilQuiet();
  return { engine, peer, costs };
}

export async function takeTurn(
  run: BenchRun<FlagSpecs>,
  { engine, peer }: Contender,
  scenario: Scenario,
  round: number,
  seconds: number,
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
      await peer.search(scenario.queries[index % scenario.queries.length]!);
      return {};
    } catch (error) {
      return failureOf(error);
    }
  };
  const durationMs = WARMUP_MS + seconds * 1000;
  const drive = (users: number): Promise<LoadResult> =>
    run.measure(`${key}, ${String(users)} at once`, () =>
      runClosedLoop({ clock: timerClock, users, warmupMs: WARMUP_MS, durationMs, send }),
    );
  const single = await drive(1);
  const cpuBeforeMs = cpuOf(peer);
  const many = await drive(USERS);
  const cpuMs = cpuOf(peer) - cpuBeforeMs;
  const searches = (many.succeeded * durationMs) / (durationMs - WARMUP_MS); // with the warm-up
  return {
    engine: engine.name,
    scenario: scenario.name,
    round,
    effort,
    recall: found,
    single,
    many,
    server_cpu_us: peer.processes().length === 0 ? null : (cpuMs * 1000) / searches,
  };
}

function cpuOf(peer: Peer): number {
  return peer.processes().reduce((sum, { pid }) => sum + preciseCpuMs(pid), 0);
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
export async function timeRestarts(
  run: BenchRun<FlagSpecs>,
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
