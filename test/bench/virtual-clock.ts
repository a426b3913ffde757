import type { Clock } from '../../bench/load/clock.js';

/** A clock whose time passes only when everything waits for it, from event to event. */
export class VirtualClock implements Clock {
  private time = 0;
  private readonly sleepers: { atMs: number; wake: () => void }[] = [];

  nowMs(): number {
    return this.time;
  }

  sleepUntil(atMs: number): Promise<void> {
    if (atMs <= this.time) return Promise.resolve();
    return new Promise((wake) => {
      // Ties in the order they came: insert behind equal times.
      const index = this.sleepers.findLastIndex((sleeper) => sleeper.atMs <= atMs);
      this.sleepers.splice(index + 1, 0, { atMs, wake });
    });
  }

  sleep(durationMs: number): Promise<void> {
    return this.sleepUntil(this.time + durationMs);
  }

  /** Lets `work` run to its end. Throws when it waits for something that is not this clock. */
  async run<T>(work: Promise<T>): Promise<T> {
    const state = { ended: false };
    const done = work.finally(() => (state.ended = true));
    done.catch(() => undefined);
    for (;;) {
      // All that follows from the last event happens in microtasks, before this returns.
      await new Promise((resolve) => setImmediate(resolve));
      if (state.ended) return done;
      const next = this.sleepers.shift();
      if (next === undefined) throw new Error('the work waits for something other than the clock');
      this.time = next.atMs;
      next.wake();
    }
  }
}
