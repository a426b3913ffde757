import { compareBytes } from '../core/ids.js';

/** One key of the order of hits: a filter's field, or a score by its name with a leading `_`. */
export interface SortKey {
  field: string;
  order: 'asc' | 'desc';
}

/** Where to go on: behind the hit with these sort keys and this id. */
export interface After {
  keys: readonly SortValue[];
  id: string;
}

/** A hit's value under a sort key; null where the product has none. */
export type SortValue = string | number | boolean | null;

/** Negative where a hit with the keys `a` comes before one with `b`; missing values last in either direction. */
export function compareSorted(
  sort: readonly SortKey[],
  a: readonly SortValue[],
  b: readonly SortValue[],
): number {
  for (let i = 0; i < sort.length; i++) {
    const [x, y] = [a[i] ?? null, b[i] ?? null];
    if (x === y) continue;
    if (x === null || y === null) return x === null ? 1 : -1;
    const order = compareValues(x, y);
    if (order !== 0) return sort[i]?.order === 'desc' ? -order : order;
  }
  return 0;
}

/** Numbers, then texts by code point, then false and true. */
export function compareValues(a: Exclude<SortValue, null>, b: Exclude<SortValue, null>): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareBytes(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return TYPES.indexOf(typeof a) - TYPES.indexOf(typeof b);
}

const TYPES = ['number', 'string', 'boolean'];
