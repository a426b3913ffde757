import { Random } from './random.js';

/** Ratings of one query's products, 0 (irrelevant) to 3 (exact). */
export type Judgments = ReadonlyMap<string, number>;

/** Share of the true neighbours that were found; 1 when there are none to find. */
export function recall<T>(found: readonly T[], truth: readonly T[]): number {
  if (truth.length === 0) return 1;
  const set = new Set(found);
  return truth.filter((id) => set.has(id)).length / truth.length;
}

/**
 * Recall where products of one model have equal vectors: a hit counts when its score is no worse than
 * the last true one's, whichever of the equals it is (as ann-benchmarks counts).
 */
export function recallByScore(found: readonly number[], truth: readonly number[]): number {
  const last = truth.at(-1);
  if (last === undefined) return 1;
  return Math.min(1, found.filter((score) => score >= last).length / truth.length);
}

/** Gain 2^rating - 1, discount log2(rank + 1), unjudged as 0 (Burges et al. 2005). */
export function ndcg(ranking: readonly string[], judgments: Judgments, k: number): number {
  const gain = (ratings: readonly number[]): number =>
    ratings.slice(0, k).reduce((sum, rating, i) => sum + (2 ** rating - 1) / Math.log2(i + 2), 0);
  const ideal = gain([...judgments.values()].sort((a, b) => b - a));
  return ideal === 0 ? 0 : gain(ranking.map((id) => judgments.get(id) ?? 0)) / ideal;
}

/** The ranking without products that nobody judged, which keyword engines never brought up. */
export function judgedOnly(ranking: readonly string[], judgments: Judgments): string[] {
  return ranking.filter((id) => judgments.has(id));
}

/** 1 / rank of the first product rated at least 1; 0 when there is none. */
export function reciprocalRank(ranking: readonly string[], judgments: Judgments): number {
  const index = ranking.findIndex((id) => (judgments.get(id) ?? 0) >= 1);
  return index < 0 ? 0 : 1 / (index + 1);
}

/** Share of the products rated at least 1 among the first k. */
export function relevantRecall(
  ranking: readonly string[],
  judgments: Judgments,
  k: number,
): number {
  const relevant = [...judgments].filter(([, rating]) => rating >= 1).map(([id]) => id);
  return recall(ranking.slice(0, k), relevant);
}

/** Mean difference of paired values with the interval that 95 % of resamples fall in. */
export interface PairedDifference {
  difference: number;
  low: number;
  high: number;
}

/** Paired bootstrap (Efron) over queries: `b` minus `a`, 10,000 resamples. */
export function pairedBootstrap(
  a: readonly number[],
  b: readonly number[],
  seed: number,
): PairedDifference {
  const differences = b.map((value, i) => value - (a[i] ?? 0));
  const random = new Random(seed, 'bootstrap');
  const means = Array.from({ length: 10_000 }, () => {
    let sum = 0;
    for (let i = 0; i < differences.length; i += 1) sum += random.pick(differences);
    return sum / differences.length;
  }).sort((x, y) => x - y);
  return { difference: mean(differences), low: means[250] ?? 0, high: means[9749] ?? 0 };
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
