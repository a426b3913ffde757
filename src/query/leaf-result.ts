import type { SortValue } from './leaf-query.js';

/** Hits as columns, best first: each list is as long as `ids`. */
export interface HitColumns {
  ids: string[];
  versions: number[];
  /** One list a named score, larger is better. */
  scores: { vector?: number[] };
  /** One list a sort key of the query; absent where the score orders. */
  sort?: SortValue[][];
}

/** A match as a shard knows it: a hit once the store has been asked. */
export interface PartialHit {
  id: string;
  version: number;
  /** What orders the hits. */
  score: number;
}

/** Columns as hits, one by one. */
export function hitsOf({ ids, versions, scores }: HitColumns): PartialHit[] {
  const { vector } = scores;
  return ids.map((id, i) => ({ id, version: versions[i] as number, score: vector?.[i] ?? 0 }));
}

/** How matches were looked for; `exact` is the scan that the caller asked for. */
type PlanKind = 'scan' | 'graph' | 'widened' | 'exact';

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
  /** Rows that a kernel compared. */
  rowsScanned: number;
  /** Candidates scored from their stored vectors. */
  rescored: number;
  tookUs: number;
  /** The graph found too few matches: the next step goes wider, or scans them. */
  gaveUp: boolean;
}

/** How a shard searched, for a caller that asked. */
export interface LeafExplanation {
  /** Live rows of the tenant here. */
  live: number;
  steps: PlanStep[];
  /** How often the search let others have their turn. */
  yields: number;
}
