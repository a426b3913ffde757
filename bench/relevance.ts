import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'csv-parse/sync';
import { bench } from './lib/bench.js';
import { sharedFile } from './lib/paths.js';
import { Progress } from './lib/progress.js';
import * as quality from './lib/quality.js';
import { print } from './lib/report.js';
import { mustSearch } from './lib/search.js';
import { openShop, SHOP_FLAGS, type Shop } from './lib/shop.js';
import { formatTable } from './lib/table.js';

/** Deep enough that the ranking still holds enough judged products when the others are dropped. */
const DEEP = 1000;

const FLAGS = {
  ...SHOP_FLAGS,
  judgments: { default: '', help: 'query,productId,rating (0 to 3) as CSV; else shared data' },
  compare: { default: '', help: 'a report of another run to compare with, query by query' },
};

/** What one query came to, each from 0 to 1. */
interface QueryResult {
  query: string;
  judged: number;
  ndcg_10: number;
  ndcg_10_judged_only: number;
  recall_50: number;
  reciprocal_rank: number;
  /** nDCG@10 when every vector is compared. */
  exact_ndcg_10: number;
}

const MEASURES = [
  'ndcg_10',
  'ndcg_10_judged_only',
  'recall_50',
  'reciprocal_rank',
  'exact_ndcg_10',
] as const;

await bench(
  {
    name: 'relevance',
    about: 'nDCG@10, recall@50 and MRR of text search over human judgments.',
    maxMinutes: 10,
    flags: FLAGS,
  },
  async (run) => {
    const file = run.flags.judgments === '' ? sharedFile('judgments-dev.csv') : run.flags.judgments;
    if (file === undefined) {
      run.say('skipped: no judgments here; name a file with --judgments (and --catalogue)');
      return { data: {}, results: { skipped: 'no judgments' }, figures: [] };
    }
    const judgments = await loadJudgments(file);
    const shop = await openShop(run);
    const queries = await rankAll(shop, judgments);
    const means = Object.fromEntries(
      MEASURES.map((measure) => [measure, quality.mean(queries.map((q) => q[measure]))]),
    );

    print('by query, worst first', formatTable(queries.map((q) => ({ ...q }))));
    print(`means of ${String(queries.length)} queries`, formatTable([means]));
    const comparison = run.flags.compare === '' ? [] : await compare(run.flags, queries);
    if (comparison.length > 0) print(`against ${run.flags.compare}`, formatTable(comparison));
    return {
      data: {
        catalogue: shop.catalogue.name,
        products: shop.catalogue.products.length,
        judgments: basename(file),
      },
      results: { means, queries, comparison },
      figures: [
        { name: 'nDCG@10', value: means['ndcg_10'] ?? 0, unit: '' },
        { name: 'nDCG@10, judged only', value: means['ndcg_10_judged_only'] ?? 0, unit: '' },
      ],
    };
  },
);

async function rankAll(
  { client }: Shop,
  judgments: ReadonlyMap<string, quality.Judgments>,
): Promise<QueryResult[]> {
  const rank = async (query: string, topK: number, exact: boolean): Promise<string[]> => {
    const request = { query, top_k: topK, exact, fields: [], timeout_ms: 10_000 };
    return (await mustSearch(client, '/search/text', request)).hits.map(({ id }) => id);
  };
  const progress = new Progress('judged queries', judgments.size, 'queries');
  const results: QueryResult[] = [];
  for (const [query, ratings] of judgments) {
    const first = await rank(query, 50, false);
    const deep = await rank(query, DEEP, false);
    const exact = await rank(query, 10, true);
    results.push({
      query,
      judged: ratings.size,
      ndcg_10: quality.ndcg(first, ratings, 10),
      ndcg_10_judged_only: quality.ndcg(quality.judgedOnly(deep, ratings), ratings, 10),
      recall_50: quality.relevantRecall(first, ratings, 50),
      reciprocal_rank: quality.reciprocalRank(first, ratings),
      exact_ndcg_10: quality.ndcg(exact, ratings, 10),
    });
    progress.add();
  }
  progress.done();
  return results.sort((a, b) => a.ndcg_10 - b.ndcg_10);
}

async function loadJudgments(file: string): Promise<Map<string, Map<string, number>>> {
  const rows = parse<{ query: string; productId: string; rating: string }>(await readFile(file), {
    columns: true,
    bom: true,
  });
  const judgments = new Map<string, Map<string, number>>();
  for (const { query, productId, rating } of rows) {
    const ratings = judgments.get(query) ?? new Map<string, number>();
    judgments.set(query, ratings.set(productId, Number(rating)));
  }
  return judgments;
}

/** Paired bootstrap over the queries that both runs hold; "better" when 0 is outside the interval. */
async function compare(flags: { compare: string; seed: number }, queries: readonly QueryResult[]) {
  const report = JSON.parse(await readFile(flags.compare, 'utf8')) as {
    results: { queries: QueryResult[] };
  };
  const before = new Map(report.results.queries.map((result) => [result.query, result]));
  const both = queries.filter(({ query }) => before.has(query));
  return MEASURES.map((measure) => {
    const then = both.map(({ query }) => before.get(query)?.[measure] ?? 0);
    const now = both.map((result) => result[measure]);
    const { difference, low, high } = quality.pairedBootstrap(then, now, flags.seed);
    return {
      measure,
      then: quality.mean(then),
      now: quality.mean(now),
      difference,
      'from (95 %)': low,
      to: high,
      verdict: low > 0 ? 'better' : high < 0 ? 'worse' : 'no clear difference',
    };
  });
}
