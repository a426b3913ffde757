import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bench, type BenchRun } from './lib/bench.js';
import { loadCatalogue, type Catalogue } from './lib/catalogue.js';
import { ingest, waitUntilQuiet, type IngestTimes } from './lib/ingest.js';
import { diskBytes, peakMemory } from './lib/memory.js';
import { OmniServer } from './lib/omni-server.js';
import { print } from './lib/report.js';
import { mustSearch } from './lib/search.js';
import { rowOf, syntheticVectors } from './lib/synthetic.js';
import { formatBytes, formatTable } from './lib/table.js';
import { vectorJson } from './lib/vector-json.js';
import { LatencyHistogram } from './load/histogram.js';

const FLAGS = {
  catalogue: { default: '', help: 'products as NDJSON; else shared data, else the demo shop' },
  model: { default: '', help: 'model folder; else the bundled one' },
  shards: { default: 2, help: 'shard processes' },
  singles: { default: 50, help: 'single products sent to time until searchable' },
};

/** The store's folder in the data folder: all else there can be built again from it. */
const STORE_FOLDER = 'store';

await bench(
  {
    name: 'index',
    about: 'Products per second through POST /products, time until searchable, memory, cold start.',
    maxMinutes: 15,
    flags: FLAGS,
  },
  async (run) => {
    const catalogue = await loadCatalogue(run.flags.catalogue);
    if (run.flags.quick) catalogue.products.splice(1000);
    const { products } = catalogue;

    const server = await startServer(run);
    const texts = await load(
      server,
      'texts to embed',
      products.map(({ line }) => line),
    );
    const again = await load(
      server,
      'the same again',
      products.map(({ line }) => line),
    );
    await waitUntilQuiet(() => server.processes());
    const singles = await timeSingles(run, server, catalogue);
    const memory = peakMemory(server.processes());
    const bytes = await diskUse(server.dataDir);
    const starts = await timeStarts(run, server, catalogue);
    await run.release(server);

    const bare = await startServer(run);
    const vectors = await load(bare, 'vectors supplied', await withVectors(bare, catalogue, run));
    await run.release(bare);

    const steps = splitSteps(texts, vectors);
    const rates = { texts, again, vectors };
    print(
      'loading',
      formatTable(Object.entries(rates).map(([name, times]) => rateRow(name, times))),
    );
    print('where the time goes, ms a product', formatTable([steps]));
    print('one product until searchable', formatTable([singles]));
    print('memory', formatTable(memory.rows));
    const disk = bytes.map((b) => ({ ...b, a_product: b.bytes / products.length }));
    print('disk', formatTable(disk.map((d) => ({ ...d, bytes: formatBytes(d.bytes) }))));
    print('first correct answer after a start, ms', formatTable([starts]));
    return {
      data: { catalogue: catalogue.name, products: products.length },
      results: { rates, steps, singles, memory: memory.processes, disk, starts },
      figures: [
        { name: 'indexing, text embedded', value: perSecond(texts), unit: 'products/s' },
        { name: 'one product until searchable, p50', value: singles.p50_ms, unit: 'ms' },
        {
          name: 'store on disk, a product',
          value: disk.find(({ part }) => part === STORE_FOLDER)?.a_product ?? 0,
          unit: 'bytes',
        },
        { name: 'cold start from segments', value: starts.from_segments_ms, unit: 'ms' },
        { name: 'cold start from the store alone', value: starts.from_store_ms, unit: 'ms' },
      ],
    };
  },
);

async function startServer(run: BenchRun<typeof FLAGS>): Promise<OmniServer> {
  const { shards, model } = run.flags;
  run.say(`starting OmniSearch with ${String(shards)} shards`);
  return run.start(OmniServer.start({ shards, ...(model === '' ? {} : { model }) }));
}

function load(server: OmniServer, title: string, lines: readonly string[]): Promise<IngestTimes> {
  return ingest(server.client, lines.length, (row) => lines[row] ?? '', title);
}

