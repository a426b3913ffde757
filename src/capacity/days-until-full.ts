import { lineThrough } from './least-squares.js';

/** What there was on one day. */
export interface Filled {
  /** Days since the epoch. */
  day: number;
  /** Of these nodes' memory, what is used, and what there is. */
  bytes: number;
  capacityBytes: number;
}

/** Past this share of its memory a node is too full: docs/operations.md. */
const FULL_SHARE = 0.8;
/** Of fewer, one day that was not like the others would be the whole trend. */
const LEAST_DAYS = 3;
/** What is further away nobody can tell from a month of days. */
const MOST_DAYS = 3_650;

/**
 * Whole days from `today` until 80 % of the memory is used, if it grows as it did: the slope of the line of least squares
 * through the days, from the last of them on, against the memory that there was then. 0: it is full.
 * Null where that is not known: too few days, no growth, or more than ten years.
 *
 * @param days by day, oldest first
 */
export function daysUntilFull(days: readonly Filled[], today: number): number | null {
  const last = days.at(-1);
  if (last === undefined) return null;
  const room = last.capacityBytes * FULL_SHARE - last.bytes;
  if (room <= 0) return 0;
  const growth = days.length < LEAST_DAYS ? 0 : growthOf(days);
  if (growth <= 0) return null;
  const left = Math.floor(room / growth - (today - last.day));
  return left > MOST_DAYS ? null : Math.max(0, left);
}

/** Bytes a day. */
function growthOf(days: readonly Filled[]): number {
  return lineThrough(days.map(({ day, bytes }) => ({ x: day, y: bytes }))).slope ?? 0;
}
