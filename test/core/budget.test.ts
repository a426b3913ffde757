import { describe, expect, test } from 'vitest';
import { Budget, LOOK_EVERY_UNITS, TURN_MS } from '../../src/core/budget.js';
import { Deadline } from '../../src/core/deadline.js';

/** A budget on a clock that stands until it is told otherwise. */
function onClock(budgetMs: number, options: { signal?: AbortSignal } = {}) {
  const clock = { ms: 0 };
  let yields = 0;
  const now = (): number => clock.ms;
  const budget = new Budget(Deadline.after(budgetMs, now), {
    ...options,
    now,
    yieldTurn: async () => {
      yields += 1;
      clock.ms += 5;
    },
  });
  return { clock, budget, yielded: () => yields };
}

describe('a budget', () => {
  test('wants a look at the clock once in so many units, however they are spent', () => {
    const { budget } = onClock(1_000);
    let looks = 0;
    for (let i = 0; i < 10 * LOOK_EVERY_UNITS; i += 64) {
      if (!budget.spend(64)) continue;
      looks += 1;
      void budget.pause();
    }
    expect(looks).toBe(10);
    expect(budget.spend(LOOK_EVERY_UNITS)).toBe(true);
  });

  test('gives the turn away only when it has lasted, and counts how long it was away', async () => {
    const { clock, budget, yielded } = onClock(1_000);
    expect(await budget.pause()).toBe(true);
    clock.ms = TURN_MS - 1;
    expect(await budget.pause()).toBe(true);
    expect(yielded()).toBe(0);
    clock.ms = TURN_MS;
    expect(await budget.pause()).toBe(true);
    expect([yielded(), budget.yields, budget.awayMs]).toEqual([1, 1, 5]);
    // A turn of its own begins when it is back.
    clock.ms += TURN_MS - 1;
    await budget.pause();
    expect(yielded()).toBe(1);
  });

  test('is spent when its time is over, also while it was away, and stays so', async () => {
    const { clock, budget } = onClock(10);
    clock.ms = 9;
    expect(budget.isSpent()).toBe(false);
    expect(await budget.pause()).toBe(false);
    expect(clock.ms).toBe(14);
    clock.ms = 0;
    expect(budget.isSpent()).toBe(true);
    expect(budget.wasSpent).toBe(true);
  });

  test('is spent when its caller is gone', () => {
    const caller = new AbortController();
    const { budget } = onClock(1_000, { signal: caller.signal });
    expect(budget.isSpent()).toBe(false);
    caller.abort();
    expect(budget.isSpent()).toBe(true);
  });

  test('that nobody found spent has left nothing undone', () => {
    const { clock, budget } = onClock(10);
    clock.ms = 11;
    expect(budget.wasSpent).toBe(false);
  });
});
