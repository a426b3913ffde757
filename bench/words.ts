import { poissonArrivals } from './load/arrivals.js';
import { PacedClock } from './load/clock.js';
import { LatencyHistogram } from './load/histogram.js';
import { runOpenLoop } from './load/open-loop.js';
import { bench, type BenchRun } from './lib/bench.js';
import { loadCatalogue, type Catalogue } from './lib/catalogue.js';
import { JsonClient } from './lib/client.js';
import { ingest, waitUntilQuiet } from './lib/ingest.js';
import { OmniServer } from './lib/omni-server.js';
import { Random } from './lib/random.js';
import { recombine } from './lib/recombine.js';
import { print } from './lib/report.js';
import { mustSearch, search } from './lib/search.js';
import { formatTable } from './lib/table.js';
import { loadTraffic } from './lib/traffic.js';

const FLAGS = {
  catalogue: { default: '', help: 'products as NDJSON; else shared data, else the demo shop' },
  shards: { default: 2, help: 'shard processes' },
  products: { default: 1_000_000, help: 'of the large shop, made of the titles of the other' },
  rate: { default: 20, help: 'searches a second of the large shop, open loop' },
  seconds: { default: 60, help: 'of these' },
};

const LARGE = 'large';
/** Queries of the log that are asked again and again, so that their vectors are kept. */
const CACHED = 300;
const COMMONEST = 8;

/** What is asked of each query, one after the other: the second time what its words came to is known still. */
const KINDS = [
  { search: 'words and meaning', mode: 'hybrid' },
  { search: 'meaning alone', mode: 'vector' },
  { search: 'words and meaning, again', mode: 'hybrid' },
  { search: 'meaning alone, again', mode: 'vector' },
] as const;

await bench(
  {
    name: 'words',
    about:
      'Searches by words and meaning: beside those by meaning alone, and over a million products.',
    maxMinutes: 40,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const catalogue = await loadCatalogue(flags.catalogue);
    const { log } = await loadTraffic(catalogue, flags.seed);
    const queries = log.slice(0, CACHED).map(({ query }) => query);
    const server = await run.start(OmniServer.start({ shards: flags.shards }));
    const { products } = catalogue;
    await ingest(server.client, products.length, (row) => products[row]?.line ?? '');
    await waitUntilQuiet(() => server.processes());
    const cached = await run.measure('cached', () => cachedQueries(server.client, queries));
    const p50 = (kind: number): number => cached[kind]?.['p50 ms'] ?? 0;

    const count = flags.quick ? 20_000 : flags.products;
    const client = run.use(new JsonClient(server.url, 600_000, 64, LARGE));
    const random = new Random(flags.seed, 'titles');
    const last = recombine(catalogue, count - 1, random);
    const lineOf = (row: number): string =>
      row === count - 1 ? last : recombine(catalogue, row, random);
    await ingest(client, count, lineOf, `indexing ${LARGE}`);
    await waitUntilQuiet(() => server.processes());
    const large = await atRate(run, client, queries);
    const words = await run.measure('commonest words', () => commonest(client, catalogue));

    print('one at a time, embedded before', formatTable(cached));
    print(
      `${String(count)} products, ${String(flags.rate)} searches a second`,
      formatTable([
        { sent: large.intended, failed: large.intended - large.succeeded, ...large.latency },
      ]),
    );
    print('the commonest words, alone', formatTable(words));
    return {
      data: { catalogue: catalogue.name, products: products.length, large: count },
      results: { cached, large, words },
      figures: [
        { name: 'words and meaning, p50', value: p50(0), unit: 'ms' },
        { name: 'words and meaning beside meaning alone', value: p50(0) / p50(1), unit: '' },
        { name: 'asked again, p50', value: p50(2), unit: 'ms' },
        { name: 'asked again, beside meaning alone', value: p50(2) / p50(3), unit: '' },
        { name: `${String(count)} products, p50`, value: large.latency.p50_ms, unit: 'ms' },
        { name: `${String(count)} products, p99`, value: large.latency.p99_ms, unit: 'ms' },
        {
          name: 'commonest word, slowest',
          value: Math.max(...words.map((word) => word['p50 ms'])),
          unit: 'ms',
        },
      ],
    };
  },
);

async function cachedQueries(client: JsonClient, queries: readonly string[]) {
  const times = KINDS.map(() => new LatencyHistogram());
  for (let round = -2; round < 3; round++) {
    for (const query of queries) {
      for (const [i, { mode }] of KINDS.entries()) {
        const startMs = performance.now();
        await mustSearch(client, '/search/text', { query, mode, fields: ['title', 'price'] });
        if (round >= 0) times[i]?.record(performance.now() - startMs);
      }
    }
  }
  return KINDS.map(({ search }, i) => {
    const { p50_ms, p99_ms } = (times[i] as LatencyHistogram).summary();
    return { search, 'p50 ms': p50_ms, 'p99 ms': p99_ms };
  });
}

async function atRate(run: BenchRun<typeof FLAGS>, client: JsonClient, queries: readonly string[]) {
  const { rate, seconds, seed } = run.flags;
  for (const query of queries) await search(client, '/search/text', { query });
  const clock = run.use(new PacedClock());
  const durationMs = 1_000 * seconds;
  const random = new Random(seed, 'queries');
  return run.measure('at a rate', () =>
    runOpenLoop({
      clock,
      arrivals: poissonArrivals(rate, durationMs, new Random(seed, 'arrivals')),
      ...{ warmupMs: 0, durationMs, maxInFlight: 512, drainMs: 5_000 },
      send: () =>
        search(client, '/search/text', { query: random.pick(queries), fields: ['title'] }),
      onReply: () => undefined,
    }),
  );
}

async function commonest(client: JsonClient, { products }: Catalogue) {
  const counts = new Map<string, number>();
  for (const { title } of products) {
    for (const word of new Set(title.toLowerCase().match(/[a-z]{2,}/g))) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const words = [...counts].sort(([, a], [, b]) => b - a).slice(0, COMMONEST);
  const rows: { word: string; 'p50 ms': number; 'max ms': number }[] = [];
  for (const [word] of words) {
    const times = new LatencyHistogram();
    for (let i = 0; i < 20; i++) {
      const startMs = performance.now();
      await mustSearch(client, '/search/text', { query: word, fields: ['title'] });
      times.record(performance.now() - startMs);
    }
    const { p50_ms, max_ms } = times.summary();
    rows.push({ word, 'p50 ms': p50_ms, 'max ms': max_ms });
  }
  return rows;
}
