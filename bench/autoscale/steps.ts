import type { Arrivals } from '../load/arrivals.js';
import { poissonArrivals } from '../load/arrivals.js';
import type { Random } from '../lib/random.js';

/** Searches at one rate for a while. */
export interface Step {
  seconds: number;
  perSecond: number;
}

export interface Change {
  /** Since the beginning of the load. */
  atMs: number;
  from: number;
  to: number;
}

/** What a load with steps came to, in a real cluster or in its model. */
export interface SteppedRun {
  searches: number;
  failed: number;
  p50Ms: number;
  p99Ms: number;
  changes: Change[];
}

/** Of the rate that a node is to have: one, two and three nodes, down again, and up once more. */
const SHAPE = [
  [0.4, 20],
  [1.5, 30],
  [2.6, 30],
  [1.5, 20],
  [0.4, 40],
  [2.6, 30],
] as const;

export function stepsOf(perNode: number, times: number): Step[] {
  return SHAPE.map(([share, seconds]) => ({
    perSecond: share * perNode,
    seconds: seconds * times,
  }));
}

export function durationMs(steps: readonly Step[]): number {
  return steps.reduce((sum, { seconds }) => sum + seconds * 1_000, 0);
}

/** Open loop: one Poisson process after the other. */
export function* stepArrivals(steps: readonly Step[], random: Random): Arrivals {
  let fromMs = 0;
  for (const { seconds, perSecond } of steps) {
    for (const atMs of poissonArrivals(perSecond, seconds * 1_000, random)) yield fromMs + atMs;
    fromMs += seconds * 1_000;
  }
}

/** From the order of each until the order that ends it. */
export function nodeSeconds(changes: readonly Change[], atFirst: number, untilMs: number): number {
  let [count, sinceMs, sum] = [atFirst, 0, 0];
  for (const { atMs, to } of changes) {
    sum += count * (atMs - sinceMs);
    [count, sinceMs] = [to, atMs];
  }
  return (sum + count * (untilMs - sinceMs)) / 1_000;
}
