import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CostModel } from '../src/shard/leaf/cost-model.js';
import { ENGINES } from '../src/shard/engine/engines.js';
import type { EngineName } from '../src/shard/engine/graph.js';
import { Budget } from '../src/core/budget.js';
import { Deadline } from '../src/core/deadline.js';
import { DEFAULT_TEXT_SETTINGS } from '../src/text/default-settings.js';
import { productTerms } from '../src/text/product-terms.js';
import { leafSearch } from '../src/shard/leaf/leaf-search.js';
import { PartitionSet, WHOLE } from '../src/shard/leaf/partition-set.js';
import { graphFile } from '../src/shard/index/components/graphs.js';
import { openSegment } from '../src/shard/index/open-segment.js';
import { WriteBuffer } from '../src/shard/index/write-buffer.js';
import { TenantIndex } from '../src/shard/index/tenant-index.js';
import { writeSegment } from '../src/shard/build/write-segment.js';
import { bench, type BenchRun } from './lib/bench.js';
import { exactNeighbours } from './lib/exact.js';
import { numberList } from './lib/flags.js';
import { mean, recall } from './lib/quality.js';
import { print } from './lib/report.js';
import { rowOf } from './lib/synthetic.js';
import { formatTable } from './lib/table.js';
import { idRow, rowId } from './lib/vector-json.js';
import { loadVectors, type VectorData } from './lib/vector-server.js';

const K = 10;
const FLAGS = {
  vectors: { default: 100_000, help: 'rows of the segment' },
  dimensions: { default: 512, help: 'of the vectors' },
  queries: { default: 500, help: 'different queries' },
  efs: { default: '32,48,64,96,128,192', help: 'widths of the search' },
  rounds: { default: 2, help: 'times that the engines take turns: A B A B' },
};

interface Contender {
  engine: EngineName;
  index: TenantIndex;
  build_s: number;
  graph_bytes: number;
  open_ms: number;
  close: () => Promise<void>;
}

await bench(
  {
    name: 'engines',
    about: 'The graph engines of a shard on one segment, in process: build, size, recall, cost.',
    maxMinutes: 20,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const count = flags.quick ? 5_000 : flags.vectors;
    const data = await loadVectors(count, flags.dimensions, flags.queries, flags.seed);
    const contenders: Contender[] = [];
    for (const engine of ['usearch', 'hnswlib'] as const) {
      contenders.push(run.use(await prepare(run, engine, data)));
    }
    print('built', formatTable(contenders.map(builtRow)));
    const results = [];
    for (let round = 1; round <= flags.rounds; round++) {
      for (const contender of contenders) {
        for (const ef of numberList(flags.efs)) {
          const step = `round ${String(round)}, ${contender.engine}, ef ${String(ef)}`;
          const found = await run.measure(step, () => search(contender, data, ef));
          results.push({ round, engine: contender.engine, ef, ...found });
        }
      }
    }
    print('one at a time', formatTable(results));
    return {
      data: { vectors: count, dimensions: flags.dimensions, recipe: 'CLIP-like', k: K },
      results: { built: contenders.map(builtRow), searches: results },
      figures: [],
    };
  },
);

/** A segment of one category, so that it has one graph. */
async function prepare(
  run: BenchRun<typeof FLAGS>,
  engine: EngineName,
  { base }: VectorData,
): Promise<Contender> {
  run.say(`building with ${engine}`);
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-engines-'));
  const { dimensions } = base;
  const tail = new WriteBuffer(dimensions);
  for (let row = 0; row < base.count; row++) {
    const product = { id: rowId(row), title: '', category: 'all' };
    tail.append(product, row + 1, rowOf(base, row), productTerms(product, DEFAULT_TEXT_SETTINGS));
  }
  const parameters = { engine, M: 16, efConstruction: 200 };
  const startMs = performance.now();
  const record = await writeSegment(folder, 's', [tail], {
    dimensions,
    graphMinRows: 1,
    graph: parameters,
    // The width is asked for by each search.
    ef: { target: 0.5, min: 1, max: 1 },
  });
  const build_s = (performance.now() - startMs) / 1000;
  if (record === undefined) throw new Error('no graph was built');
  const file = join(folder, 's', graphFile('all'));
  const { size } = await stat(file);
  const openMs = performance.now();
  await ENGINES[engine].open(file, { dimensions, firstRow: 0, bytes: size, ef: 1 });
  const open_ms = performance.now() - openMs;
  const index = new TenantIndex('bench', 'm', dimensions, DEFAULT_TEXT_SETTINGS);
  const segment = await openSegment(folder, record);
  index.segments = [segment];
  const close = async (): Promise<void> => {
    await segment.close();
    await rm(folder, { recursive: true });
  };
  return { engine, index, build_s, graph_bytes: size, open_ms, close };
}

async function search({ index }: Contender, { base, queries }: VectorData, ef: number) {
  const costs = new CostModel();
  const ask = async (query: Float32Array): Promise<number[]> => {
    const request = { vector: query, filter: undefined, k: K, ef, exact: false, costs };
    const searcher = index.searcher();
    const budget = new Budget(Deadline.after(Infinity));
    const everything = new PartitionSet(() => WHOLE);
    const { hits } = await leafSearch(searcher, everything, request, budget);
    searcher.release();
    return hits.map(({ id }) => idRow(id));
  };
  const vectors = queries.map((query) => query.slice());
  const truth = exactNeighbours(base, vectors, K);
  const recalls: number[] = [];
  for (const [i, vector] of vectors.entries()) {
    recalls.push(recall(await ask(vector), truth[i]?.rows ?? []));
  }
  const before = process.cpuUsage();
  for (const vector of vectors) await ask(vector);
  const { user, system } = process.cpuUsage(before);
  return { recall: mean(recalls), cpu_us: (user + system) / vectors.length };
}

function builtRow({ engine, build_s, graph_bytes, open_ms }: Contender) {
  return { engine, 'build s': build_s, 'graph MB': graph_bytes / 1e6, 'open ms': open_ms };
}
