const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Searches a second at a time since the beginning, milliseconds. */
export type Load = (atMs: number) => number;

/** A sale: so many times the usual, `riseMs` after it began; gone as fast. */
export interface Sale {
  fromMs: number;
  untilMs: number;
  times: number;
  riseMs: number;
}

/** Of a shop's day, what each hour from midnight on is of the busiest one. */
const HOURS = [
  ...[0.2, 0.14, 0.11, 0.1, 0.1, 0.12, 0.18, 0.28, 0.42, 0.55, 0.64, 0.7],
  ...[0.74, 0.72, 0.68, 0.66, 0.68, 0.74, 0.84, 0.95, 1, 0.92, 0.66, 0.38],
];

/** Two, as shops have them: at noon, told of before; in the evening, at its busiest hour. */
const FLASH_SALES: readonly Sale[] = [
  {
    fromMs: 12 * HOUR_MS,
    untilMs: 13 * HOUR_MS,
    times: 2.5,
    riseMs: 4 * MINUTE_MS,
  },
  {
    fromMs: 20 * HOUR_MS,
    untilMs: 20.5 * HOUR_MS,
    times: 2,
    riseMs: 6 * MINUTE_MS,
  },
];

/** A day of a shop, its hours joined by lines, again and again. */
export function shopDay(busiest: number, sales: readonly Sale[] = FLASH_SALES): Load {
  return (atMs) => {
    const inDayMs = atMs % DAY_MS;
    const hour = Math.floor(inDayMs / HOUR_MS);
    const part = (inDayMs % HOUR_MS) / HOUR_MS;
    const [from, to] = [HOURS[hour] ?? 0, HOURS[(hour + 1) % HOURS.length] ?? 0];
    const times = sales.reduce((most, sale) => Math.max(most, timesOf(sale, inDayMs)), 1);
    return busiest * (from + (to - from) * part) * times;
  };
}

function timesOf({ fromMs, untilMs, times, riseMs }: Sale, atMs: number): number {
  const inside = Math.min(atMs - fromMs, untilMs + riseMs - atMs) / riseMs;
  return 1 + (times - 1) * Math.min(1, Math.max(0, inside));
}

/** From one rate to another and back, a line each, then as it began. */
export function slopes(least: number, busiest: number, eachMs: number): Load {
  return (atMs) => {
    const part = (atMs % (2 * eachMs)) / eachMs;
    return least + (busiest - least) * (part < 1 ? part : 2 - part);
  };
}

/** Between two rates in turn. */
export function flapping(least: number, busiest: number, eachMs: number): Load {
  return (atMs) => (Math.floor(atMs / eachMs) % 2 === 0 ? least : busiest);
}
