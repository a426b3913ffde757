import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EfController, type EfOptions, type SampleSource } from '../../src/shard/ef-controller.js';
import { RecallEvidence } from '../../src/shard/recall-evidence.js';

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
const curve = (ef: number, needed: number): number => 1 - 0.02 ** (ef / needed);

/** Repeats searches whose queries differ in how hard they are; returns each ef on the way. */
function simulate(needed: number, searches: number, seed: number, options = OPTIONS): number[] {
  const random = randomOf(seed);
  const controller = new EfController(options);
  const path = [controller.ef];
  for (let i = 0; i < searches; i++) {
    const recall = curve(controller.ef * (0.75 + 0.5 * random()), needed);
    let found = 0;
    for (let hit = 0; hit < K; hit++) if (random() < recall) found += 1;
    if (controller.observe({ found, expected: K }, 'query')) path.push(controller.ef);
  }
  return path;
}

describe('the controller of ef', () => {
  test('stays within its bounds, whatever it is told', () => {
    const sample = fc.record({
      found: fc.nat(20),
      expected: fc.constant(20),
      source: fc.constantFrom<SampleSource>('query', 'row'),
      times: fc.integer({ min: 1, max: 300 }),
    });
    const options = fc
      .tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 400 }), fc.nat(1_000))
      .map(([min, span, start]) => ({ target: 0.98, start, min, max: min + span }));
    fc.assert(
      fc.property(options, fc.array(sample, { maxLength: 20 }), (bounds, samples) => {
        const controller = new EfController(bounds);
        for (const { found, expected, source, times } of samples) {
          for (let i = 0; i < times; i++) controller.observe({ found, expected }, source);
          expect(controller.ef).toBeGreaterThanOrEqual(bounds.min);
          expect(controller.ef).toBeLessThanOrEqual(bounds.max);
          expect(Number.isInteger(controller.ef)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('ends where recall holds the target, and not at many times what that takes', () => {
    const needed = fc.integer({ min: 80, max: 300 });
    fc.assert(
      fc.property(needed, fc.nat(), (need, seed) => {
        const path = simulate(need, 20_000, seed);
        const last = path.at(-1) as number;
        expect(curve(last, need)).toBeGreaterThan(0.97);
        expect(last).toBeLessThan(need * 2);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test('settles: turns grow rarer as evidence grows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 600 }), fc.nat(), (need, seed) => {
        const path = simulate(need, 40_000, seed);
        const turns = path.filter(
          (ef, i) =>
            i > 1 &&
            Math.sign(ef - (path[i - 1] as number)) !==
              Math.sign((path[i - 1] as number) - (path[i - 2] as number)),
        );
        // A change every FULL_LOOK samples would be 1,250.
        expect(turns.length).toBeLessThan(30);
      }),
      { numRuns: 40, seed: 2 },
    );
  });

  test('a bad graph raises it within a few dozen searches', () => {
    const controller = new EfController(OPTIONS);
    for (let i = 0; i < 16; i++) controller.observe({ found: 9, expected: K }, 'row');
    expect(controller.ef).toBe(512);
    expect(controller.failing).toBe(false);
    for (let i = 0; i < 8; i++) controller.observe({ found: 9, expected: K }, 'row');
    expect(controller.failing).toBe(true);
  });

  test('stored rows alone never lower it below its start', () => {
    const controller = new EfController(OPTIONS);
    for (let i = 0; i < 5_000; i++) controller.observe({ found: K, expected: K }, 'row');
    expect(controller.ef).toBe(128);
    for (let i = 0; i < 5_000; i++) controller.observe({ found: K, expected: K }, 'query');
    expect(controller.ef).toBe(64);
  });

  test('equal bounds hold it fixed', () => {
    const fixed = new EfController({ ...OPTIONS, min: 100, max: 100 });
    for (let i = 0; i < 500; i++) fixed.observe({ found: i % 2, expected: K }, 'query');
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
