import { expect, test } from 'vitest';
import { RecallEvidence } from '../../src/shard/recall/recall-evidence.js';

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
