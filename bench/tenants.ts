import { setTimeout as sleep } from 'node:timers/promises';
import { bench, type BenchRun } from './lib/bench.js';
import { loadCatalogue, type Catalogue } from './lib/catalogue.js';
import { JsonClient } from './lib/client.js';
import { waitUntilQuiet } from './lib/ingest.js';
import { OmniServer } from './lib/omni-server.js';
import { memoryBytes } from './lib/processes.js';
import { Progress } from './lib/progress.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { formatBytes, formatTable } from './lib/table.js';
import { LatencyHistogram, type Percentiles } from './load/histogram.js';

const FLAGS = {
  catalogue: { default: '', help: 'products to draw from as NDJSON; else shared data or demo' },
  tenants: { default: 10_000, help: 'shops' },
  products: { default: 50, help: 'products of each' },
  shards: { default: 2, help: 'shard processes' },
  rest: { default: 30, help: 'seconds of rest that are measured' },
};

const LOADERS = 16;
const ASLEEP_MS = 60_000;
/** Shops whose first search is measured, each asleep before. */
const FIRST_SEARCHES = 500;
const PAGE_CALLS = 20;

interface Rest {
  cpu_share: number;
  store_reads_per_s: number;
  memory_bytes: number;
}

await bench(
  {
    name: 'tenants',
    about: 'Ten thousand small shops on one machine: what they cost at rest, and how one wakes.',
    maxMinutes: 40,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const tenants = flags.quick ? 300 : flags.tenants;
    const catalogue = await loadCatalogue(flags.catalogue);
    const server = await run.start(OmniServer.start({ shards: flags.shards }));
    const loadMs = await loadShops(run, server, catalogue, tenants);
    await waitUntilQuiet(() => server.processes());
    const loaded = await run.measure('at rest after the load', () => atRest(server, flags.rest));
    const restartMs = await server.restart('stop');
    const firstSearch = await run.measure('first searches', () =>
      firstSearches(run, server, catalogue, tenants),
    );
    // Shops that were searched fall asleep again.
    await sleep(ASLEEP_MS);
    await waitUntilQuiet(() => server.processes());
    const rest = await run.measure('at rest', () => atRest(server, flags.rest));
    const readyz = await timePage(server, '/readyz');
    const metrics = await timePage(server, '/metrics');
    const shards = await shardRows(server);

    print(
      `${String(tenants)} shops of ${String(flags.products)} products`,
      formatTable([
        { what: 'loaded in, s', value: loadMs / 1_000 },
        { what: 'at rest after the load, % of a core', value: loaded.cpu_share * 100 },
        { what: 'at rest, % of a core', value: rest.cpu_share * 100 },
        { what: 'store reads a second at rest', value: rest.store_reads_per_s },
        { what: 'memory after the load', value: formatBytes(loaded.memory_bytes) },
        { what: 'memory after a restart and searches', value: formatBytes(rest.memory_bytes) },
        { what: 'restart until ready, s', value: restartMs / 1_000 },
        { what: 'first search of a sleeping shop, p50 ms', value: firstSearch.p50_ms },
        { what: 'first search of a sleeping shop, p99 ms', value: firstSearch.p99_ms },
        { what: '/readyz, worst ms', value: readyz.max_ms },
        { what: '/metrics, worst ms', value: metrics.max_ms },
        { what: 'rows of the shards', value: shards.join(', ') },
      ]),
    );
    return {
      data: { catalogue: catalogue.name, tenants, products: flags.products },
      results: { loadMs, loaded, rest, restartMs, firstSearch, readyz, metrics, shards },
      figures: [
        { name: 'at rest, share of a core', value: rest.cpu_share, unit: '' },
        { name: 'memory of all processes', value: rest.memory_bytes, unit: 'bytes' },
        { name: 'first search of a sleeping shop, p99', value: firstSearch.p99_ms, unit: 'ms' },
        { name: 'restart until ready', value: restartMs, unit: 'ms' },
      ],
    };
  },
);

async function loadShops(
  run: BenchRun<typeof FLAGS>,
  { url }: OmniServer,
  { products }: Catalogue,
  tenants: number,
): Promise<number> {
  const progress = new Progress('loading shops', tenants, 'shops');
  const startMs = performance.now();
  let next = 0;
  const loader = async (): Promise<void> => {
    while (next < tenants) {
      const shop = next++;
      const random = new Random(run.flags.seed, `shop ${String(shop)}`);
      const rows = Array.from({ length: run.flags.products }, () => random.pick(products).line);
      const client = new JsonClient(url, 120_000, 1, nameOf(shop));
      await client.expect('POST', '/products', rows.join('\n'), 'application/x-ndjson');
      await client.close();
      progress.add();
    }
  };
  await Promise.all(Array.from({ length: LOADERS }, loader));
  progress.done();
  return performance.now() - startMs;
}

function nameOf(shop: number): string {
  return `shop-${String(shop)}`;
}

/** What all processes together take while nobody asks. */
async function atRest(server: OmniServer, seconds: number): Promise<Rest> {
  const cpuMs = (): number => server.processes().reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const [cpuBefore, readsBefore, startMs] = [cpuMs(), await storeReads(server), performance.now()];
  await sleep(seconds * 1_000);
  const elapsedMs = performance.now() - startMs;
  const reads = (await storeReads(server)) - readsBefore;
  return {
    cpu_share: (cpuMs() - cpuBefore) / elapsedMs,
    store_reads_per_s: (reads * 1_000) / elapsedMs,
    memory_bytes: memoryBytes(server.processes()),
  };
}

/** `store_reads_total` of the query node and `shard_store_reads_total` of its shards. */
async function storeReads({ client }: OmniServer): Promise<number> {
  const { body } = await client.get('/metrics');
  const counts = String(body).matchAll(/^(?:shard_)?store_reads_total\S* (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Each of a different shop that nobody has asked since the start. */
async function firstSearches(
  run: BenchRun<typeof FLAGS>,
  { url }: OmniServer,
  { products }: Catalogue,
  tenants: number,
): Promise<Percentiles> {
  const latency = new LatencyHistogram();
  const random = new Random(run.flags.seed, 'first searches');
  for (const shop of random.sample(Math.min(FIRST_SEARCHES, tenants), tenants)) {
    const client = new JsonClient(url, 30_000, 1, nameOf(shop));
    // The connection is there before the clock starts.
    await client.get('/livez');
    const query = random.pick(products).title;
    const startMs = performance.now();
    const reply = await client.expect('POST', '/search/text', { query, top_k: 10 });
    latency.record(performance.now() - startMs);
    await client.close();
    // A shop of another kind of goods may have none that fits.
    const { partial } = reply as { partial: object | null };
    if (partial !== null) {
      throw new Error(`${nameOf(shop)} answered in part: ${JSON.stringify(partial)}`);
    }
    await sleep(10);
  }
  return latency.summary();
}

async function timePage({ client }: OmniServer, path: string): Promise<Percentiles> {
  const latency = new LatencyHistogram();
  for (let i = 0; i < PAGE_CALLS; i++) {
    const startMs = performance.now();
    await client.expect('GET', path);
    latency.record(performance.now() - startMs);
    await sleep(50);
  }
  return latency.summary();
}

async function shardRows({ client }: OmniServer): Promise<number[]> {
  const stats = (await client.expect('GET', '/stats')) as { shards: { documents: number }[] };
  return stats.shards.map(({ documents }) => documents);
}
