import { bench, type BenchRun } from './lib/bench.js';
import { numberList } from './lib/flags.js';
import { measureHardness } from './lib/hardness.js';
import { judge } from './lib/judge.js';
import type { OmniServer } from './lib/omni-server.js';
import { mean } from './lib/quality.js';
import { Progress } from './lib/progress.js';
import { print } from './lib/report.js';
import { recallOfTexts } from './lib/recall-of-texts.js';
import { filterCases, rowAttributes, type FilterCase } from './lib/selectivity.js';
import { formatTable } from './lib/table.js';
import { categoryName, rowsOfCategory } from './lib/synthetic.js';
import { loadVectors, serveVectors, type VectorData } from './lib/vector-server.js';
import { LatencyHistogram } from './load/histogram.js';

const FLAGS = {
  sizes: { default: '10000,100000', help: 'catalogue sizes' },
  dimensions: { default: 512, help: 'of the vectors' },
  queries: { default: 400, help: 'queries in each cell' },
  k: { default: '10,100', help: 'results asked for, without a filter' },
  shards: { default: 2, help: 'shard processes' },
  catalogue: { default: '', help: 'products as NDJSON for the part with text' },
};

/** One row of the table: recall@k over all queries, and how long they took one at a time. */
interface Cell {
  products: number;
  filter: string;
  k: number;
  matches: number;
  recall: number;
  /** Recall of the worst tenth of the queries. */
  recall_p10: number;
  p50_ms: number;
  p99_ms: number;
}

await bench(
  {
    name: 'recall',
    about: 'Recall against exact search, over sizes, k and filters of 0.01 to 100 % selectivity.',
    maxMinutes: 30,
    flags: FLAGS,
  },
  async (run) => {
    const sizes = run.flags.quick ? [5000] : numberList(run.flags.sizes);
    const cells: Cell[] = [];
    const data: Record<string, unknown> = { dimensions: run.flags.dimensions, recipe: 'CLIP-like' };
    for (const size of sizes) {
      const { flags } = run;
      const vectors = await loadVectors(size, flags.dimensions, flags.queries, flags.seed);
      data[`hardness_${String(size)}`] = measureHardness(vectors.base, vectors.queries, flags.seed);
      cells.push(...(await measureSize(run, vectors)));
      print(
        `${String(size)} vectors`,
        formatTable(cells.filter(({ products }) => products === size).map(tableRow)),
      );
    }
    const texts = await recallOfTexts(run);
    print('queries in words, against exact: true', formatTable([texts]));
    return { data, results: { cells, texts }, figures: figures(cells) };
  },
);

async function measureSize(run: BenchRun<typeof FLAGS>, vectors: VectorData): Promise<Cell[]> {
  const { base, queries } = vectors;
  const cases = filterCases(vectors, run.flags.seed);
  const { server } = await serveVectors(run, base, run.flags.shards, (row) =>
    rowAttributes(cases, row),
  );
  const cells: Cell[] = [];
  await run.measure(`${String(base.count)} vectors`, async () => {
    for (const k of numberList(run.flags.k)) {
      cells.push(await measureCase(server, vectors, wholeCatalogue(queries.length), k));
    }
    cells.push(await measureCase(server, vectors, ownCategory(vectors), 10));
    for (const filterCase of cases.list) {
      cells.push(await measureCase(server, vectors, filterCase, 10));
    }
  });
  await run.release(server);
  return cells;
}

/** Each query goes with its filter; those with an equal filter share one exact scan. */
async function measureCase(
  server: OmniServer,
  { base, queries }: VectorData,
  { name, groups }: FilterCase,
  k: number,
): Promise<Cell> {
  const histogram = new LatencyHistogram();
  const recalls: number[] = [];
  let matches = 0;
  const progress = new Progress(name, queries.length, 'queries');
  for (const { filter, rows, members } of groups) {
    const vectors = members.map((i) => queries[i]).filter((query) => query !== undefined);
    matches += (rows?.length ?? base.count) * vectors.length;
    const group = { queries: vectors, filter, rows };
    const onReply = (tookMs: number): void => histogram.record(tookMs);
    recalls.push(...(await judge(server, base, group, k, progress, onReply)));
  }
  progress.done();
  recalls.sort((a, b) => a - b);
  return {
    products: base.count,
    filter: name,
    k,
    matches: Math.round(matches / recalls.length),
    recall: mean(recalls),
    recall_p10: recalls[Math.floor(recalls.length / 10)] ?? 0,
    p50_ms: histogram.percentileMs(50),
    p99_ms: histogram.percentileMs(99),
  };
}

function wholeCatalogue(queries: number): FilterCase {
  return { name: 'none', groups: [{ members: Array.from({ length: queries }, (_, i) => i) }] };
}

function ownCategory({ base, queries, queryCategories }: VectorData): FilterCase {
  const categories = [...new Set(queryCategories.subarray(0, queries.length))];
  return {
    name: 'own category',
    groups: categories.map((category) => ({
      filter: { category: categoryName(category) },
      rows: rowsOfCategory(base, category),
      members: [...queryCategories.keys()].filter((i) => queryCategories[i] === category),
    })),
  };
}

function tableRow(cell: Cell) {
  return {
    filter: cell.filter,
    k: cell.k,
    matches: cell.matches,
    recall: cell.recall,
    'worst tenth': cell.recall_p10,
    'p50 ms': cell.p50_ms,
    'p99 ms': cell.p99_ms,
  };
}

function figures(cells: readonly Cell[]) {
  const largest = cells.filter(({ products }) => products === cells.at(-1)?.products);
  const plain = largest.find(({ filter, k }) => filter === 'none' && k === 10);
  if (plain === undefined) return [];
  const of = `${plain.products.toLocaleString('en-US')} vectors`;
  return [
    { name: `recall@10, ${of}, no filter`, value: plain.recall, unit: '' },
    {
      name: `recall@10, ${of}, worst filter`,
      value: Math.min(...largest.filter(({ k }) => k === 10).map((cell) => cell.recall)),
      unit: '',
    },
  ];
}
