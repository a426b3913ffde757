import { LRUCache } from 'lru-cache';
import type { Filter } from '../filter/filter.js';
import type { Bitset } from './bitset.js';

/** A bit a row each. */
const MAX_FILTERS = 32;
/** Longer filters (lists of a thousand ids) are not kept. */
const MAX_KEY_LENGTH = 4_096;

/** A search's filter, spelt out once for all blocks. */
export class AskedFilter {
  readonly key: string;

  constructor(readonly filter: Filter) {
    this.key = JSON.stringify(filter);
  }
}

/**
 * Which rows of an immutable block match, for the filters asked lately: shoppers choose from the same
 * few filters, and to ask each row of a large block again costs more than to search what matches.
 */
export class MatchCache {
  private readonly sets = new LRUCache<string, Bitset>({ max: MAX_FILTERS });

  /** The rows that match, in a set of the caller's own; `evaluate` finds unknown ones. */
  rows({ key }: AskedFilter, evaluate: () => Bitset): Bitset {
    if (key.length > MAX_KEY_LENGTH) return evaluate();
    const known = this.sets.get(key);
    if (known !== undefined) return known.copy();
    const found = evaluate();
    this.sets.set(key, found);
    return found.copy();
  }
}
