import { expect, test } from 'vitest';
import { BusyShare } from '../../src/core/busy-share.js';

test('how busy a thread was is of the last minute, and not told before that', () => {
  const clock = { ms: 0, active: 0 };
  const busy = new BusyShare(
    () => clock.ms,
    () => ({ active: clock.active, idle: clock.ms - clock.active }),
  );
  const pass = (seconds: number, share: number): number | undefined => {
    let told: number | undefined;
    for (let i = 0; i < seconds; i++) {
      clock.ms += 1_000;
      clock.active += 1_000 * share;
      // Each query node asks.
      busy.share();
      told = busy.share();
    }
    return told;
  };
  expect(pass(59, 1)).toBeUndefined();
  expect(pass(1, 1)).toBe(1);
  expect(pass(30, 0)).toBe(0.5);
  expect(pass(30, 0)).toBe(0);
  expect(pass(60, 0.25)).toBe(0.25);
  // Nobody asked for long.
  clock.ms += 600_000;
  expect(busy.share()).toBeLessThan(0.1);
});

test('a thread at rest and one at work can be told apart', async () => {
  const clock = { ms: 0 };
  const busy = new BusyShare(() => clock.ms);
  const until = performance.now() + 50;
  while (performance.now() < until);
  clock.ms = 60_000;
  expect(busy.share()).toBeGreaterThan(0);
});
