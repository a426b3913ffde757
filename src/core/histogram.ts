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

  observe(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    counts[at] = (counts[at] as number) + 1;
    this.sum += value;
  }
}
