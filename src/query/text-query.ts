/** One way to meet a slot of a query: a product has all of these words. */
export interface Alternative {
  words: readonly string[];
  /** 1 as typed, less for a correction. */
  weight: number;
}

/** A word of a query, with what may stand in its place: the best that a product has counts. */
export interface Slot {
  /** Of the tenant's live products, whatever the shard or segment. */
  idf: number;
  /** Empty where nothing is known of it: it counts in the denominator alone. */
  alternatives: readonly Alternative[];
}

/** What a product has at least of a word that it has, and what a full impact adds (ranking). */
const PRESENCE = 0.25;
const IMPACT = 0.5;
/** Of a product's word. */
export const MOST_IMPACT = 255;

/** What a word of a slot adds to a product's sum, before that is divided by all slots' idf. */
export function partOf(idf: number, weight: number, impact: number): number {
  return idf * (weight * (PRESENCE + (IMPACT * impact) / MOST_IMPACT));
}

/** The words of a query with the statistics that a shard scores them by. */
export interface TextQuery {
  /** In the query's order: what each contributes is added in this order, in float64. */
  slots: readonly Slot[];
  /** Each list stands side by side in the title or the brand of every hit. */
  phrases?: readonly (readonly string[])[];
  /** No hit has any of these words. */
  excluded?: readonly string[];
  /** The query without separators: an id, identifier or code that equals it is an exact match. */
  exactKey?: string;
  /** A hit with none of the words counts from this cosine on; absent: whatever its cosine. */
  cutoff?: number;
  /** Version of the analyzer that made the words, and generation of the settings that it did so under. */
  analyzer: number;
  generation: number;
}
