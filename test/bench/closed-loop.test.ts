import { describe, expect, it } from 'vitest';
import { fixedArrivals } from '../../bench/load/arrivals.js';
import { runClosedLoop } from '../../bench/load/closed-loop.js';
import { runOpenLoop } from '../../bench/load/open-loop.js';
import { fixedSleep, onePercentErrors, stallEverySecond } from './simulated-servers.js';
import { VirtualClock } from './virtual-clock.js';

describe('the closed loop on a server of known behaviour', () => {
  it('lets users join, ask, wait and think', async () => {
    const clock = new VirtualClock();
    const result = await clock.run(
      runClosedLoop({
        clock,
        users: 3,
        rampPerSecond: 2,
        thinkMs: () => 990,
        warmupMs: 0,
        durationMs: 10_000,
        send: fixedSleep(clock, 10),
      }),
    );
    // They join at 0, 0.5 and 1 s and ask once a second until 10 s: 10 + 10 + 9.
    expect(result).toMatchObject({ intended: 29, succeeded: 29, peak_in_flight: 2 });
    expect(result.latency).toMatchObject({ p50_ms: 10, max_ms: 10 });
    expect(result.achieved_per_s).toBe(2.9);
  });

  it('counts errors, and leaves the warm-up out', async () => {
    const clock = new VirtualClock();
    const result = await clock.run(
      runClosedLoop({
        clock,
        users: 1,
        thinkMs: () => 2,
        warmupMs: 996,
        durationMs: 1992,
        // 99 requests take 8 + 2 ms and one takes 0 + 2 ms: a hundred in 992 ms.
        send: onePercentErrors(clock, 8),
      }),
    );
    expect(result.failures).toEqual({ '503 overloaded': 1 });
    expect(result.latency).toMatchObject({ p50_ms: 8, max_ms: 8 });
  });

  it('would hide a stall that the open loop shows', async () => {
    const clock = new VirtualClock();
    const closed = await clock.run(
      runClosedLoop({
        clock,
        users: 1,
        warmupMs: 0,
        durationMs: 20_000,
        send: stallEverySecond(clock, 1, 200),
      }),
    );
    const openClock = new VirtualClock();
    const open = await openClock.run(
      runOpenLoop({
        clock: openClock,
        arrivals: fixedArrivals(800, 20_000),
        warmupMs: 0,
        durationMs: 20_000,
        maxInFlight: 10_000,
        drainMs: 1000,
        send: stallEverySecond(openClock, 1, 200),
      }),
    );
    // The server stands still a fifth of the time. The closed loop asks just once in each stall,
    // about one request in 800, so its p99 says that all is well.
    expect(closed.latency.p99_ms).toBe(1);
    expect(closed.latency.max_ms).toBeGreaterThan(199);
    expect(open.latency.p99_ms).toBeGreaterThan(190);
    expect(closed.error_rate + open.error_rate).toBe(0);
  });
});
