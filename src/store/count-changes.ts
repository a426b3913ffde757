import type { CountDifference } from './store.js';

/** Changes to a tenant's counts, gathered over what is written together and added at its end. */
export class CountChanges {
  products = 0;
  bytes = 0;
  readonly categories = new Map<string, number>();
  readonly fields = new Map<string, number>();

  /** A live product came (`by` 1) or went (`by` -1). */
  product(category: string, fields: readonly string[], bytes: number, by: 1 | -1): void {
    this.products += by;
    this.bytes += by * bytes;
    increment(this.categories, category, by);
    for (const field of fields) increment(this.fields, field, by);
  }
}

export function increment(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

/** Which of `stored` are not as they were `counted`. */
export function compareCounts(
  kind: CountDifference['kind'],
  stored: ReadonlyMap<string, number>,
  counted: ReadonlyMap<string, number>,
): CountDifference[] {
  const names = [...new Set([...stored.keys(), ...counted.keys()])];
  const differences = names.map((name): CountDifference => {
    return { kind, name, stored: stored.get(name) ?? 0, counted: counted.get(name) ?? 0 };
  });
  return differences.filter((each) => each.stored !== each.counted);
}
