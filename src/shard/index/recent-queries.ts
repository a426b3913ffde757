import { boundedCache } from '../../core/bounded-cache.js';

/** Vectors that were searched for: in all categories, and by category those of searches in it alone. */
export interface SearchedFor {
  all: readonly Float32Array[];
  of: ReadonlyMap<string, readonly Float32Array[]>;
}

export const NO_QUERIES: SearchedFor = { all: [], of: new Map() };

/** Those that a graph of rows of `category` alone, or of all, is tried with. */
export function queriesOf(
  { all, of }: SearchedFor,
  category: string | undefined,
): readonly Float32Array[] {
  return category === undefined ? all : (of.get(category) ?? []);
}

/** How many vectors are remembered, in all and of a category. */
const KEPT = 48;
const KEPT_OF_CATEGORY = 24;
/** Of how many categories. */
const MAX_CATEGORIES = 32;

/**
 * The last different vectors that callers searched for: what the width of a graph's search is tried with. Those of
 * a category are kept apart: what is looked for in it lies near its rows, what is looked for elsewhere does not.
 */
export class RecentQueries {
  private readonly all = new Ring(KEPT);
  private readonly byCategory = boundedCache<Ring>({ max: MAX_CATEGORIES });

  /** What is remembered of searches in `category` alone, or in all. */
  ring(category?: string): Ring | undefined {
    return category === undefined ? this.all : this.byCategory.peek(category);
  }

  get vectors(): SearchedFor {
    const of = [...this.byCategory.entries()].map(
      ([category, ring]) => [category, ring.vectors] as const,
    );
    return { all: this.all.vectors, of: new Map(of) };
  }

  /** Takes `vector`, which must not change, unless it is remembered. `category`: the only one that was searched. */
  offer(vector: Float32Array, category?: string): void {
    let ring = category === undefined ? this.all : this.byCategory.get(category);
    if (ring === undefined) {
      ring = new Ring(KEPT_OF_CATEGORY);
      this.byCategory.set(category as string, ring);
    }
    ring.offer(vector);
  }
}

/** The last so many different vectors, in place of the oldest. */
class Ring {
  readonly vectors: Float32Array[] = [];
  private next = 0;

  constructor(private readonly size: number) {}

  get isFull(): boolean {
    return this.vectors.length === this.size;
  }

  offer(vector: Float32Array): void {
    if (this.vectors.some((other) => other.every((value, i) => value === vector[i]))) return;
    this.vectors[this.next] = vector;
    this.next = (this.next + 1) % this.size;
  }
}
