import { readFile } from 'node:fs/promises';
import { print } from '../lib/report.js';
import { formatTable } from '../lib/table.js';
import type { Bm25 } from './bm25.js';
import { findCodes } from './codes.js';
import { DEMO_NEEDS } from './demo-needs.js';
import { rankDemo } from './demo-queries.js';
import { rankGeneral } from './general-goods.js';
import type { Goods } from './goods.js';
import { ICECAT_NEEDS } from './icecat-needs.js';
import * as judged from './judged.js';
import { askFitting, askNonsense, compareExact, listRewritten } from './log-queries.js';
import { askNeeds, byKind } from './needs.js';
import { MODES, type ShopSearch } from './shop-search.js';

/** What the parts of the bench ask, and of what. */
export interface Asked {
  seed: number;
  /** A report of another run to compare with; empty for none. */
  compare: string;
  shop: ShopSearch;
  goods: readonly Goods[];
  bm25: Bm25;
  judgments: judged.JudgedQueries;
  log: readonly string[];
  demo: ShopSearch;
  demoGoods: readonly Goods[];
  general: ShopSearch;
}

type Part = (asked: Asked) => Promise<unknown>;

/** Each prints what it finds and hands it back for the report. */
export const PARTS: Readonly<Record<string, Part>> = {
  judged: rankByMode,
  typos: rankTypos,
  codes: rankCodes,
  nonsense: fitNothing,
  rewritten: readRewritten,
  exact: compareWithExact,
  kinds: needsByKind,
  general: rankElsewhere,
};

async function rankByMode({ shop, bm25, judgments, seed, compare }: Asked) {
  const rankings: Record<string, judged.JudgedResult[]> = {};
  for (const mode of MODES) {
    const rank: judged.Rank = (query, topK) => shop.rank(query, { topK, mode });
    rankings[mode] = await judged.rankJudged(rank, judgments);
  }
  rankings['BM25'] = await judged.rankJudged((query, topK) => bm25.rank(query, topK), judgments);
  const { hybrid = [] } = rankings;
  print('hybrid by query, worst first', formatTable(hybrid.map((row) => ({ ...row }))));
  const means = Object.entries(rankings).map(([name, rows]) => judged.summary(name, rows, seed));
  print(`means of ${String(judgments.size)} judged queries`, formatTable(means));
  if (compare !== '') await printComparison(compare, hybrid, seed);
  return { means, rankings };
}

async function printComparison(file: string, now: judged.JudgedResult[], seed: number) {
  const report = JSON.parse(await readFile(file, 'utf8')) as {
    results: { judged: { rankings: { hybrid: judged.JudgedResult[] } } };
  };
  const { hybrid } = report.results.judged.rankings;
  print(`against ${file}`, formatTable(judged.compareRuns(hybrid, now, seed)));
}

async function rankTypos({ shop, bm25, judgments, seed }: Asked) {
  const seeds = [seed, seed + 1, seed + 2];
  const rank: judged.Rank = (query, topK) => shop.rank(query, { topK });
  const ours = await judged.rankMisspelt(rank, judgments, seeds);
  const baseline = await judged.rankMisspelt(
    (query, topK) => bm25.rank(query, topK),
    judgments,
    seeds,
  );
  const rows = ours.map((run, i) => ({
    seed: run.seed,
    'nDCG@10': run.ndcg_10,
    BM25: baseline[i]?.ndcg_10,
    'below 0.3': run.lost.map(({ query }) => query).join('; '),
  }));
  print('one edit at random in the longest word', formatTable(rows));
  return { hybrid: ours, bm25: baseline };
}

async function rankCodes({ shop, goods, seed }: Asked) {
  const results = await findCodes(shop, goods, seed);
  const rows = results.map(({ missed, ...row }) => ({
    ...row,
    missed: missed.slice(0, 8).join('; '),
  }));
  print('codes and ids', formatTable(rows));
  return results;
}

async function fitNothing({ shop, log, bm25, seed }: Asked) {
  const nonsense = await askNonsense(shop, seed);
  const fitting = await askFitting(shop, log, bm25, seed);
  const rows = [
    { asked: 'nonsense', count: nonsense.count, empty: nonsense.empty, wrong: nonsense.answered },
    {
      asked: 'logged, fitting',
      count: fitting.count,
      empty: fitting.empty,
      wrong: fitting.queries,
    },
  ];
  const shown = rows.map(({ wrong, ...row }) => ({ ...row, wrong: wrong.join('; ') }));
  print('empty answers', formatTable(shown));
  return { nonsense, fitting };
}

async function readRewritten({ shop, log, seed }: Asked) {
  const result = await listRewritten(shop, log, seed);
  print(
    `rewritten: ${String(result.rewritten.length)} of ${String(result.count)} logged queries`,
    formatTable(result.rewritten),
  );
  return result;
}

async function compareWithExact({ shop, log, seed }: Asked) {
  const { different, ...result } = await compareExact(shop, log, seed);
  const row = { ...result, different: different.slice(0, 10).join('; ') };
  print('the first ten of default mode and of exact mode', formatTable([row]));
  return { ...result, different };
}

async function needsByKind({ shop, goods, demo, demoGoods }: Asked) {
  const results = [
    ...(await askNeeds(shop, goods, ICECAT_NEEDS)),
    ...(await askNeeds(demo, demoGoods, DEMO_NEEDS)),
  ];
  print(
    'needs by kind: half of what is right, or of five, in the first five',
    formatTable(byKind(results)),
  );
  return { kinds: byKind(results), results };
}

async function rankElsewhere({ demo, demoGoods, general }: Asked) {
  const [shops, goods] = [[], []] as [
    Awaited<ReturnType<typeof rankDemo>>[],
    Awaited<ReturnType<typeof rankGeneral>>[],
  ];
  for (const mode of MODES) {
    shops.push(await rankDemo(demo, demoGoods, mode));
    goods.push(await rankGeneral(general, mode));
  }
  print('the demo shop', formatTable(shops));
  print(
    'general goods',
    formatTable(goods.map(({ mode, queries, MAP }) => ({ mode, queries, MAP }))),
  );
  return { demo: shops, general: goods };
}
