import { boundedCache } from '../../core/bounded-cache.js';

/** What was searched for. */
export interface SearchedVector {
  vector: Float32Array;
  /** Score that the best of all shards together reach: what is below is not missed. */
  reach: number;
}

/** In all categories, and by category in it alone. */
export interface SearchedFor {
  all: readonly SearchedVector[];
  of: ReadonlyMap<string, readonly SearchedVector[]>;
}

export const NO_QUERIES: SearchedFor = { all: [], of: new Map() };

/** Those that a graph of rows of `category` alone, or of all, is tried with. */
export function queriesOf(
  { all, of }: SearchedFor,
  category: string | undefined,
): readonly SearchedVector[] {
  return category === undefined ? all : (of.get(category) ?? []);
}

/** How many vectors are remembered, in all and of a category. */
const KEPT = 48;
const KEPT_OF_CATEGORY = 24;
/** Of how many categories. */
const MAX_CATEGORIES = 32;
/** Where enough is remembered, one in so many is looked at. */
const ONE_IN = 16;

/**
 * The last different vectors that callers searched for: what the width of a graph's search is tried with. Those of
 * a category are kept apart: what is looked for in it lies near its rows, what is looked for elsewhere does not.
 */
export class RecentQueries {
  private readonly all = new Ring(KEPT);
  private readonly byCategory = boundedCache<Ring>({ max: MAX_CATEGORIES });
  private asked = 0;

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

  /** Whether a search of these categories alone, undefined: of all, is one to be remembered. */
  wants(categories: readonly string[] | undefined): boolean {
    if (categories !== undefined && categories.length !== 1) return false;
    if (this.ring(categories?.[0])?.isFull !== true) return true;
    this.asked += 1;
    return this.asked % ONE_IN === 0;
  }

  /** Takes what must not change, unless it is remembered: searched for in `category` alone, or in all. */
  offer(searched: SearchedVector, category?: string): void {
    if (category === undefined) {
      this.all.offer(searched);
      return;
    }
    let ring = this.byCategory.get(category);
    if (ring === undefined) {
      ring = new Ring(KEPT_OF_CATEGORY);
      this.byCategory.set(category, ring);
    }
    ring.offer(searched);
  }
}

/** The last so many different vectors, in place of the oldest. */
class Ring {
  readonly vectors: SearchedVector[] = [];
  private next = 0;

  constructor(private readonly size: number) {}

  get isFull(): boolean {
    return this.vectors.length === this.size;
  }

  offer(searched: SearchedVector): void {
    const { vector } = searched;
    const isSame = (other: Float32Array): boolean => other.every((value, i) => value === vector[i]);
    if (this.vectors.some((other) => isSame(other.vector))) return;
    this.vectors[this.next] = searched;
    this.next = (this.next + 1) % this.size;
  }
}
