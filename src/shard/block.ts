import type { Bitset } from './bitset.js';
import type { Column } from './column.js';
import type { Graph } from './engine/graph.js';
import type { MatchCache } from './match-cache.js';
import type { VectorSlabs } from './vector-slabs.js';

/** A run of rows of one category, with a graph where the segment has one for it. */
export interface CategoryRange {
  category: string;
  from: number;
  to: number;
  graph: Graph | undefined;
}

/** Categories of rows that are not sorted by them: `names[codes[row]]`. */
export interface CategoryCodes {
  names: readonly string[];
  codes: ArrayLike<number>;
}

/** Rows that are searched together: an immutable segment, or a tail. */
export interface Block {
  /** For explanations: a segment's folder, or `tail`. */
  readonly name: string;
  readonly rows: number;
  readonly vectors: VectorSlabs;
  /** Rows deleted or superseded since they were written. */
  readonly dead: Bitset;
  readonly deadCount: number;
  /** A graph over all rows; undefined when the block is scanned. */
  readonly graph: Graph | undefined;
  /** Sorted by row; undefined for a tail, whose rows are in order of arrival. */
  readonly ranges: readonly CategoryRange[] | undefined;
  /** For a tail, instead of `ranges`. */
  readonly categoryCodes: CategoryCodes | undefined;
  /** For rows that stay as they are: a tail has none. */
  readonly matchCache: MatchCache | undefined;

  id(row: number): string;
  version(row: number): number;
  /** `hashId` of the row's id. */
  hash(row: number): number;
  categoryOf(row: number): string;
  /** The live row of `id`, or -1. */
  find(id: string): number;
  kill(row: number): void;
  /** The columns of `fields` that the block has, read from its file when they are not in memory. */
  columns(fields: readonly string[]): Promise<ReadonlyMap<string, Column>>;
  /** The same without a wait; undefined when one must be read first. */
  loadedColumns(fields: readonly string[]): ReadonlyMap<string, Column> | undefined;
}
