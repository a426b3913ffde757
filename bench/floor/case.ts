import type { BenchRun } from '../lib/bench.js';
import type { FlagSpecs } from '../lib/flags.js';
import { timeJson, timeLmdbReads, timeLoopback, timeRounds, WARMUP_ROUNDS } from './parts.js';
import { judge } from '../lib/judge.js';
import { waitUntilQuiet } from '../lib/ingest.js';
import type { OmniServer } from '../lib/omni-server.js';
import { preciseCpuMs } from '../lib/processes.js';
import { Progress } from '../lib/progress.js';
import { mean } from '../lib/quality.js';
import { buildHnsw, searchHnsw, tuneEf } from '../lib/raw-hnsw.js';
import { mustSearch } from '../lib/search.js';
import { categoryName, type VectorSet } from '../lib/synthetic.js';
import type { Percentiles } from '../load/histogram.js';

export const K = 10;
/** Queries that recall is measured on, and that the raw index is tuned on. */
export const JUDGED = 200;

/** What a search cost and what its parts cost alone, in the same run. */
export interface Floor {
  search: string;
  whole: Percentiles;
  /** Parts by name; the sum is over their medians. */
  parts: Record<string, Percentiles>;
  sum_p50_ms: number;
  /** whole p50 / sum_p50_ms */
  ratio: number;
  recall: number;
  /** `ef` of the raw index at (at least) that recall, and what it reached. */
  raw: { ef: number; recall: number };
  /** CPU of each process of ours per search, and of the raw index alone, microseconds. */
  cpu_us: Record<string, number>;
  raw_cpu_us: number;
}

/** One kind of search: how to ask for it, and what the raw index must do for it. */
export interface Case {
  name: string;
  server: OmniServer;
  base: VectorSet;
  /** The rows that a search is over; all without it. */
  rows?: Uint32Array;
  queries: readonly Float32Array[];
  route: '/search/text' | '/search/vector';
  request: (round: number) => Buffer;
  cacheName?: string;
  /** Further parts, for instance embedding. */
  more?: Record<string, (round: number) => unknown>;
}

/** Measures a search, then its parts, in one stretch. */
export async function measure(run: BenchRun<FlagSpecs>, test: Case): Promise<Floor> {
  run.say(`measuring ${test.name}`);
  const { server, base, rows, queries, route, request } = test;
  const ask = (round: number) => mustSearch(server.client, route, request(round));
  const judged = queries.slice(0, JUDGED);
  const found = await recallOfServer(test, judged);
  // The shards have learnt from these queries what `ef` they need, or are about to.
  await waitUntilQuiet(() => server.processes());
  const index = await buildHnsw(base, 'raw hnswlib index', rows, test.cacheName);
  const raw = tuneEf(index, base, judged, K, found, rows);
  const reply = await ask(0);
  const documents = Array.from({ length: 10_000 }, (_, i) => ({ ...reply.hits[0]?.product, i }));

  return run.measure(test.name, async () => {
    const before = cpuByProcess(server);
    const whole = await timeRounds(ask);
    const after = cpuByProcess(server);
    const rawCpu = process.cpuUsage();
    const searching = await timeRounds((round) =>
      searchHnsw(index, queries[round % queries.length]!, K),
    );
    const { user, system } = process.cpuUsage(rawCpu);
    const parts: Record<string, Percentiles> = {
      'raw hnswlib': searching,
      'loopback HTTP': await timeLoopback(request(0), JSON.stringify(reply).length),
      'LMDB reads': await timeLmdbReads(documents, K, run.flags.seed),
      JSON: await timeJson(request(0), reply),
    };
    for (const [name, part] of Object.entries(test.more ?? {}))
      parts[name] = await timeRounds(part);
    const sum = Object.values(parts).reduce((total, { p50_ms }) => total + p50_ms, 0);
    const searches = whole.count + WARMUP_ROUNDS;
    return {
      search: test.name,
      whole,
      parts,
      sum_p50_ms: sum,
      ratio: whole.p50_ms / sum,
      recall: found,
      raw,
      cpu_us: Object.fromEntries(
        [...after].map(([name, ms]) => [name, ((ms - (before.get(name) ?? 0)) * 1000) / searches]),
      ),
      raw_cpu_us: (user + system) / searches,
    };
  });
}

/** By its vectors, so that the truth is the same for queries in words. */
async function recallOfServer(
  { server, base, rows, name }: Case,
  queries: readonly Float32Array[],
): Promise<number> {
  const filter = rows === undefined ? undefined : { category: categoryName(0) };
  const progress = new Progress(`recall, ${name}`, queries.length, 'queries');
  const recalls = await judge(server, base, { queries, filter, rows }, K, progress);
  progress.done();
  return mean(recalls);
}

function cpuByProcess(server: OmniServer): Map<string, number> {
  const processes = server.processes();
  return new Map(processes.map(({ pid, name }) => [`${name} (${String(pid)})`, preciseCpuMs(pid)]));
}
