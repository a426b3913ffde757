/** `Graph.ef` is chosen for the recall of the first so many: a page of ten, and what is asked for beyond it. */
export const EF_K = 16;

/**
 * An approximate-nearest-neighbour graph over consecutive rows of a block. `distance` is
 * smaller-is-better and stays inside this folder: engines only choose candidates,
 * `core/vector.ts` scores them.
 */
export interface Graph {
  /** First row of the block that label 0 stands for. */
  readonly firstRow: number;
  readonly size: number;
  /**
   * Width at which a search without a filter has the recall that is wanted, for the first `EF_K`; it may be
   * chosen anew while the graph is searched.
   */
  ef: number;
  /** Estimate of the memory it holds. */
  readonly bytes: number;
  /**
   * Above 0 where it walks over compressed vectors: scores, in a unit of its own, may then mix up two
   * candidates that are nearer to each other than this. The caller compares those with the true
   * vectors.
   */
  readonly scoreMargin: number;
  /**
   * At most `width` candidate rows near `query` (unit length, at offset 0 of its buffer), nearest
   * first: `ef` of the HNSW paper. The wider, the surer that the first ones are the nearest.
   */
  search(query: Float32Array, width: number): Candidates;
}

/** Rows of the block with approximate scores (larger is better), best first. */
export interface Candidates {
  rows: number[];
  scores: number[];
}

export interface GraphParameters {
  engine: EngineName;
  /** Links a node and layer (Malkov and Yashunin 2016, section 4). */
  M: number;
  efConstruction: number;
}

export type EngineName = 'usearch' | 'hnswlib';

/** The vectors that a graph is built over: row 0 is its label 0. */
export interface GraphRows {
  dimensions: number;
  count: number;
  vectorAt: (row: number) => Float32Array;
}

/** Where a graph stands in its segment, and how it is searched. */
export interface GraphPlace {
  dimensions: number;
  firstRow: number;
  bytes: number;
  ef: number;
}

/** A library that builds graphs into files and opens them. */
export interface GraphEngine {
  /**
   * Builds a graph and writes it to `file`. Blocks its thread: for the build worker. Throws soon
   * after `isStopped` turns true. Two builds of the same rows give the same graph.
   */
  build(file: string, rows: GraphRows, parameters: GraphParameters, isStopped: () => boolean): void;
  /** Opens a file that `build` wrote and whose checksum was found right. */
  open(file: string, place: GraphPlace): Promise<Graph>;
}
