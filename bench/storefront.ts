import { bench, type BenchResult } from './lib/bench.js';
import { loadCatalogue } from './lib/catalogue.js';
import { JsonClient } from './lib/client.js';
import { ingest, waitUntilQuiet } from './lib/ingest.js';
import { median } from './lib/median.js';
import { OmniServer } from './lib/omni-server.js';
import { Progress } from './lib/progress.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';
import { loadTraffic } from './lib/traffic.js';
import { Churn } from './storefront/churn.js';
import { compareSeven } from './storefront/seven.js';
import { walkOnce, type WalkReport } from './storefront/walk.js';

const FLAGS = {
  catalogue: { default: '', help: 'products as NDJSON; else shared data or demo' },
  shards: { default: 2, help: 'shard processes' },
  walks: { default: 10_000, help: 'walks over all pages of a set' },
  pages: { default: 20, help: 'pages of a walk' },
  writes: { default: 50, help: 'writes a second meanwhile' },
  only: { default: 'all', help: 'walks, seven or all' },
};

/** One in so many products is written to meanwhile. */
const CHURNED = 5;
const WALKERS = 4;

await bench(
  {
    name: 'storefront',
    about: 'Walks by cursor while products change, and the seven searches of six refinements.',
    maxMinutes: 90,
    flags: FLAGS,
  },
  async (run): Promise<BenchResult> => {
    const { flags } = run;
    const catalogue = await loadCatalogue(flags.catalogue);
    const { log } = await loadTraffic(catalogue, flags.seed);
    const queries = log.map(({ query }) => query);
    const server = await run.start(OmniServer.start({ shards: flags.shards }));
    const client = run.use(new JsonClient(server.url));
    await ingest(client, catalogue.products.length, (i) => catalogue.products[i]?.line ?? '');
    await waitUntilQuiet(() => server.processes());
    const results: Record<string, unknown> = {};
    const figures: BenchResult['figures'] = [];

    if (flags.only !== 'walks') {
      const seven = await run.measure('seven searches', () =>
        compareSeven(client, queries.slice(0, flags.quick ? 20 : 100)),
      );
      results['seven'] = seven;
      print(
        'six refinements: seven searches in one request beside one of them, a query warm',
        formatTable([
          { what: 'one search', p50_ms: seven.one_p50_ms, p99_ms: seven.one_p99_ms },
          { what: 'seven', p50_ms: seven.seven_p50_ms, p99_ms: seven.seven_p99_ms },
          { what: 'median of the ratios', p50_ms: seven.ratio, p99_ms: '' },
        ]),
      );
      figures.push({
        name: 'seven searches in one request, times one',
        value: seven.ratio,
        unit: '',
      });
    }

    if (flags.only !== 'seven') {
      const walks = flags.quick ? 100 : flags.walks;
      const random = new Random(flags.seed, 'walks');
      const churned = catalogue.products.filter((_, i) => i % CHURNED === 0);
      const churn = new Churn(client, churned, flags.writes, new Random(flags.seed, 'churn'));
      const progress = new Progress('walking', walks, 'walks');
      const reports: WalkReport[] = [];
      const categories = [...new Set(catalogue.products.map(({ category }) => category))];
      const walker = async (): Promise<void> => {
        while (reports.length < walks) {
          const report = await walkOnce(client, { body: aSet(random), pages: flags.pages }, churn);
          if (report === undefined) continue;
          reports.push(report);
          progress.add(1);
        }
      };
      const aSet = (by: Random): Record<string, unknown> => {
        const sort = by.pick([undefined, [{ field: 'price', order: 'asc' }]]);
        const set =
          by.below(3) === 0
            ? { browse: true, filter: { category: by.pick(categories) } }
            : { query: by.pick(queries) };
        return { ...set, ...(sort === undefined ? {} : { sort }) };
      };
      await run.measure('walks', () => Promise.all(Array.from({ length: WALKERS }, walker)));
      await churn.stop();
      progress.done();
      const sum = (of: (report: WalkReport) => number): number =>
        reports.reduce((total, report) => total + of(report), 0);
      const totals = {
        walks: reports.length,
        pages: sum(({ pages }) => pages),
        products: sum(({ products }) => products),
        median_products: median(reports.map(({ products }) => products)),
        duplicates: sum(({ duplicates }) => duplicates),
        gaps: sum(({ gaps }) => gaps),
        strangers: sum(({ strangers }) => strangers),
        ghosts: sum(({ ghosts }) => ghosts),
        writes: churn.writes,
        failed_writes: churn.failed,
      };
      results['walks'] = totals;
      print(
        `walks of ${String(flags.pages)} pages beside ${String(flags.writes)} writes a second`,
        formatTable([totals]),
      );
      figures.push({
        name: `duplicates and gaps in ${String(totals.walks)} walks by cursor`,
        value: totals.duplicates + totals.gaps,
        unit: '',
      });
    }
    return {
      data: { catalogue: catalogue.name, products: catalogue.products.length },
      results,
      figures,
    };
  },
);
