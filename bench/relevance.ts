import { basename, join } from 'node:path';
import { bench, type BenchRun } from './lib/bench.js';
import { JsonClient } from './lib/client.js';
import { ingest } from './lib/ingest.js';
import { REPOSITORY, sharedFile } from './lib/paths.js';
import type { Figure } from './lib/report.js';
import { openShop, SHOP_FLAGS } from './lib/shop.js';
import { Bm25 } from './relevance/bm25.js';
import { generalGoods } from './relevance/general-goods.js';
import { goodsOf, loadGoods } from './relevance/goods.js';
import { loadJudgments, type JudgedQueries } from './relevance/judged.js';
import { PARTS, type Asked } from './relevance/parts.js';
import { ShopSearch } from './relevance/shop-search.js';

const FLAGS = {
  ...SHOP_FLAGS,
  judgments: { default: '', help: 'query,productId,rating (0 to 3) as CSV; else shared data' },
  compare: { default: '', help: 'a report of another run to compare with, query by query' },
  only: { default: '', help: `some of ${Object.keys(PARTS).join(',')}; else all` },
};

type Run = BenchRun<typeof FLAGS>;

await bench(
  {
    name: 'relevance',
    about: 'What text search finds: judged queries, typos, codes, nonsense, needs by kind.',
    maxMinutes: 15,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const file = flags.judgments === '' ? sharedFile('judgments-dev.csv') : flags.judgments;
    if (file === undefined) {
      run.say('skipped: no judgments here; name a file with --judgments (and --catalogue)');
      return { data: {}, results: { skipped: 'no judgments' }, figures: [] };
    }
    const names = flags.only === '' ? Object.keys(PARTS) : flags.only.split(',');
    const unknown = names.find((name) => !Object.hasOwn(PARTS, name));
    if (unknown !== undefined) throw new Error(`--only: there is no part "${unknown}"`);
    const { asked, data } = await openShops(run, await loadJudgments(file));
    const results: Record<string, unknown> = {};
    for (const name of names) {
      run.say(name);
      results[name] = await PARTS[name]?.(asked);
    }
    return { data: { ...data, judgments: basename(file) }, results, figures: figuresOf(results) };
  },
);

/** One server with three shops: the judged catalogue, the demo shop and general goods. */
async function openShops(run: Run, judgments: JudgedQueries) {
  const { flags } = run;
  const { catalogue, traffic, client, server } = await openShop(run);
  const url = server?.url ?? flags.url;
  const tenant = async (name: string, lines: readonly string[]): Promise<ShopSearch> => {
    const own = run.use(new JsonClient(url, undefined, undefined, name));
    await ingest(own, lines.length, (row) => lines[row] ?? '', name);
    return new ShopSearch(own);
  };
  const demoGoods = await loadGoods(join(REPOSITORY, 'dist', 'demo', 'catalogue.ndjson.gz'));
  const goods = catalogue.products.map(({ line }) => goodsOf(line));
  const asked: Asked = {
    ...{ seed: flags.seed, compare: flags.compare, judgments, goods, demoGoods },
    shop: new ShopSearch(client),
    bm25: new Bm25(goods),
    log: traffic.log.map(({ query }) => query),
    demo: await tenant(
      'demo',
      demoGoods.map(({ line }) => line),
    ),
    general: await tenant('general', generalGoods().lines),
  };
  const data = {
    ...{ catalogue: catalogue.name, products: goods.length, queries: traffic.name },
    ...{ demo_products: demoGoods.length, general_products: generalGoods().lines.length },
  };
  return { asked, data };
}

function figuresOf(results: Record<string, unknown>): Figure[] {
  const judged = results['judged'] as { means: Record<string, number | string>[] } | undefined;
  return (judged?.means ?? []).flatMap((row) => [
    { name: `nDCG@10, ${String(row['ranking'])}`, value: Number(row['nDCG@10']), unit: '' },
    {
      name: `nDCG@10, judged only, ${String(row['ranking'])}`,
      value: Number(row['judged only']),
      unit: '',
    },
  ]);
}
