import { setTimeout as sleep } from 'node:timers/promises';
import { poissonArrivals } from './load/arrivals.js';
import { timerClock } from './load/clock.js';
import { runOpenLoop } from './load/open-loop.js';
import { bench, type BenchRun } from './lib/bench.js';
import { ChurnTruth, planChanges, replacedOf, type Change } from './lib/churn-plan.js';
import { exactNeighbours, type Neighbours } from './lib/exact.js';
import { ingest, waitUntilQuiet } from './lib/ingest.js';
import { OmniServer } from './lib/omni-server.js';
import { memoryBytes } from './lib/processes.js';
import { withTimeBar } from './lib/progress.js';
import { mean, recall } from './lib/quality.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { mustSearch, search, type SearchReply } from './lib/search.js';
import { formatBytes, formatTable } from './lib/table.js';
import type { VectorSet } from './lib/synthetic.js';
import { vectorProduct, vectorSearch } from './lib/vector-json.js';
import { loadVectors, serveVectors } from './lib/vector-server.js';

const K = 10;
/** Nearest rows kept of each query: more than half of all rows are held at any time. */
const NEAR = 64;
const ROWS_A_REQUEST = 100;
const WARMUP_MS = 2000;

const FLAGS = {
  rows: { default: 100_000, help: 'products before the changes' },
  dimensions: { default: 512, help: 'of the vectors' },
  queries: { default: 500, help: 'different queries' },
  rate: { default: 50, help: 'searches per second' },
  seconds: { default: 60, help: 'over which the changes are spread' },
  shards: { default: 2, help: 'shard processes' },
};
type Run = BenchRun<typeof FLAGS>;

await bench(
  {
    name: 'churn',
    about: 'Searches while 30 % of the products are replaced and 20 % deleted; what is left after.',
    maxMinutes: ({ rows, seconds }) => 6 + Math.ceil(seconds / 60 + rows / 9_000),
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const products = flags.quick ? 5000 : flags.rows;
    const count = products + replacedOf(products);
    const all = await loadVectors(count, flags.dimensions, flags.queries, flags.seed);
    const near = exactNeighbours(all.base, all.queries, NEAR, undefined, 'exact neighbours');
    const { server } = await serveVectors(run, firstRows(all.base, products), flags.shards);
    const truth = new ChurnTruth(products, count);
    const changes = planChanges(products, flags.seed);

    const during = await churn(run, server, all, near, truth, changes);
    run.say('waiting until it is at rest');
    await waitUntilQuiet(() => server.processes());
    const held = truth.final();
    const final = exactNeighbours(all.base, all.queries, K, held.rows, 'exact neighbours, after');
    const after = await recallNow(server, all.queries, final, held.idOf);
    const memory = memoryOf(server);
    await run.release(server);

    const { rows, idOf } = held;
    const fresh = await freshBuild(run, all.base, rows, idOf);
    const result = { products, changes: changes.length, ...during, recall_after: after, memory };
    const ratio = memory.shards / fresh.shards;
    print(
      'changes under load',
      formatTable([
        {
          searches: during.load.intended,
          'changes/s': during.changes_per_s,
          'recall@10 during': during.recall_during,
          after,
          'p50 ms': during.load.latency.p50_ms,
          p99: during.load.latency.p99_ms,
          'p99.9': during.load.latency.p999_ms,
          max: during.load.latency.max_ms,
          failed: during.load.intended - during.load.succeeded,
          partial: during.partial_replies,
          'shards MB': formatBytes(memory.shards),
          'built afresh': formatBytes(fresh.shards),
          ratio,
        },
      ]),
    );
    const of = `${products.toLocaleString('en-US')} x ${String(flags.dimensions)}, half changed`;
    return {
      data: { dimensions: flags.dimensions, recipe: 'CLIP-like', k: K, products },
      results: { ...result, memory_fresh: fresh, memory_ratio: ratio },
      figures: [
        { name: `${of}, recall@10 during`, value: during.recall_during, unit: '' },
        { name: `${of}, recall@10 after`, value: after, unit: '' },
        { name: `${of}, p99.9 during`, value: during.load.latency.p999_ms, unit: 'ms' },
        { name: `${of}, shard memory against a fresh build`, value: ratio, unit: 'x' },
      ],
    };
  },
);

function firstRows({ dimensions, vectors, categories }: VectorSet, count: number): VectorSet {
  return {
    count,
    dimensions,
    vectors: vectors.subarray(0, count * dimensions),
    categories: categories.subarray(0, count),
  };
}

