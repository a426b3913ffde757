import { join } from 'node:path';
import { bench, type BenchRun } from './lib/bench.js';
import { loadCatalogue } from './lib/catalogue.js';
import type { JsonClient } from './lib/client.js';
import { ingest, waitUntilQuiet } from './lib/ingest.js';
import { median } from './lib/median.js';
import { diskBytes } from './lib/memory.js';
import { OmniServer } from './lib/omni-server.js';
import { Progress } from './lib/progress.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { mustSearch, type SearchBody } from './lib/search.js';
import { rowOf, syntheticVectors } from './lib/synthetic.js';
import { formatBytes, formatTable } from './lib/table.js';
import { vectorJson } from './lib/vector-json.js';

const FLAGS = {
  catalogue: { default: '', help: 'products as NDJSON; else shared data, else the demo shop' },
  products: { default: 10_000, help: 'products; a catalogue of fewer is repeated' },
  lists: { default: 28, help: 'price lists, each with a price and stock of every product' },
  dimensions: { default: 256, help: 'of the vectors: fewer make lists weigh more' },
  searches: { default: 1_000, help: 'random ones that are compared with a count by hand' },
};

/** What lists may at most multiply store and index by. */
const MOST = 1.5;
const TOP_K = 20;

interface Sizes {
  store: number;
  index: number;
  /** As the shards tell it: in memory, or mapped into it. */
  indexMemory: number;
}

type Shown = { price: number; in_stock: boolean };

await bench(
  {
    name: 'price-lists',
    about:
      'Prices by customer group: what they add to store and index, and that searches are right.',
    maxMinutes: 20,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const products = flags.quick ? 1_000 : flags.products;
    const lists = flags.quick ? 4 : flags.lists;
    const { dimensions } = flags;
    const server = await run.start(
      OmniServer.start({ shards: 1, model: 'none', dimensions, replicas: 1 }),
    );
    await load(run, server, products);
    const before = await sizesOf(server);
    const plainMs = await sortTimes(server.client, undefined);

    const shown = prices(run, products, lists);
    const putMs = await run.measure('lists', () => putLists(server.client, shown));
    await waitUntilQuiet(() => server.processes());
    await server.restart('stop');
    await waitUntilQuiet(() => server.processes());
    const wrong = await compare(run, server.client, shown);
    const listedMs = await sortTimes(server.client, nameOf(0));
    const after = await sizesOf(server);

    const rows = (['store', 'index', 'indexMemory'] as const).map((what) => ({
      what,
      before: formatBytes(before[what]),
      [`with ${String(lists)} lists`]: formatBytes(after[what]),
      times: after[what] / before[what],
    }));
    print(`${String(lists)} lists of ${String(products)} products`, formatTable(rows));
    print(
      'searches',
      formatTable([
        { what: `wrong of ${String(flags.searches)}`, value: wrong },
        { what: 'a list written until searchable, median ms', value: median(putMs) },
        { what: 'sorted by price, median ms', value: plainMs },
        { what: "sorted by a list's price, median ms", value: listedMs },
      ]),
    );
    const growth = Math.max(...rows.map(({ times }) => times));
    if (wrong > 0) throw new Error(`${String(wrong)} searches were wrong`);
    if (!flags.quick && growth > MOST) throw new Error(`it grew ${growth.toFixed(2)} times`);
    return {
      data: { products, lists, dimensions },
      results: { before, after, wrong, putMs, plainMs, listedMs },
      figures: rows.map(({ what, times }) => ({
        name: `${what} with ${String(lists)} lists beside without`,
        value: times,
        unit: '',
      })),
    };
  },
);

async function load(
  { flags }: BenchRun<typeof FLAGS>,
  server: OmniServer,
  products: number,
): Promise<void> {
  const { products: lines } = await loadCatalogue(flags.catalogue);
  const { dimensions, seed } = flags;
  const vectors = await syntheticVectors({ count: products, dimensions, seed, stream: 'rows' });
  await ingest(server.client, products, (row) => {
    const { line = '{}' } = lines[row % lines.length] ?? {};
    const product = JSON.stringify({ ...(JSON.parse(line) as object), id: idOf(row) });
    const vector = vectorJson(rowOf(vectors, row)).toString();
    return `${product.slice(0, -1)},"vector":${vector}}`;
  });
  await waitUntilQuiet(() => server.processes());
}

