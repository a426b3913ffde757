import { expect, it } from 'vitest';
import { PacedClock, timerClock } from '../../bench/load/clock.js';

it('the paced clock never wakes a sleeper early, and serves one at a time', async () => {
  const clock = new PacedClock();
  try {
    for (const aheadMs of [0.2, 0.7, 1.3, 5]) {
      const dueMs = clock.nowMs() + aheadMs;
      await clock.sleepUntil(dueMs);
      expect(clock.nowMs()).toBeGreaterThanOrEqual(dueMs);
    }
    const first = clock.sleepUntil(clock.nowMs() + 5);
    expect(() => clock.sleepUntil(clock.nowMs() + 5)).toThrow('one sleeper');
    await first;
  } finally {
    await clock.close();
  }
});

it('the timer clock never wakes a sleeper early either', async () => {
  for (const aheadMs of [0.2, 1.6, 3.1]) {
    const dueMs = timerClock.nowMs() + aheadMs;
    await timerClock.sleepUntil(dueMs);
    expect(timerClock.nowMs()).toBeGreaterThanOrEqual(dueMs);
  }
});