/** Carries out `changes` evenly over the time of the load, and judges each search. */
async function churn(
  run: Run,
  server: OmniServer,
  { base, queries }: { base: VectorSet; queries: Float32Array[] },
  near: readonly Neighbours[],
  truth: ChurnTruth,
  changes: readonly Change[],
) {
  const { flags } = run;
  const durationMs = WARMUP_MS + (flags.quick ? 10 : flags.seconds) * 1000;
  const asked: { query: number; found: string[]; sentMs: number; repliedMs: number }[] = [];
  let partial = 0;
  const bodies = queries.map((query) => vectorSearch(query, { top_k: K, fields: [] }));
  const send = async (index: number): Promise<SearchReply> => {
    const query = index % bodies.length;
    const sentMs = performance.now();
    const reply = await search(server.client, '/search/vector', bodies[query]!);
    const { body } = reply;
    if (body === undefined) return reply;
    // One that says that it misses something is counted by itself.
    if (body.partial !== null) partial += 1;
    else {
      const found = body.hits.map(({ id }) => id);
      asked.push({ query, found, sentMs, repliedMs: performance.now() });
    }
    return reply;
  };
  const title = `${String(changes.length)} changes, ${String(flags.rate)} searches/s`;
  const load = () =>
    runOpenLoop({
      clock: timerClock,
      arrivals: poissonArrivals(flags.rate, durationMs, new Random(flags.seed, 'churn')),
      warmupMs: WARMUP_MS,
      durationMs,
      maxInFlight: 512,
      drainMs: 10_000,
      send,
    });
  const [result, tookMs] = await run.measure(title, () =>
    Promise.all([
      withTimeBar(title, durationMs, load),
      change(server, base, truth, changes, durationMs - WARMUP_MS),
    ]),
  );
  const recalls = asked.map(({ query, found, sentMs, repliedMs }) =>
    truth.recall(found, near[query]!, K, sentMs, repliedMs),
  );
  return {
    load: result,
    changes_per_s: (changes.length * 1000) / tookMs,
    recall_during: mean(recalls),
    partial_replies: partial,
  };
}

/** Returns how long it took, which is `durationMs` where the server keeps up. */
async function change(
  server: OmniServer,
  base: VectorSet,
  truth: ChurnTruth,
  changes: readonly Change[],
  durationMs: number,
): Promise<number> {
  const startMs = performance.now();
  for (let at = 0; at < changes.length; at += ROWS_A_REQUEST) {
    await sleep(Math.max(0, startMs + (durationMs * at) / changes.length - performance.now()));
    const part = changes.slice(at, at + ROWS_A_REQUEST);
    const lines = part.map(({ id, next }) =>
      next === undefined
        ? Buffer.from(JSON.stringify({ op: 'delete', id }))
        : vectorProduct(base, next, undefined, id),
    );
    const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
    for (const one of part) truth.sent(one, performance.now());
    await server.client.expect('POST', '/products', body, 'application/x-ndjson', 60_000);
    for (const one of part) truth.acknowledged(one, performance.now());
  }
  return performance.now() - startMs;
}

async function recallNow(
  server: OmniServer,
  queries: readonly Float32Array[],
  truth: readonly Neighbours[],
  idOf: (row: number) => string,
): Promise<number> {
  const recalls: number[] = [];
  for (const [i, query] of queries.entries()) {
    const request = vectorSearch(query, { top_k: K, fields: [] });
    const { hits } = await mustSearch(server.client, '/search/vector', request);
    const found = hits.map(({ id }) => id);
    recalls.push(recall(found, truth[i]?.rows.map(idOf) ?? []));
  }
  return mean(recalls);
}

/** The same products, indexed into an empty server: what memory ought to be. */
async function freshBuild(
  run: Run,
  base: VectorSet,
  rows: Uint32Array,
  idOf: (row: number) => string,
): Promise<{ shards: number; whole: number }> {
  const { shards } = run.flags;
  run.say(`building ${String(rows.length)} products afresh`);
  const options = { shards, model: 'none', dimensions: base.dimensions };
  const server = await run.start(OmniServer.start(options));
  await ingest(server.client, rows.length, (i) =>
    vectorProduct(base, rows[i] ?? 0, undefined, idOf(rows[i] ?? 0)),
  );
  await waitUntilQuiet(() => server.processes());
  const memory = memoryOf(server);
  await run.release(server);
  return memory;
}

/** Bytes of the shard processes, and of all processes. */
function memoryOf(server: OmniServer): { shards: number; whole: number } {
  const processes = server.processes();
  const shards = processes.filter(({ name }) => name.includes('shard-node'));
  return { shards: memoryBytes(shards), whole: memoryBytes(processes) };
}
