import type { Random } from '../lib/random.js';

/** When requests are due, in milliseconds from the start of the run, ascending. */
export type Arrivals = Iterable<number>;

/** One arrival every `1 / ratePerSecond`, the first after half a gap. */
export function* fixedArrivals(ratePerSecond: number, durationMs: number): Arrivals {
  const gapMs = 1000 / ratePerSecond;
  for (let i = 0; ; i += 1) {
    const atMs = (i + 0.5) * gapMs;
    if (atMs >= durationMs) return;
    yield atMs;
  }
}

/** A Poisson process: independent, exponentially distributed gaps, as many shoppers make them. */
export function* poissonArrivals(
  ratePerSecond: number,
  durationMs: number,
  random: Random,
): Arrivals {
  const meanGapMs = 1000 / ratePerSecond;
  for (let atMs = 0; ;) {
    atMs -= Math.log(1 - random.next()) * meanGapMs;
    if (atMs >= durationMs) return;
    yield atMs;
  }
}