/** By list, what it says of each product. */
function prices({ flags }: BenchRun<typeof FLAGS>, products: number, lists: number): Shown[][] {
  return Array.from({ length: lists }, (_, list) => {
    const random = new Random(flags.seed, nameOf(list));
    return Array.from({ length: products }, () => ({
      price: Math.round(random.next() * 100_000) / 100,
      in_stock: random.next() < 0.8,
    }));
  });
}

/** Milliseconds that each took. */
async function putLists(client: JsonClient, shown: readonly Shown[][]): Promise<number[]> {
  const progress = new Progress('lists', shown.length, 'lists');
  const tookMs: number[] = [];
  for (const [list, rows] of shown.entries()) {
    const body = rows.map((row, i) => JSON.stringify({ id: idOf(i), ...row })).join('\n');
    const path = `/price-lists/${nameOf(list)}?wait=searchable&wait_timeout_ms=300000`;
    const startMs = performance.now();
    const reply = await client.expect('PUT', path, body, 'application/x-ndjson', 600_000);
    tookMs.push(performance.now() - startMs);
    const { accepted, searchable } = reply as { accepted: number; searchable: boolean };
    if (accepted !== rows.length || !searchable) throw new Error(JSON.stringify(reply));
    progress.add();
  }
  progress.done();
  return tookMs;
}

/** How many of random searches are not what a look at every product gives. */
async function compare(
  { flags }: BenchRun<typeof FLAGS>,
  client: JsonClient,
  shown: readonly Shown[][],
): Promise<number> {
  const random = new Random(flags.seed, 'searches');
  const progress = new Progress('searches', flags.searches, 'searches');
  let wrong = 0;
  for (let i = 0; i < flags.searches; i++) {
    const list = Math.floor(random.next() * shown.length);
    const from = Math.floor(random.next() * 900);
    const isDown = random.next() < 0.5;
    const rows = shown[list] ?? [];
    const matching = [...rows.entries()]
      .filter(([, row]) => row.price >= from && row.price < from + 100 && row.in_stock)
      .map(([row, { price }]) => ({ id: idOf(row), price }))
      .sort((a, b) => (isDown ? b.price - a.price : a.price - b.price) || (a.id < b.id ? -1 : 1));
    const found = (await mustSearch(client, '/search/text', {
      ...{ browse: true, price_list: nameOf(list), top_k: TOP_K, fields: ['price'] },
      filter: { price: { gte: from, lt: from + 100 }, in_stock: true },
      sort: [{ field: 'price', order: isDown ? 'desc' : 'asc' }],
    })) as SearchBody & { total: number };
    const got = found.hits.map(({ id, product }) => ({ id, price: product?.['price'] }));
    const isRight =
      found.total === matching.length &&
      JSON.stringify(got) === JSON.stringify(matching.slice(0, TOP_K));
    if (!isRight) wrong += 1;
    progress.add();
  }
  progress.done();
  return wrong;
}

/** Median of a hundred, milliseconds at the client. */
async function sortTimes(client: JsonClient, list: string | undefined): Promise<number> {
  const tookMs: number[] = [];
  for (let i = 0; i < 100; i++) {
    const startMs = performance.now();
    await mustSearch(client, '/search/text', {
      ...{ browse: true, top_k: 10, fields: ['price'], sort: [{ field: 'price' }] },
      ...(list === undefined ? {} : { price_list: list }),
      filter: { price: { gte: i } },
    });
    tookMs.push(performance.now() - startMs);
  }
  return median(tookMs);
}

async function sizesOf({ dataDir, client }: OmniServer): Promise<Sizes> {
  const { body } = await client.get('/stats');
  const { shards } = body as { shards: { bytes: number }[] };
  return {
    store: await diskBytes(join(dataDir, 'store')),
    index: (await diskBytes(dataDir)) - (await diskBytes(join(dataDir, 'store'))),
    indexMemory: shards.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function idOf(row: number): string {
  return `p${String(row)}`;
}

function nameOf(list: number): string {
  return `group-${String(list)}`;
}
