import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openBareEncoder, type BareEncoder } from './lib/bare-encoder.js';
import { bench, type BenchRun } from './lib/bench.js';
import { loadCatalogue } from './lib/catalogue.js';
import { makeCandidates, type Candidate } from './lib/partition-candidates.js';
import { preparePartitions, type Ask, type PartitionData } from './lib/partition-data.js';
import { GraphShelf } from './lib/partition-graphs.js';
import { cpuUs, tune, type Tuned } from './lib/partition-judge.js';
import { REPOSITORY, sharedFile } from './lib/paths.js';
import { Progress } from './lib/progress.js';
import { median } from './lib/median.js';
import { print } from './lib/report.js';
import type { VectorSet } from './lib/synthetic.js';
import { formatBytes, formatTable } from './lib/table.js';
import { loadTraffic } from './lib/traffic.js';
import { loadVectors } from './lib/vector-server.js';

const K = 10;
const ASKS: readonly Ask[] = ['all', 'own', 'other'];
const FLAGS = {
  vectors: { default: 100_000, help: 'synthetic vectors of the first part' },
  dimensions: { default: 512, help: 'of these' },
  queries: { default: 400, help: 'queries of each part' },
  recall: { default: 0.97, help: 'recall@10 that every candidate is tuned to' },
  'min-rows': { default: 2500, help: 'smaller categories are scanned, where there is a choice' },
  rounds: { default: 7, help: 'measurements of each candidate, one after the other in turns' },
};

/** A candidate on one data set. */
interface Outcome {
  data: string;
  candidate: string;
  bySketch: boolean;
  buildS: number;
  bytes: number;
  asks: Partial<Record<Ask, Tuned & { cpuUs: number }>>;
}

await bench(
  {
    name: 'partitioning',
    about: 'How to cut rows into graphs for searches over everything and within a category.',
    maxMinutes: 30,
    flags: FLAGS,
  },
  async (run) => {
    const sets = [await syntheticRows(run), await realTitles(run)].filter(
      (set) => set !== undefined,
    );
    const outcomes: Outcome[] = [];
    for (const set of sets) {
      const found = await compare(run, set);
      outcomes.push(...found);
      const { count, dimensions } = set.base;
      const title = `${set.name}: ${String(count)} x ${String(dimensions)}, ${String(set.ranges.length)} categories`;
      const [cuts, sketches] = [false, true].map((is) =>
        found.filter(({ bySketch }) => bySketch === is),
      );
      print(`${title}; CPU µs a search, int8 graphs`, formatTable((cuts ?? []).map(tableRow)));
      print('Categories chosen by sketches', formatTable((sketches ?? []).map(sketchRow)));
    }
    const ours = outcomes.filter(({ candidate }) => candidate === outcomes[0]?.candidate);
    return {
      data: Object.fromEntries(sets.map((set) => [set.name, { rows: set.base.count }])),
      results: outcomes,
      figures: ours.flatMap(({ data, asks }) =>
        Object.entries(asks).map(([ask, { cpuUs: value }]) => {
          return { name: `CPU a search, ${ask}, ${data}`, value, unit: 'µs' };
        }),
      ),
    };
  },
);

async function syntheticRows({ flags }: BenchRun<typeof FLAGS>): Promise<PartitionData> {
  const count = flags.quick ? 5000 : flags.vectors;
  const asked = flags.quick ? 100 : flags.queries;
  const loaded = await loadVectors(count, flags.dimensions, asked, flags.seed);
  const { base, queries, queryCategories } = loaded;
  return preparePartitions('synthetic', base, queries, [...queryCategories], K);
}

/** Real titles, embedded with the bundled model, and logged queries; undefined without them. */
async function realTitles(run: BenchRun<typeof FLAGS>): Promise<PartitionData | undefined> {
  const { flags } = run;
  const file = sharedFile('icecat-19k.ndjson.gz');
  if (file === undefined || sharedFile('query-log.tsv') === undefined) {
    run.say('no shared data folder: the part with real titles is left out');
    return undefined;
  }
  const encoder = await run.start(openBareEncoder(join(REPOSITORY, 'models', 'starter')));
  const catalogue = await loadCatalogue(file);
  const { products } = catalogue;
  const chosen = flags.quick ? products.filter((_, i) => i % 5 === 0) : products;
  const names = [...new Set(chosen.map(({ category }) => category))];
  const categories = Uint8Array.from(chosen, ({ category }) => names.indexOf(category));
  const traffic = await loadTraffic(catalogue, flags.seed);
  const log = traffic.log.slice(0, flags.quick ? 100 : flags.queries);
  const vectors = await embedAll(
    encoder,
    chosen.map(({ title }) => title),
    'embedding titles',
  );
  const queries = await embedAll(
    encoder,
    log.map(({ query }) => query),
    'embedding queries',
  );
  const dimensions = queries[0]?.length ?? 0;
  const base: VectorSet = {
    count: chosen.length,
    dimensions,
    vectors: new Float32Array(chosen.length * dimensions),
    categories,
  };
  vectors.forEach((vector, i) => base.vectors.set(vector, i * dimensions));
  await run.release(encoder);
  return preparePartitions('real titles', base, queries, undefined, K);
}

