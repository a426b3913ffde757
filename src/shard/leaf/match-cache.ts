import { LRUCache } from 'lru-cache';
import type { Bitset } from '../index/bitset.js';

/** A bit a row each. */
const MAX_FILTERS = 32;
/** Longer filters (lists of a thousand ids) are not kept. */
const MAX_KEY_LENGTH = 4_096;

/**
 * Which rows of an immutable segment match, for the filters asked lately, by their text: shoppers
 * choose from the same few filters, and to ask each row of a large segment again costs more than to
 * search what matches.
 */
export class MatchCache {
  private readonly sets = new LRUCache<string, Bitset>({ max: MAX_FILTERS });

  /** A set of the caller's own; undefined when the filter is not known. */
  get(key: string): Bitset | undefined {
    return this.sets.get(key)?.copy();
  }

  set(key: string, rows: Bitset): void {
    if (key.length <= MAX_KEY_LENGTH) this.sets.set(key, rows.copy());
  }
}
