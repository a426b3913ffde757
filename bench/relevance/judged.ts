import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import * as quality from '../lib/quality.js';
import { Random } from '../lib/random.js';
import { misspell } from './made-queries.js';

/** A way to rank: the ids of the best `topK` for a query. */
export type Rank = (query: string, topK: number) => Promise<string[]> | string[];

export type JudgedQueries = ReadonlyMap<string, quality.Judgments>;

/** What one query came to, each from 0 to 1. */
export interface JudgedResult {
  query: string;
  judged: number;
  ndcg_10: number;
  ndcg_10_judged_only: number;
  recall_50: number;
  reciprocal_rank: number;
}

export const MEASURES = ['ndcg_10', 'ndcg_10_judged_only', 'recall_50', 'reciprocal_rank'] as const;

/** Deep enough that the ranking still holds enough judged products when the others are dropped. */
const DEEP = 1000;

/** Ratings by query out of `query,productId,rating` with a header line. */
export async function loadJudgments(file: string): Promise<JudgedQueries> {
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

/** All judged queries through one ranking, the worst first. */
export async function rankJudged(rank: Rank, judgments: JudgedQueries): Promise<JudgedResult[]> {
  const results: JudgedResult[] = [];
  for (const [query, ratings] of judgments) {
    const first = await rank(query, 50);
    const deep = await rank(query, DEEP);
    results.push({
      query,
      judged: ratings.size,
      ndcg_10: quality.ndcg(first, ratings, 10),
      ndcg_10_judged_only: quality.ndcg(quality.judgedOnly(deep, ratings), ratings, 10),
      recall_50: quality.relevantRecall(first, ratings, 50),
      reciprocal_rank: quality.reciprocalRank(first, ratings),
    });
  }
  return results.sort((a, b) => a.ndcg_10 - b.ndcg_10);
}

/** A ranking's means with the intervals that 95 % of resampled query sets fall in. */
export function summary(ranking: string, results: readonly JudgedResult[], seed: number) {
  const of = (measure: (typeof MEASURES)[number]) => {
    const values = results.map((result) => result[measure]);
    const zeros = values.map(() => 0);
    const { difference, low, high } = quality.pairedBootstrap(zeros, values, seed);
    return { value: difference, interval: `${low.toFixed(3)}–${high.toFixed(3)}` };
  };
  const [plain, only] = [of('ndcg_10'), of('ndcg_10_judged_only')];
  return {
    ranking,
    'nDCG@10': plain.value,
    '95 %': plain.interval,
    'judged only': only.value,
    '95 % ': only.interval,
    'recall@50': of('recall_50').value,
    MRR: of('reciprocal_rank').value,
  };
}

/** nDCG@10 of the judged queries with one edit at random each, for each of `seeds`. */
export async function rankMisspelt(rank: Rank, judgments: JudgedQueries, seeds: readonly number[]) {
  const runs: { seed: number; ndcg_10: number; lost: { query: string; ndcg_10: number }[] }[] = [];
  for (const seed of seeds) {
    const random = new Random(seed, 'typos');
    const results: { query: string; ndcg_10: number }[] = [];
    for (const [query, ratings] of judgments) {
      const typed = misspell(query, random);
      const ndcg = quality.ndcg(await rank(typed, 10), ratings, 10);
      results.push({ query: `${typed} (${query})`, ndcg_10: ndcg });
    }
    const lost = results.filter(({ ndcg_10 }) => ndcg_10 < LOST);
    runs.push({ seed, ndcg_10: quality.mean(results.map(({ ndcg_10 }) => ndcg_10)), lost });
  }
  return runs;
}

const LOST = 0.3;

/** Paired bootstrap over the queries that both runs hold; "better" when 0 is outside the interval. */
export function compareRuns(
  before: readonly JudgedResult[],
  now: readonly JudgedResult[],
  seed: number,
) {
  const known = new Map(before.map((result) => [result.query, result]));
  const both = now.filter(({ query }) => known.has(query));
  return MEASURES.map((measure) => {
    const then = both.map(({ query }) => known.get(query)?.[measure] ?? 0);
    const after = both.map((result) => result[measure]);
    const { difference, low, high } = quality.pairedBootstrap(then, after, seed);
    return {
      measure,
      then: quality.mean(then),
      now: quality.mean(after),
      difference,
      'from (95 %)': low,
      to: high,
      verdict: low > 0 ? 'better' : high < 0 ? 'worse' : 'no clear difference',
    };
  });
}
