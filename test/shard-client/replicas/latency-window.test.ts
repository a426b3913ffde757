import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  LatencyWindow,
  SAMPLES_A_LOOK,
  WINDOW_SAMPLES,
} from '../../../src/shard-client/replicas/latency-window.js';

const durations = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { maxLength: 700 });

test('quantiles are those of the last samples at the last look, as sorting them says', () => {
  fc.assert(
    fc.property(durations, (durationsMs) => {
      const window = new LatencyWindow();
      for (const durationMs of durationsMs) window.add(durationMs);
      const looked = durationsMs.length - (durationsMs.length % SAMPLES_A_LOOK);
      if (looked === 0) return window.quantiles === undefined;
      const last = durationsMs.slice(Math.max(0, looked - WINDOW_SAMPLES), looked);
      const sorted = last.toSorted((a, b) => a - b);
      const atMost = (share: number): number =>
        sorted.find((value) => last.filter((x) => x <= value).length >= share * last.length) ?? NaN;
      const { quantiles } = window;
      expect(quantiles).toEqual({ p50Ms: atMost(0.5), p95Ms: atMost(0.95), p99Ms: atMost(0.99) });
      return true;
    }),
    { numRuns: 60 },
  );
});

test('the same quantiles are read until so many samples have come', () => {
  const window = new LatencyWindow();
  for (let i = 0; i < SAMPLES_A_LOOK; i++) window.add(2);
  const known = window.quantiles;
  for (let i = 1; i < SAMPLES_A_LOOK; i++) {
    window.add(50);
    expect(window.quantiles).toBe(known);
  }
  window.add(50);
  expect(window.quantiles).toEqual({ p50Ms: 2, p95Ms: 50, p99Ms: 50 });
});
