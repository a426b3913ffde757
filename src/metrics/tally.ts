import type { Labels, Sample } from './metrics-page.js';

/** Counts by the values of labels that are known in advance to be few. */
export class Tally<L extends string> {
  private readonly counts = new Map<string, { labels: Labels; count: number }>();

  /** @param values of the labels, in their order */
  constructor(private readonly names: readonly L[]) {}

  add(values: readonly string[], by = 1): void {
    const key = values.length === 1 ? (values[0] as string) : values.join('\n');
    const counted = this.counts.get(key);
    if (counted !== undefined) {
      counted.count += by;
      return;
    }
    const labels = Object.fromEntries(this.names.map((name, i) => [name, values[i] ?? '']));
    this.counts.set(key, { labels, count: by });
  }

  samples(): Sample[] {
    return [...this.counts.values()].map(({ labels, count }) => [labels, count]);
  }
}
