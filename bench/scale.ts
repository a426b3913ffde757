import { setTimeout as sleep } from 'node:timers/promises';
import { timerClock } from './load/clock.js';
import { runClosedLoop } from './load/closed-loop.js';
import { bench, type BenchRun } from './lib/bench.js';
import { exactNeighbours } from './lib/exact.js';
import { numberList } from './lib/flags.js';
import { measureHardness } from './lib/hardness.js';
import { diskBytes } from './lib/memory.js';
import type { OmniServer } from './lib/omni-server.js';
import { anonymousBytes, memoryBytes, type ProcessInfo } from './lib/processes.js';
import { mean, recall } from './lib/quality.js';
import { print } from './lib/report.js';
import { search, type SearchReply } from './lib/search.js';
import { formatTable } from './lib/table.js';
import { categoryName } from './lib/synthetic.js';
import { idRow, vectorSearch } from './lib/vector-json.js';
import { loadVectors, serveVectors } from './lib/vector-server.js';
import { pacedSearches } from './scale/paced.js';
import { measureWrites } from './scale/writes.js';

const K = 10;
const TARGET_RECALL = 0.95;

const FLAGS = {
  sizes: { default: '10000,100000', help: 'vectors; 1000000 takes up to an hour' },
  dimensions: { default: 512, help: 'of the vectors' },
  queries: { default: 500, help: 'different queries' },
  seconds: { default: 10, help: 'measured time of each load' },
  users: { default: 16, help: 'requests in flight for the throughput' },
  shards: { default: 1, help: 'shard processes' },
  rate: { default: 200, help: 'searches a second of the open loop; half of them beside writes' },
  writes: { default: 0, help: 'rows written a second beside searches; 0: not measured' },
  'write-seconds': { default: 60, help: 'how long' },
};

await bench(
  {
    name: 'scale',
    about: 'Building and searching 10 K to 1 M CLIP-like vectors over HTTP, without a model.',
    maxMinutes: ({ sizes }) => 5 + Math.ceil(Math.max(...numberList(sizes)) / 18_000),
    flags: FLAGS,
  },
  async (run) => {
    const sizes = run.flags.quick ? [5000] : numberList(run.flags.sizes);
    const results = [];
    for (const size of sizes) {
      results.push(await measureSize(run, size));
      print('so far', formatTable(results.map(tableRow)));
    }
    return {
      data: { dimensions: run.flags.dimensions, recipe: 'CLIP-like', k: K },
      results,
      figures: results.flatMap((result) => {
        const of = `${result.vectors.toLocaleString('en-US')} x ${String(run.flags.dimensions)}`;
        return [
          { name: `${of}, recall@10`, value: result.recall, unit: '' },
          { name: `${of}, one at a time, p50`, value: result.single.latency.p50_ms, unit: 'ms' },
          { name: `${of}, 16 at once`, value: result.many.achieved_per_s, unit: 'QPS' },
        ];
      }),
    };
  },
);

async function measureSize(run: BenchRun<typeof FLAGS>, size: number) {
  const { flags } = run;
  const { base, queries } = await loadVectors(size, flags.dimensions, flags.queries, flags.seed);
  const hardness = measureHardness(base, queries, flags.seed);
  const truth = exactNeighbours(base, queries, K, undefined, 'exact neighbours');
  const { server, times } = await serveVectors(run, base, flags.shards);
  const bodies = queries.map((query) => vectorSearch(query, { top_k: K, fields: [] }));
  const ask = (index: number): Promise<SearchReply> =>
    search(server.client, '/search/vector', bodies[index % bodies.length]!);

  const recalls: number[] = [];
  for (const [i, { rows }] of truth.entries()) {
    const found = (await ask(i)).body?.hits.map(({ id }) => idRow(id)) ?? [];
    recalls.push(recall(found, rows));
  }
  const drive = (users: number) =>
    run.measure(`${String(size)} vectors, ${String(users)} at once`, () =>
      runClosedLoop({
        clock: timerClock,
        users,
        warmupMs: 1000,
        durationMs: 1000 + (flags.quick ? 2 : flags.seconds) * 1000,
        send: ask,
      }),
    );
  const result = {
    vectors: size,
    hardness,
    ...times,
    disk_bytes: await diskBytes(server.dataDir),
    recall: mean(recalls),
    single: await drive(1),
    many: await drive(flags.users),
    paced: await pacedSearches(
      run,
      `${String(size)} vectors, ${String(flags.rate)}/s`,
      { rate: flags.rate, seconds: flags.quick ? 2 : flags.seconds },
      ask,
    ),
    memory_bytes: memoryBytes(server.processes()),
    shard_memory_bytes: memoryBytes(shardsOf(server)),
    shard_anonymous_bytes: anonymousBytes(shardsOf(server)),
    cold: await coldStart(server, queries[0]!),
    /** Vectors and links of one raw hnswlib index with M 16: what memory is compared with. */
    raw_index_bytes: size * (flags.dimensions * 4 + 4 * (2 * 16 + 1) + 8),
  };
  if (result.recall < TARGET_RECALL) {
    run.say(`recall ${result.recall.toFixed(3)} is below ${String(TARGET_RECALL)}`);
  }
  const load = {
    rate: flags.rate / 2,
    rows: flags.writes,
    seconds: flags['write-seconds'],
    users: flags.users,
  };
  const writes = flags.writes > 0 ? await measureWrites(run, server, base, load, ask) : undefined;
  if (writes !== undefined) print('beside writes', formatTable([writesRow(writes)]));
  await run.release(server);
  return { ...result, ...(writes !== undefined && { writes }) };
}

