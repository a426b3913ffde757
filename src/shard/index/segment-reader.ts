import type { Bitset } from './bitset.js';
import type { Column } from './column.js';
import type { Deletes } from './deletes.js';
import type { Graph } from '../engine/graph.js';
import type { RowPrices } from './prices/row-prices.js';
import type { MatchCache } from '../leaf/match-cache.js';
import type { TermsReader } from './terms/terms-reader.js';
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
export interface SegmentReader {
  /** For explanations: a segment's folder, or `tail`. */
  readonly name: string;
  readonly rows: number;
  readonly vectors: VectorSlabs;
  readonly terms: TermsReader;
  /** What price lists say of its rows. */
  readonly prices: RowPrices;
  /** Rows deleted or superseded since they were written. */
  readonly deletes: Deletes;
  /** The same as of now. */
  readonly dead: Bitset;
  /** A graph over all rows; undefined when the block is scanned. */
  readonly graph: Graph | undefined;
  /** Sorted by row; undefined for a tail, whose rows are in order of arrival. */
  readonly ranges: readonly CategoryRange[] | undefined;
  /** For a tail, instead of `ranges`. */
  readonly categoryCodes: CategoryCodes | undefined;
  /** For rows that stay as they are: a tail has none. */
  readonly matchCache: MatchCache | undefined;

  id(row: number): string;
  /** Negative where the id of row `a` comes before that of `b`, in byte order. */
  compareIds(a: number, b: number): number;
  /** Of the row, or of its prices, where those changed later. */
  version(row: number): number;
  /** `hashId` of the row's id. */
  hash(row: number): number;
  categoryOf(row: number): string;
  /** The live row of `id`, or -1. */
  find(id: string): number;
  /** A row, deleted or not, whose id has that `hashId` and for which `isRow` holds, or -1. */
  findByHash(hash: number, isRow: (row: number) => boolean): number;
  kill(row: number): void;
  /** The column of a field (see `shardField`), if there is one, read from its file when it is not in memory. */
  column(field: string): Promise<Column | undefined>;
  /** The columns of `fields` that are there, without a wait; undefined when one must be read first. */
  loadedColumns(fields: readonly string[]): ReadonlyMap<string, Column> | undefined;
  /** Every field that any row has. */
  fields(): Iterable<string>;
  /** One column, which is not kept in memory. */
  readColumn(field: string): Promise<Column>;
}
