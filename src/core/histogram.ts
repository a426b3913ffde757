/** From a tenth of a millisecond to ten seconds: what a part of a search takes, and what a slow one does. */
const SECONDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10,
];

/**
 * How often a value lay within each bound: numbers in an array, changed in place, so that counting costs a search
 * next to nothing.
 */
export class Histogram {
  /** By bound, of the values up to it and above the one before; the last: of those above all. */
  readonly counts: Float64Array;
  sum = 0;

  /** @param bounds upper ones, ascending */
  constructor(readonly bounds: readonly number[] = SECONDS) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** How many values there were. */
  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    counts[at] = (counts[at] as number) + 1;
    this.sum += value;
  }
}

/**
 * As `histogram_quantile` has it: linear within a bucket, the last bound for what is beyond. Null: nothing was counted.
 *
 * @param buckets how many values lie up to each bound, those below it among them, in the order of the bounds
 */
export function quantile(
  q: number,
  buckets: readonly (readonly [bound: number, count: number])[],
): number | null {
  const rank = q * (buckets.at(-1)?.[1] ?? 0);
  if (rank === 0) return null;
  let [below, counted] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Infinity) return below;
      return below + (bound - below) * ((rank - counted) / (count - counted));
    }
    [below, counted] = [bound, count];
  }
  return below;
}
