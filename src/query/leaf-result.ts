import type { SortValue } from './sort.js';

/** Hits as columns, best first: each list is as long as `ids`. */
export interface HitColumns {
  ids: string[];
  versions: number[];
  /**
   * One list a named score, larger is better: the cosine, the words' part, and what an exact match
   * adds. Absent where the query did not ask for it.
   */
  scores: { vector?: number[]; text?: number[]; exact?: number[]; boost?: number[] };
  /** Of a search by words. */
  types?: HitTypes;
  /** One list a sort key of the query; absent where the score orders. */
  sort?: SortValue[][];
}

/**
 * What kind of product each hit is, as sorted 32-bit hashes of its category and its attributes'
 * names. Products share them: `sets[of[i]]` are those of hit i, as little-endian bytes.
 */
export interface HitTypes {
  sets: Uint8Array[];
  of: number[];
}

/** A match as a shard knows it: a hit once the store has been asked. */
export interface PartialHit {
  id: string;
  version: number;
  /** What orders the hits. */
  score: number;
}

/** What the score of a hit of a text consists of. */
export interface HitScores {
  /** Of its words. */
  text: number;
  /** The cosine of its meaning. */
  vector: number;
  /** How much it is of the kind of the first hits. */
  type: number;
  /** That it was named: 3 by its id, 2 by an identifier, 1 by a code in its title. */
  exact: number;
  /** Of boosts by filter; absent where there are none. */
  boost?: number;
}

/** Of the cosine in the score of a search by words. */
export const VECTOR_WEIGHT = 0.5;

/** What orders the hits of a search by words, on shards and where their hits are merged alike. */
export function fusedScore(text: number, vector: number, exact: number, boost = 0): number {
  return text + VECTOR_WEIGHT * vector + exact + boost;
}

/**
 * How matches were looked for; `exact` is the scan that the caller asked for, `words` by postings. `choose`
 * counts by what words a result set is chosen; `set` makes it; `sort` and `facets` go by columns.
 */
type PlanKind =
  'scan' | 'graph' | 'widened' | 'exact' | 'words' | 'choose' | 'set' | 'sort' | 'facets';

/** One step of a search in a shard: one plan over one segment, or some categories of it. */
export interface PlanStep {
  /** Folder of a segment, or `tail`. */
  block: string;
  /** The categories searched, or how many where that is many; null: all of the block. */
  categories: string[] | number | null;
  plan: PlanKind;
  /** Rows of the graph or block, dead ones included. */
  rows: number;
  /** Live rows that match, as known before the search. */
  matches: number;
  /** Of a graph: the width that recall asks for, and that of the search, wider for a filter. */
  ef?: number;
  candidates?: number;
  /** What the planner took it to cost; absent in exact mode, which has no choice. */
  estimatedUs?: number;
  /** Of words: the postings of each slot. */
  postings?: number[];
  /** Rows that a kernel compared. */
  rowsScanned: number;
  /** Candidates scored from their stored vectors. */
  rescored: number;
  tookUs: number;
  /** The graph found too few matches: the next step goes wider, or scans them. */
  gaveUp: boolean;
}

/** A word that a hit has, of the alternative that counted for its slot. */
export interface MatchedWord {
  /** Place of the slot in the query. */
  slot: number;
  word: string;
  /** 1 to 255, over all fields of the product. */
  impact: number;
  weight: number;
}

/** How a shard searched, for a caller that asked. */
export interface LeafExplanation {
  /** Live rows of the tenant here. */
  live: number;
  steps: PlanStep[];
  /** How often the search let others have their turn. */
  yields: number;
  /** Of a search by words: one list a hit, what it matched by. */
  matched?: MatchedWord[][];
}
