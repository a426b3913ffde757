import { expect, test } from 'vitest';
import { seeded } from '../e2e/catalogue.js';
import { SHARDS, Turmoil } from './turmoil.js';

const ROUNDS = 4;
/** Whether a replica finds a peer to copy from is a matter of chance: until one did, there are more rounds. */
const MAX_ROUNDS = 24;
const OPERATIONS_A_ROUND = 60;

/**
 * Unlike the model test nothing waits for anything here: replicas come and go while others are still
 * being read, searches run while segments are swapped, purges overtake followers.
 */
test.each([
  [1, 'and none sleeps', 1e9, false],
  [2, 'and none sleeps, copied from each other', 1e9, true],
  [3, 'while tenants fall asleep', 0, false],
  [4, 'while tenants fall asleep, copied from each other', 3, true],
])('shards end up equal to the store, seed %i, %s', async (seed, _, idleMs, copies) => {
  const turmoil = await Turmoil.open(seed, idleMs, copies);
  const random = seeded(seed * 1_000);
  try {
    const isOver = (round: number): boolean =>
      round >= ROUNDS && (!copies || turmoil.copied > 0 || round >= MAX_ROUNDS);
    for (let round = 0; !isOver(round); round++) {
      const glances: Promise<void>[] = [];
      for (let i = 0; i < OPERATIONS_A_ROUND; i++) {
        const shard = SHARDS[i % SHARDS.length] as string;
        const dice = random();
        if (dice < 0.5) await turmoil.write();
        else if (dice < 0.88) glances.push(turmoil.glance());
        else if (dice < 0.93) await turmoil.move();
        else if (dice < 0.95) await turmoil.settle();
        else if (dice < 0.97) await turmoil.purge();
        else {
          await Promise.all(glances);
          await turmoil.restart(shard, dice > 0.99);
        }
      }
      await Promise.all(glances);
      await turmoil.check();
    }
    expect(turmoil.copied > 0).toBe(copies);
    expect(turmoil.recall.found / turmoil.recall.wanted).toBeGreaterThanOrEqual(0.95);
  } finally {
    await turmoil.close();
  }
});