function writesRow(writes: Awaited<ReturnType<typeof measureWrites>>) {
  return {
    'rows/s': writes.written.rows_a_second,
    refused: writes.written.refused,
    'p99 alone': writes.quiet.latency.p99_ms,
    'p99 beside': writes.beside.latency.p99_ms,
    'errors %': 100 * writes.beside.error_rate,
    'QPS alone': writes.quiet_most.achieved_per_s,
    'QPS beside': writes.beside_most.achieved_per_s,
  };
}

function shardsOf(server: OmniServer): ProcessInfo[] {
  return server.processes().filter(({ name }) => name.includes('shard-node'));
}

/**
 * Stops everything, starts it again, and asks within one category until the answer is whole and the
 * same as before; then the memory of the shards, which hold nothing but their files.
 */
async function coldStart(server: OmniServer, query: Float32Array) {
  const body = vectorSearch(query, { top_k: K, fields: [], filter: { category: categoryName(0) } });
  const ask = (): Promise<SearchReply> => search(server.client, '/search/vector', body);
  const idsOf = (reply: SearchReply): string =>
    reply.body?.partial === null ? reply.body.hits.map(({ id }) => id).join(' ') : '';
  const before = idsOf(await ask());
  let startMs: number | undefined;
  const restarted = server.restart('stop', () => {
    startMs = performance.now();
    return Promise.resolve();
  });
  while (startMs === undefined || idsOf(await ask()) !== before) {
    await sleep(20);
    // Ready and still another answer: the restart itself failed, or the data is not the same.
    if (await settled(restarted)) break;
  }
  const firstAnswerMs = performance.now() - (startMs ?? Number.NaN);
  const readyMs = await restarted;
  if (idsOf(await ask()) !== before) throw new Error('another answer after the restart');
  const memory = memoryBytes(shardsOf(server));
  return { first_answer_ms: firstAnswerMs, ready_ms: readyMs, shard_memory_bytes: memory };
}

function settled(promise: Promise<unknown>): Promise<boolean> {
  const done = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([done, sleep(0).then(() => false)]);
}

function tableRow(result: Awaited<ReturnType<typeof measureSize>>) {
  return {
    vectors: result.vectors,
    '10th cosine': result.hardness.tenth_neighbour_cosine,
    LID: result.hardness.local_intrinsic_dimensionality,
    'searchable s': result.searchable_ms / 1000,
    'at rest s': result.at_rest_ms / 1000,
    'memory MB': result.memory_bytes / 1e6,
    'disk MB': result.disk_bytes / 1e6,
    'recall@10': result.recall,
    'p50 ms': result.single.latency.p50_ms,
    p99: result.single.latency.p99_ms,
    'QPS at once': result.many.achieved_per_s,
    'p50 at once': result.many.latency.p50_ms,
    'p99 at once': result.many.latency.p99_ms,
    'errors %': 100 * result.many.error_rate,
    'p99 paced': result.paced.latency.p99_ms,
    'cold start s': result.cold.first_answer_ms / 1000,
    'shards MB': result.shard_memory_bytes / 1e6,
    'of it own': result.shard_anonymous_bytes / 1e6,
    'after start': result.cold.shard_memory_bytes / 1e6,
    'x raw': result.cold.shard_memory_bytes / result.raw_index_bytes,
  };
}
