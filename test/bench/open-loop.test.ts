import { describe, expect, it } from 'vitest';
import { fixedArrivals, poissonArrivals } from '../../bench/load/arrivals.js';
import { runOpenLoop } from '../../bench/load/open-loop.js';
import type { LoadResult, Reply, Send } from '../../bench/load/tally.js';
import { Random } from '../../bench/lib/random.js';
import {
  fixedSleep,
  onePercentErrors,
  singleServer,
  stallEverySecond,
} from './simulated-servers.js';
import { VirtualClock } from './virtual-clock.js';

interface Setup {
  ratePerSecond: number;
  durationMs: number;
  warmupMs?: number;
  maxInFlight?: number;
  drainMs?: number;
}

function measure(server: (clock: VirtualClock) => Send<Reply>, setup: Setup): Promise<LoadResult> {
  const clock = new VirtualClock();
  return clock.run(
    runOpenLoop({
      clock,
      arrivals: fixedArrivals(setup.ratePerSecond, setup.durationMs),
      warmupMs: setup.warmupMs ?? 0,
      durationMs: setup.durationMs,
      maxInFlight: setup.maxInFlight ?? 10_000,
      drainMs: setup.drainMs ?? 1000,
      send: server(clock),
    }),
  );
}

/** The value that `percentile` % of `values` do not exceed. */
function exactPercentile(values: number[], percentile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((percentile / 100) * sorted.length) - 1]!;
}

describe('the open loop on a server of known behaviour', () => {
  it('measures a fixed sleep exactly', async () => {
    const result = await measure((clock) => fixedSleep(clock, 10), {
      ratePerSecond: 200,
      durationMs: 10_000,
    });
    expect(result).toMatchObject({ intended: 2000, succeeded: 2000, error_rate: 0, unsent: 0 });
    expect(result.latency).toMatchObject({ p50_ms: 10, p95_ms: 10, p99_ms: 10, p999_ms: 10 });
    expect(result.latency.max_ms).toBe(10);
    expect(result.peak_in_flight).toBe(2);
    expect(result.send_delay.max_ms).toBe(0);
    // 2,000 replies, the last of them 7.5 ms after the schedule's end.
    expect(result.achieved_per_s).toBeCloseTo(2000 / 10.0075, 6);
  });

  it('charges a 200 ms stall to every request that it delayed', async () => {
    const result = await measure((clock) => stallEverySecond(clock, 1, 200), {
      ratePerSecond: 1000,
      durationMs: 20_000,
    });
    // Arrivals at 0.5, 1.5, … ms of each second; those from 800.5 on wait for the second's end.
    const expected = Array.from({ length: 20_000 }, (_, i) => {
      const phaseMs = (i % 1000) + 0.5;
      return phaseMs < 800 ? 1 : 1000 - phaseMs + 1;
    });
    expect(result.succeeded).toBe(20_000);
    expect(result.latency.p50_ms).toBe(1);
    expect(result.latency.p95_ms).toBe(exactPercentile(expected, 95));
    expect(result.latency.p99_ms).toBe(exactPercentile(expected, 99));
    expect(result.latency.p999_ms).toBe(exactPercentile(expected, 99.9));
    expect(result.latency.max_ms).toBe(200.5);
    // Written out, so that no mistake is made twice: 20 % wait 1.5, 2.5, … 200.5 ms.
    expect([result.latency.p95_ms, result.latency.p99_ms]).toEqual([150.5, 190.5]);
  });

  it('counts 1 % errors exactly, and a quick failure does not improve the percentiles', async () => {
    const result = await measure((clock) => onePercentErrors(clock, 8), {
      ratePerSecond: 500,
      durationMs: 20_000,
    });
    expect(result.error_rate).toBe(0.01);
    expect(result.failures).toEqual({ '503 overloaded': 100 });
    expect(result.latency).toMatchObject({ count: 9900, p50_ms: 8, max_ms: 8 });
  });

  it('shows the queue that grows before a server slower than the rate', async () => {
    const result = await measure((clock) => singleServer(clock, 2), {
      ratePerSecond: 1000,
      durationMs: 200,
      drainMs: 5000,
    });
    // Request i arrives at i + 0.5 and ends at 0.5 + 2 (i + 1): latency 2 + i.
    expect(result.latency).toMatchObject({ count: 200, p50_ms: 101, p95_ms: 191, max_ms: 201 });
    expect(result.achieved_per_s).toBeCloseTo(200 / 0.4005, 6);
  });

  it('keeps charging arrivals that its bound on requests in flight holds back', async () => {
    const bounded = await measure((clock) => singleServer(clock, 2), {
      ratePerSecond: 1000,
      durationMs: 200,
      maxInFlight: 4,
      drainMs: 5000,
    });
    expect(bounded.peak_in_flight).toBe(4);
    expect(bounded.latency).toMatchObject({ count: 200, p50_ms: 101, p95_ms: 191, max_ms: 201 });
    // A request's last 2 x 4 ms, at most, are spent in flight; the rest of its time it waited here.
    expect(bounded.send_delay.max_ms).toBe(201 - 8);
  });

  it('reports what it could not send, at the age that it reached', async () => {
    const result = await measure((clock) => fixedSleep(clock, 240), {
      ratePerSecond: 100,
      durationMs: 100,
      maxInFlight: 3,
      drainMs: 50,
    });
    // Three are sent at 5, 15 and 25 ms. The bound holds the other seven, due at 35, 45, … 95 ms,
    // until the first answer at 245 ms, which is past the end and the drain time.
    expect(result).toMatchObject({ intended: 10, succeeded: 3, unsent: 7, error_rate: 0.7 });
    // Ages 210, 200, … 150 and three answers of 240 ms.
    expect(result.latency).toMatchObject({ count: 10, p50_ms: 190, max_ms: 240 });
  });

  it('leaves the warm-up out', async () => {
    let served = 0;
    const coldStart = (clock: VirtualClock): Send<Reply> => {
      return async () => {
        served += 1;
        await clock.sleep(clock.nowMs() < 1000 ? 50 : 5);
        return {};
      };
    };
    const setup = { ratePerSecond: 100, durationMs: 3000, warmupMs: 1000 };
    const result = await measure(coldStart, setup);
    expect(served).toBe(300);
    expect(result).toMatchObject({ intended: 200, succeeded: 200 });
    expect(result.latency).toMatchObject({ p50_ms: 5, max_ms: 5 });
  });

  it('counts time-outs as failures and keeps their age in the percentiles', async () => {
    const timingOut = (clock: VirtualClock): Send<Reply> => {
      return async (index) => {
        const slow = index % 20 === 0;
        await clock.sleep(slow ? 1000 : 1);
        return slow ? { failure: 'timeout' } : {};
      };
    };
    const result = await measure(timingOut, { ratePerSecond: 100, durationMs: 2000 });
    expect(result.error_rate).toBe(0.05);
    expect(result.latency).toMatchObject({ count: 200, p50_ms: 1, p99_ms: 1000 });
  });
});