/** The same products with vectors made up, of the model's length: nothing is left to embed. */
async function withVectors(
  server: OmniServer,
  { products }: Catalogue,
  { flags }: BenchRun<typeof FLAGS>,
): Promise<string[]> {
  const stats = (await server.client.expect('GET', '/stats')) as { model: { dimensions: number } };
  const { dimensions } = stats.model;
  const { seed } = flags;
  const set = await syntheticVectors({ count: products.length, dimensions, seed, stream: 'rows' });
  return products.map(
    ({ line }, row) =>
      `${line.trimEnd().slice(0, -1)},"vector":${vectorJson(rowOf(set, row)).toString()}}`,
  );
}

/**
 * Seen from outside: what embedding adds is the difference of the two loads until acknowledged; what
 * remains of the time until searchable is the shards' catching up.
 */
function splitSteps(texts: IngestTimes, vectors: IngestTimes) {
  const { products } = texts;
  return {
    embed: (texts.acknowledged_ms - vectors.acknowledged_ms) / products,
    'validate and store': vectors.acknowledged_ms / products,
    'shards catch up': (texts.searchable_ms - texts.acknowledged_ms) / products,
    'in all': texts.searchable_ms / products,
  };
}

/** New products, one at a time, each waited for. */
async function timeSingles(
  { flags }: BenchRun<typeof FLAGS>,
  { client }: OmniServer,
  { products }: Catalogue,
) {
  const histogram = new LatencyHistogram();
  for (const { line } of products.slice(0, flags.singles)) {
    const product = JSON.parse(line) as { id: string };
    const startMs = performance.now();
    const body = { ...product, id: `single-${product.id}` };
    await client.expect('POST', '/products?wait=searchable', body);
    histogram.record(performance.now() - startMs);
  }
  const { count, p50_ms, p99_ms, max_ms } = histogram.summary();
  return { products: count, p50_ms, p99_ms, max_ms };
}

/** A start counts until a search gives the hits that it gave before. */
async function timeStarts(
  run: BenchRun<typeof FLAGS>,
  server: OmniServer,
  { products }: Catalogue,
) {
  const query = products[0]?.title ?? '';
  const ask = async (): Promise<string> => {
    const { hits, partial } = await mustSearch(server.client, '/search/text', {
      query,
      fields: [],
      exact: true,
    });
    return JSON.stringify([hits, partial]);
  };
  const before = await ask();
  const start = async (how: 'stop' | 'kill', meanwhile?: () => Promise<void>): Promise<number> => {
    let ms = await server.restart(how, meanwhile);
    const readyMs = performance.now();
    while ((await ask().catch(() => '')) !== before) {
      if (performance.now() - readyMs > 120_000) throw new Error('no correct answer after a start');
    }
    ms += performance.now() - readyMs;
    return ms;
  };
  run.say('stopping and starting again');
  return {
    from_segments_ms: await start('stop'),
    after_kill_ms: await start('kill'),
    from_store_ms: await start('stop', () => keepStoreOnly(server.dataDir)),
  };
}

async function keepStoreOnly(dataDir: string): Promise<void> {
  const names = await readdir(dataDir);
  if (!names.includes(STORE_FOLDER)) throw new Error(`no ${STORE_FOLDER}/ in ${names.join(', ')}`);
  for (const name of names) {
    if (name !== STORE_FOLDER) await rm(join(dataDir, name), { recursive: true });
  }
}

async function diskUse(dataDir: string): Promise<{ part: string; bytes: number }[]> {
  const entries = await readdir(dataDir, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    folders.map(async (part) => ({ part, bytes: await diskBytes(join(dataDir, part)) })),
  );
}

function perSecond({ products, searchable_ms: ms }: IngestTimes): number {
  return (products * 1000) / ms;
}

function rateRow(name: string, times: IngestTimes) {
  return {
    what: name,
    products: times.products,
    'acknowledged s': times.acknowledged_ms / 1000,
    'searchable s': times.searchable_ms / 1000,
    'products/s': perSecond(times),
  };
}
