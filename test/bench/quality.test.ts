import { describe, expect, it } from 'vitest';
import * as quality from '../../bench/lib/quality.js';

const JUDGMENTS = new Map([
  ['exact', 3],
  ['good', 2],
  ['poor', 0],
]);

describe('the quality measures', () => {
  it('gives nDCG as worked out by hand', () => {
    // Gains 7 at rank 2 and 3 at rank 3, against the ideal of 7 at rank 1 and 3 at rank 2.
    const dcg = 7 / Math.log2(3) + 3 / Math.log2(4);
    const ideal = 7 / Math.log2(2) + 3 / Math.log2(3);
    expect(quality.ndcg(['unjudged', 'exact', 'good'], JUDGMENTS, 10)).toBeCloseTo(dcg / ideal, 12);
    expect(quality.ndcg(['exact', 'good', 'poor'], JUDGMENTS, 10)).toBe(1);
    expect(quality.ndcg(['poor', 'exact'], JUDGMENTS, 1)).toBe(0);
    expect(quality.ndcg(['poor'], new Map([['poor', 0]]), 10)).toBe(0);
  });

  it('drops unjudged products for the judged-only variant', () => {
    const ranking = quality.judgedOnly(['unjudged', 'exact', 'other', 'good'], JUDGMENTS);
    expect(quality.ndcg(ranking, JUDGMENTS, 10)).toBe(1);
  });

  it('counts recall and the reciprocal rank', () => {
    expect(quality.recall([1, 2, 3], [2, 9])).toBe(0.5);
    expect(quality.recall([], [])).toBe(1);
    expect(quality.recallByScore([0.9, 0.8, 0.8], [0.9, 0.8, 0.8])).toBe(1);
    expect(quality.recallByScore([0.9, 0.8, 0.7], [0.9, 0.85, 0.8])).toBeCloseTo(2 / 3, 12);
    expect(quality.relevantRecall(['x', 'good', 'exact'], JUDGMENTS, 2)).toBe(0.5);
    expect(quality.reciprocalRank(['poor', 'x', 'good'], JUDGMENTS)).toBeCloseTo(1 / 3, 12);
    expect(quality.reciprocalRank(['poor'], JUDGMENTS)).toBe(0);
  });

  it('gives a bootstrap interval that holds the difference, the same for the same seed', () => {
    const before = Array.from({ length: 50 }, (_, i) => (i % 7) / 10);
    const after = before.map((value, i) => value + (i % 2 === 0 ? 0.1 : 0.06));
    const result = quality.pairedBootstrap(before, after, 1);
    expect(result.difference).toBeCloseTo(0.08, 12);
    expect(result.low).toBeGreaterThan(0.07);
    expect(result.high).toBeLessThan(0.09);
    expect(quality.pairedBootstrap(before, after, 1)).toEqual(result);
    const none = quality.pairedBootstrap(before, before.toReversed(), 1);
    expect(none.low).toBeLessThanOrEqual(0);
    expect(none.high).toBeGreaterThanOrEqual(0);
  });
});