describe('Poisson arrivals', () => {
  it('are the same for the same seed and keep their rate', () => {
    const draw = (seed: number): number[] => [...poissonArrivals(200, 60_000, new Random(seed))];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    // 12,000 expected, standard deviation 110.
    expect(Math.abs(draw(1).length - 12_000)).toBeLessThan(550);
  });

  it('have exponentially distributed gaps', () => {
    const times = [...poissonArrivals(100, 300_000, new Random(7))];
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    for (const thresholdMs of [2, 7, 10, 20, 40]) {
      const share = gaps.filter((gap) => gap <= thresholdMs).length / gaps.length;
      expect(share).toBeCloseTo(1 - Math.exp(-thresholdMs / 10), 1.7);
    }
  });

  it('meet the mean waiting time of the M/D/1 queue', async () => {
    const clock = new VirtualClock();
    const result = await clock.run(
      runOpenLoop({
        clock,
        arrivals: poissonArrivals(500, 100_000, new Random(3)),
        warmupMs: 1000,
        durationMs: 100_000,
        maxInFlight: 10_000,
        drainMs: 1000,
        send: singleServer(clock, 1),
      }),
    );
    // Pollaczek and Khinchine: service 1 ms at load 0.5 waits 0.5 ms on average.
    expect(result.latency.mean_ms).toBeGreaterThan(1.46);
    expect(result.latency.mean_ms).toBeLessThan(1.54);
  }, 30_000);
});
