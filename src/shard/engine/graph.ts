/**
 * What an approximate-nearest-neighbour engine does for a segment. `distance` is smaller-is-better
 * and stays inside this folder: engines only choose candidates, `core/vector.ts` scores them.
 */
export interface Graph {
  /** First row of the block that label 0 stands for. */
  readonly firstRow: number;
  readonly size: number;
  /** Estimate of the memory it holds. */
  readonly bytes: number;
  /**
   * At most `k` candidate rows near `query` (unit length), nearest first, with approximate scores.
   * `ef` is the width of the search, raised to `k` when below it.
   */
  search(query: Float32Array, k: number, ef: number): Candidates;
}

/** Rows of the block with approximate scores (larger is better), best first. */
export interface Candidates {
  rows: number[];
  scores: number[];
}

export interface GraphParameters {
  /** Links a node and layer (Malkov and Yashunin 2016, section 4). */
  M: number;
  efConstruction: number;
}
