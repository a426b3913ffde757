import type { Reply, Send } from '../../bench/load/tally.js';
import type { VirtualClock } from './virtual-clock.js';

/** Answers any number of requests at once, each after `delayMs`. */
export function fixedSleep(clock: VirtualClock, delayMs: number): Send<Reply> {
  return async () => {
    await clock.sleep(delayMs);
    return {};
  };
}

/** As {@link fixedSleep}, but in the last `stallMs` of every second it does nothing at all. */
export function stallEverySecond(
  clock: VirtualClock,
  delayMs: number,
  stallMs: number,
): Send<Reply> {
  return async () => {
    const phaseMs = clock.nowMs() % 1000;
    const stalledMs = phaseMs >= 1000 - stallMs ? 1000 - phaseMs : 0;
    await clock.sleep(stalledMs + delayMs);
    return {};
  };
}

/** As {@link fixedSleep}, but one request in a hundred fails at once. */
export function onePercentErrors(clock: VirtualClock, delayMs: number): Send<Reply> {
  return async (index) => {
    if (index % 100 === 99) return { failure: '503 overloaded' };
    await clock.sleep(delayMs);
    return {};
  };
}

/** Serves one request after the other, each for `serviceMs`, in the order they came. */
export function singleServer(clock: VirtualClock, serviceMs: number): Send<Reply> {
  let freeAtMs = 0;
  return async () => {
    freeAtMs = Math.max(freeAtMs, clock.nowMs()) + serviceMs;
    await clock.sleepUntil(freeAtMs);
    return {};
  };
}
