import type { TenantIndex } from '../index/tenant-index.js';
import type { RepeatQuery } from './exact-repeat.js';
import type { RecallWatcher } from './recall-watcher.js';

/** A search by vector that was answered. */
export interface AnsweredSearch extends Omit<RepeatQuery, 'reach'> {
  /** Only rows of these were searched; undefined: of all. */
  categories: readonly string[] | undefined;
  /** Score of the best that was found here. */
  best: number;
}

interface Sample extends AnsweredSearch {
  /** Weak: a tenant that sleeps, or is not here any more, is not kept in memory by what nobody may ever tell. */
  index: WeakRef<TenantIndex>;
  isWatched: boolean;
}

/** Samples of which it is not known yet how far the hits reach; past it the oldest are let go. */
const MAX_WAITING = 64;
/** Of a search that no other shard was asked for, whatever is best here is best. */
const ALL = -Infinity;

/**
 * The searches by which recall is watched and widths of graphs are chosen. What a shard should have found is what
 * belongs to the best of all shards together: of a search that others were asked for, too, a query node tells how
 * far those reach. Rows of another kind than the query are no loss where they are not found.
 */
export class SampledSearches {
  private readonly waiting = new Map<number, Sample>();
  private last = 0;

  constructor(private readonly watcher: RecallWatcher | undefined) {}

  /** A number by which to tell how far the hits reach; undefined where nobody needs to. @param alone no other shard is asked */
  answered(index: TenantIndex, search: AnsweredSearch, alone: boolean): number | undefined {
    const { categories } = search;
    const isWatched = categories === undefined && this.watcher?.draws() === true;
    if (!isWatched && !index.recentQueries.wants(categories)) return undefined;
    const sample = { ...search, index: new WeakRef(index), isWatched };
    if (alone) {
      this.take(sample, ALL);
      return undefined;
    }
    this.last = (this.last + 1) >>> 0;
    this.waiting.set(this.last, sample);
    for (const oldest of this.waiting.keys()) {
      if (this.waiting.size <= MAX_WAITING) break;
      this.waiting.delete(oldest);
    }
    return this.last;
  }

  /** The best of all shards for that sample have at least the score `reach`. */
  told(number: number, reach: number): void {
    const sample = this.waiting.get(number);
    this.waiting.delete(number);
    if (sample !== undefined) this.take(sample, reach);
  }

  private take(
    { index: held, isWatched, categories, best, ...query }: Sample,
    reach: number,
  ): void {
    const index = held.deref();
    if (index === undefined) return;
    if (isWatched) this.watcher?.repeat(index, { ...query, reach });
    if (best >= reach) index.recentQueries.offer({ vector: query.vector, reach }, categories?.[0]);
  }
}
