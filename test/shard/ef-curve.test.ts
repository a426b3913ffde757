import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EfCurve, type EfOptions, type SampleSource } from '../../src/shard/ef-curve.js';
import { RecallEvidence, type RecallSample } from '../../src/shard/recall-evidence.js';

const OPTIONS: EfOptions = { target: 0.98, start: 128, min: 64, max: 512 };
const K = 16;

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Recall that grows with ef and reaches 0.98 at `needed`. */
const recallAt = (ef: number, needed: number): number => 1 - 0.02 ** (ef / needed);

/** Repeats searches whose queries differ in how hard they are; returns each ef on the way. */
function simulate(needed: number, searches: number, seed: number, options = OPTIONS): number[] {
  const random = randomOf(seed);
  const curve = new EfCurve(options);
  const path = [curve.ef];
  for (let i = 0; i < searches; i++) {
    const hardness = 0.75 + 0.5 * random();
    // A hit that a narrow search finds, a wider one finds as well.
    const luck = Array.from({ length: K }, random);
    const samples = curve.ladder.map((ef) => {
      const recall = recallAt(ef * hardness, needed);
      return { found: luck.filter((value) => value < recall).length, expected: K };
    });
    if (curve.observe(samples, 'query')) path.push(curve.ef);
  }
  return path;
}

/** The same at every width. */
function observe(curve: EfCurve, sample: RecallSample, source: SampleSource, times: number): void {
  const samples = curve.ladder.map(() => sample);
  for (let i = 0; i < times; i++) curve.observe(samples, source);
}

describe('the curve of recall over ef', () => {
  test('stays within its bounds, whatever it is told', () => {
    const sample = fc.record({
      found: fc.nat(20),
      source: fc.constantFrom<SampleSource>('query', 'row'),
      times: fc.integer({ min: 1, max: 300 }),
    });
    const options = fc
      .tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 400 }), fc.nat(1_000))
      .map(([min, span, start]) => ({ target: 0.98, start, min, max: min + span }));
    fc.assert(
      fc.property(options, fc.array(sample, { maxLength: 20 }), (bounds, samples) => {
        const curve = new EfCurve(bounds);
        expect([...curve.ladder].sort((a, b) => a - b)).toEqual(curve.ladder);
        for (const { found, source, times } of samples) {
          observe(curve, { found, expected: 20 }, source, times);
          expect(curve.ef).toBeGreaterThanOrEqual(bounds.min);
          expect(curve.ef).toBeLessThanOrEqual(bounds.max);
          expect(Number.isInteger(curve.ef)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('64 queries are enough to come where recall holds, and not at many times what that takes', () => {
    const needed = fc.integer({ min: 80, max: 300 });
    fc.assert(
      fc.property(needed, fc.nat(), (need, seed) => {
        const last = simulate(need, 64, seed).at(-1) as number;
        expect(recallAt(last, need)).toBeGreaterThan(0.965);
        expect(last).toBeLessThan(need * 2.5);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test('settles: it seldom changes once it knows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 600 }), fc.nat(), (need, seed) => {
        expect(simulate(need, 5_000, seed).length).toBeLessThan(40);
      }),
      { numRuns: 40, seed: 2 },
    );
  });

  test('a bad graph raises it within a few searches', () => {
    const curve = new EfCurve(OPTIONS);
    observe(curve, { found: 9, expected: K }, 'row', 8);
    expect(curve.ef).toBe(512);
    expect(curve.failing).toBe(true);
  });

  test('stored rows alone never lower it below its start', () => {
    const curve = new EfCurve(OPTIONS);
    observe(curve, { found: K, expected: K }, 'row', 5_000);
    expect(curve.ef).toBe(128);
    observe(curve, { found: K, expected: K }, 'query', 32);
    expect(curve.ef).toBe(64);
  });

  test('queries count alone, once there are some', () => {
    const curve = new EfCurve(OPTIONS);
    observe(curve, { found: K, expected: K }, 'row', 200);
    observe(curve, { found: K - 4, expected: K }, 'query', 32);
    expect(curve.ef).toBe(512);
    expect(curve.seen.recall).toBe(0.75);
  });

  test('new graphs make what is known count for little', () => {
    const curve = new EfCurve(OPTIONS);
    observe(curve, { found: K - 4, expected: K }, 'query', 200);
    curve.fade();
    expect(curve.ef).toBe(512);
    observe(curve, { found: K, expected: K }, 'query', 250);
    expect(curve.ef).toBe(64);
  });

  test('equal bounds hold it fixed', () => {
    const fixed = new EfCurve({ ...OPTIONS, min: 100, max: 100 });
    observe(fixed, { found: 1, expected: K }, 'query', 500);
    expect(fixed.ef).toBe(100);
  });
});

test('the bounds of recall hold the truth about as often as they say, also when queries differ', () => {
  const random = randomOf(7);
  let above = 0;
  let below = 0;
  const rounds = 500;
  for (let round = 0; round < rounds; round++) {
    const evidence = new RecallEvidence();
    // Half of the queries have recall 1, half 0.9.
    for (let i = 0; i < 64; i++) {
      const recall = random() < 0.5 ? 1 : 0.9;
      let found = 0;
      for (let hit = 0; hit < K; hit++) if (random() < recall) found += 1;
      evidence.add({ found, expected: K });
    }
    if (evidence.low > 0.95) above += 1;
    if (evidence.high < 0.95) below += 1;
  }
  expect(above / rounds).toBeLessThan(0.1);
  expect(below / rounds).toBeLessThan(0.1);
});
