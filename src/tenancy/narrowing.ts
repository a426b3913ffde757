import type { Filter } from '../filter/filter.js';

/** What a key leaves of a tenant's catalogue, and of what may be asked. */
export interface Narrowing {
  /** Every one of them holds of each product that may be seen. */
  filters: readonly Filter[];
  /** Fields that are never shown, filtered, sorted or searched by. */
  exclude: readonly string[];
  maxTopK?: number;
  /** from + top_k at most. */
  maxPageDepth?: number;
  /** False: no exact searches. */
  exact?: false;
  /** The list whose prices hold, whatever is asked for. */
  priceList?: string;
  /** Differs where anything above does: part of every cache key. */
  version: string;
}
