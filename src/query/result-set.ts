import type { Filter } from '../filter/filter.js';
import type { HitColumns } from './leaf-result.js';
import type { After, SortKey } from './sort.js';

/**
 * The result set of a text: the products that have the words that are required of them, or match the text
 * exactly (W), the nearest by meaning (T), and pinned ones. It is chosen over all rows of the tenant that the
 * caller may see, whatever a request's filter says; totals, facets, sort and pages are of what of it matches the
 * filter.
 */
export interface ResultSet {
  /**
   * Slots of the query that a product of W has, by number; empty: none is in it for its words. Absent: as
   * `Choice` comes to on this shard, which then is the only one that has rows of the tenant.
   */
  required?: readonly number[];
  /** Of T and of pinned products: `idHashes`, ascending. */
  members: Uint8Array;
  /** No product besides has a greater cosine, as far as graphs find. Absent: that is not known. */
  beyond?: number;
}

/** What is to be found out to choose a result set. */
export interface Choice {
  /**
   * Numbers of the slots that some product meets, in the order in which they are left out, the least telling
   * first, while fewer than `ENOUGH` products have all others; the last one stays.
   */
  drop: readonly number[];
  /** So many of the nearest by vector, above the text's cutoff, are of the set; 0: none. */
  nearest: number;
}

/** Words are left out while fewer products than this have all others. */
export const ENOUGH = 10;
/** T: so many of the nearest. */
export const NEAREST = 200;

/**
 * The cosine that no product has which is not among the nearest that were found.
 *
 * @param scores of those, best first
 * @param cutoff that they were to reach
 * @param wanted how many were looked for
 */
export function beyondNearest(scores: readonly number[], cutoff: number, wanted: number): number {
  return scores.length < wanted ? cutoff : (scores[wanted - 1] as number);
}

/** What one shard came to; a query node adds `having`, merges `nearest` and goes by that. */
export interface Chosen {
  /** [i]: live rows that have all slots of `drop` but its first i; as long as `drop`. */
  having: number[];
  /** Live rows that match the text exactly: one is enough for T to be empty. */
  exact: number;
  /** Best first: the cosines alone are scores. */
  nearest: Pick<HitColumns, 'ids' | 'versions'> & { scores: number[] };
}

/** Adds to the score of products that match `filter`, before candidates are chosen. */
export interface Boost {
  filter: Filter;
  weight: number;
}

/** One way to look at a result set: several of one text share all that does not depend on the filter. */
export interface LeafView {
  /** Absent: every product of the set. */
  filter?: Filter;
  /** Only rows of these categories; absent: of all. */
  categories?: readonly string[];
  /** Only these products of it: `idHashes`, ascending. */
  only?: Uint8Array;
  /** Hits wanted; 0: only counts. */
  k: number;
  /** Absent: the best score first. Ties of all keys by id, byte order; missing values last. */
  sort?: readonly SortKey[];
  /** Hits behind this one in that order; absent: from the first on. */
  after?: After;
  facets?: readonly FacetQuery[];
  group?: GroupQuery;
}

export interface FacetQuery {
  field: string;
  /** Values wanted, the commonest first; absent: all (where several shards' counts are added). */
  limit?: number;
  /** Only values that begin so, whatever their case and accents. */
  prefix?: string;
  /** Numbers in [from, to), counted instead of values. */
  ranges?: readonly { from?: number; to?: number }[];
}

/** Counts over the products of the view; a product that has a value twice counts once. */
export interface FacetCounts {
  /** Commonest first, ties by value: as columns have them. */
  values: (string | number | boolean)[];
  counts: number[];
  /** Products' values that are not among `values`, summed. */
  other: number;
  /** Distinct values in all, with the prefix. */
  distinct: number;
  /** Of all numbers of the field; absent where there is none. */
  stats?: { min: number; max: number; sum: number; count: number };
  /** One a range of the query. */
  ranges?: number[];
}

/** One hit a value of the field, the best of it; products without a value are groups of their own. */
export interface GroupQuery {
  field: string;
  /** Best hits of each group that are wanted, that first one among them. */
  limit: number;
  /** Only groups of these values, each with its best hits: to fill groups that several shards share. */
  values?: readonly (string | number | boolean)[];
}

/** What a view came to. */
export interface LeafViewResult {
  /** Best first; with `group` those of a group stand together, groups by their first. */
  hits: HitColumns;
  /** Products of the set that match the filter, exactly; as far as they were looked at where the budget ended. */
  total: number;
  /** There are further hits behind these. */
  more: boolean;
  /** One a facet of the view. */
  facets?: FacetCounts[];
  groups?: {
    /** The group of each hit; null: one of its own. */
    of: (string | number | boolean | null)[];
    /** Products of each hit's group here. */
    sizes: number[];
    /** 64-bit hashes of all groups' values here, to count those of several shards once. */
    keys: Uint8Array;
    /** Products here that are groups of their own. */
    single: number;
  };
}