async function embedAll(
  encoder: BareEncoder,
  texts: readonly string[],
  title: string,
): Promise<Float32Array[]> {
  const progress = new Progress(title, texts.length, 'texts');
  const vectors: Float32Array[] = [];
  for (const text of texts) {
    vectors.push(await encoder.embed(text));
    progress.add();
  }
  progress.done();
  return vectors;
}

/** Builds and tunes all candidates, then measures them in turns, so that a busy minute meets all. */
async function compare(run: BenchRun<typeof FLAGS>, data: PartitionData): Promise<Outcome[]> {
  const { flags } = run;
  run.say(`${data.name}: building graphs`);
  const shelf = run.use(new GraphShelf(data));
  const candidates = await makeCandidates(data, shelf, {
    k: K,
    graphMinRows: flags['min-rows'],
    pools: [0.025, 0.05, 0.1],
    centroids: [1, 16, 64],
    nearest: [1, 3, 5, 8, 12],
    seed: flags.seed,
  });
  const contests: Contest[] = [];
  const tuning = new Progress(`${data.name}: tuning`, candidates.length, 'candidates');
  for (const candidate of candidates) {
    // Within a category, sketches have nothing to choose.
    for (const ask of candidate.bySketch === true ? (['all'] as const) : ASKS) {
      const tuned = await tune(data, candidate, ask, K, flags.recall);
      contests.push({ candidate, ask, tuned, tookUs: [] });
    }
    tuning.add();
  }
  tuning.done();

  const rounds = flags.quick ? 2 : flags.rounds;
  await run.measure(data.name, async () => {
    const progress = new Progress(`${data.name}: measuring`, rounds * contests.length, 'turns');
    for (let round = 0; round < rounds; round += 1) {
      for (const { candidate, ask, tuned, tookUs } of contests) {
        tookUs.push(cpuUs(data, candidate, ask, tuned.width));
        progress.add();
        await nextTurn();
      }
    }
    progress.done();
  });
  await run.release(shelf);
  return candidates.map((candidate) => outcomeOf(data.name, candidate, contests));
}

/** One question to one candidate. */
interface Contest {
  candidate: Candidate;
  ask: Ask;
  tuned: Tuned;
  tookUs: number[];
}

function outcomeOf(data: string, candidate: Candidate, contests: readonly Contest[]): Outcome {
  const own = contests.filter((contest) => contest.candidate === candidate);
  const { name, buildS, bytes, bySketch = false } = candidate;
  const asks = own.map(({ ask, tuned, tookUs }) => {
    return [ask, { ...tuned, cpuUs: median(tookUs) }] as const;
  });
  return { data, candidate: name, bySketch, buildS, bytes, asks: Object.fromEntries(asks) };
}

function tableRow({ candidate, buildS, bytes, asks }: Outcome) {
  return {
    graphs: candidate,
    'all µs': asks.all?.cpuUs,
    recall: asks.all?.recall,
    ef: asks.all?.width,
    'own µs': asks.own?.cpuUs,
    'recall ': asks.own?.recall,
    'ef ': asks.own?.width,
    'other µs': asks.other?.cpuUs,
    'recall  ': asks.other?.recall,
    'build CPU s': buildS,
    'graph files': formatBytes(bytes),
  };
}

/** Within a category these are as an index a category is. */
function sketchRow({ candidate, buildS, bytes, asks }: Outcome) {
  return {
    sketches: candidate,
    'all µs': asks.all?.cpuUs,
    recall: asks.all?.recall,
    ef: asks.all?.width,
    'build CPU s': buildS,
    'files and sketch': formatBytes(bytes),
  };
}
