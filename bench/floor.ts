import { join } from 'node:path';
import { bench, type BenchRun } from './lib/bench.js';
import { openBareEncoder, type BareEncoder } from './lib/bare-encoder.js';
import { loadCatalogue } from './lib/catalogue.js';
import { JUDGED, K, measure, type Floor } from './lib/floor-case.js';
import { ingest, waitUntilQuiet } from './lib/ingest.js';
import { OmniServer } from './lib/omni-server.js';
import { REPOSITORY } from './lib/paths.js';
import { Progress } from './lib/progress.js';
import { print } from './lib/report.js';
import { mustSearch } from './lib/search.js';
import { categoryName, rowOf, rowsOfCategory, type VectorSet } from './lib/synthetic.js';
import { formatTable } from './lib/table.js';
import { loadTraffic } from './lib/traffic.js';
import { rowId, vectorJson, vectorSearch } from './lib/vector-json.js';
import { loadVectors, serveVectors } from './lib/vector-server.js';

const FLAGS = {
  vectors: { default: 100_000, help: 'synthetic vectors of the first part' },
  dimensions: { default: 512, help: 'of these' },
  shards: { default: 2, help: 'shard processes' },
  catalogue: { default: '', help: 'products as NDJSON for the part with text' },
  model: { default: join(REPOSITORY, 'models', 'starter'), help: 'model folder for that part' },
};

await bench(
  {
    name: 'floor',
    about: 'What the parts of a search cost alone, and the whole beside their sum.',
    maxMinutes: 20,
    flags: FLAGS,
  },
  async (run) => {
    const floors = [...(await floorsOfVectors(run)), ...(await floorsOfTexts(run))];
    print('p50 in ms, one at a time', formatTable(floors.map(timeRow)));
    print('CPU per search, µs', formatTable(floors.map(cpuRow)));
    return {
      data: { vectors: run.flags.vectors, dimensions: run.flags.dimensions, k: K },
      results: floors,
      figures: floors.map(({ search, ratio }) => ({
        name: `${search}: whole / sum of its parts`,
        value: ratio,
        unit: '',
      })),
    };
  },
);

/** Synthetic vectors: everything, and the largest category alone. */
async function floorsOfVectors(run: BenchRun<typeof FLAGS>): Promise<Floor[]> {
  const { flags } = run;
  const count = flags.quick ? 5000 : flags.vectors;
  const { base, queries, queryCategories } = await loadVectors(
    count,
    flags.dimensions,
    1000,
    flags.seed,
  );
  const { server } = await serveVectors(run, base, flags.shards);
  const label = `${String(count)}x${String(flags.dimensions)}-seed${String(flags.seed)}`;
  const rows = rowsOfCategory(base, 0);
  const own = queries.filter((_, i) => queryCategories[i] === 0);
  const ask = (list: readonly Float32Array[], filter?: object) => {
    const bodies = list.map((query) =>
      vectorSearch(query, { top_k: K, ...(filter && { filter }) }),
    );
    return (round: number): Buffer => bodies[round % bodies.length]!;
  };
  const common = { server, base, route: '/search/vector' as const };
  const floors = [
    await measure(run, {
      ...common,
      name: 'vectors, all',
      queries,
      request: ask(queries),
      cacheName: label,
    }),
    await measure(run, {
      ...common,
      name: 'vectors, one category',
      rows,
      queries: own,
      request: ask(own, { category: categoryName(0) }),
      cacheName: `${label}-category0`,
    }),
  ];
  await run.release(server);
  return floors;
}

/** A catalogue with its titles' vectors: queries in words, new ones and cached ones. */
async function floorsOfTexts(run: BenchRun<typeof FLAGS>): Promise<Floor[]> {
  const { flags } = run;
  const encoder = await run.start(openBareEncoder(flags.model));
  const catalogue = await loadCatalogue(flags.catalogue);
  const products = flags.quick ? catalogue.products.slice(0, 2000) : catalogue.products;
  const texts = products.map(({ title }) => title);
  const base = await embedAll(encoder, texts);
  run.say('starting OmniSearch with a catalogue');
  const server = await run.start(OmniServer.start({ shards: flags.shards, model: flags.model }));
  await ingest(server.client, products.length, (row) => {
    const product = JSON.parse(products[row]?.line ?? '') as object;
    const head = JSON.stringify({ ...product, id: rowId(row) });
    return `${head.slice(0, -1)},"vector":${vectorJson(rowOf(base, row)).toString()}}`;
  });
  await waitUntilQuiet(() => server.processes());

  const traffic = await loadTraffic(catalogue, flags.seed);
  const known = traffic.log.slice(0, 500).map(({ query }) => query);
  // Each new query may be asked once: warm-up and rounds of the whole, and those that are judged.
  const fresh = Array.from({ length: 4000 }, () => traffic.next(1));
  const ask = (list: readonly string[]) => (round: number) =>
    Buffer.from(JSON.stringify({ query: list[round % list.length], top_k: K }));
  const vectorsOf = async (list: readonly string[]): Promise<Float32Array[]> => {
    const set = await embedAll(encoder, list.slice(0, JUDGED));
    return Array.from({ length: set.count }, (_, i) => rowOf(set, i));
  };
  const common = { server, base, route: '/search/text' as const };
  for (const i of known.keys()) await mustSearch(server.client, '/search/text', ask(known)(i));
  const floors = [
    await measure(run, {
      ...common,
      name: 'text, cached',
      queries: await vectorsOf(known),
      request: ask(known),
    }),
    await measure(run, {
      ...common,
      name: 'text, new',
      queries: await vectorsOf(fresh.toReversed()),
      request: ask(fresh),
      more: { 'ONNX session': (round) => encoder.embed(fresh[round % fresh.length] ?? '') },
    }),
  ];
  await run.release(server);
  return floors;
}

async function embedAll(encoder: BareEncoder, texts: readonly string[]): Promise<VectorSet> {
  const progress = new Progress('embedding titles', texts.length, 'texts');
  const dimensions = (await encoder.embed('x')).length;
  const vectors = new Float32Array(texts.length * dimensions);
  for (const [i, text] of texts.entries()) {
    const vector = await encoder.embed(text);
    vectors.set(
      vector.map((value) => Math.round(value * 1e6) / 1e6),
      i * dimensions,
    );
    progress.add();
  }
  progress.done();
  return { count: texts.length, dimensions, vectors, categories: new Uint8Array(texts.length) };
}

function timeRow(floor: Floor) {
  const parts = Object.entries(floor.parts).map(([name, { p50_ms }]) => [name, p50_ms]);
  return {
    search: floor.search,
    whole: floor.whole.p50_ms,
    'whole p99': floor.whole.p99_ms,
    'sum of parts': floor.sum_p50_ms,
    ratio: floor.ratio,
    'recall@10': floor.recall,
    'raw recall': floor.raw.recall,
    'ONNX session': null,
    ...(Object.fromEntries(parts) as Record<string, number>),
  };
}

function cpuRow(floor: Floor) {
  const all = Object.values(floor.cpu_us).reduce((sum, us) => sum + us, 0);
  const shards = Object.entries(floor.cpu_us)
    .filter(([name]) => name.includes('shard'))
    .reduce((sum, [, us]) => sum + us, 0);
  return {
    search: floor.search,
    'all processes': all,
    'shards alone': shards,
    'raw hnswlib': floor.raw_cpu_us,
    'shards / raw': shards / floor.raw_cpu_us,
  };
}
