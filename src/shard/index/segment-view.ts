import type { Graph } from '../engine/graph.js';
import type { MatchCache } from '../leaf/match-cache.js';
import type { Bitset } from './bitset.js';
import type { Column } from './column.js';
import type { CategoryCodes, CategoryRange, SegmentReader } from './segment-reader.js';
import type { VectorSlabs } from './vector-slabs.js';

/**
 * A segment or write buffer as of one turn: so many rows of it, of which those were deleted. What is
 * written or deleted later changes nothing of it.
 */
export class SegmentView {
  readonly rows: number;
  /** For explanations. */
  readonly name: string;
  readonly vectors: VectorSlabs;
  readonly deadCount: number;
  readonly graph: Graph | undefined;
  readonly ranges: readonly CategoryRange[] | undefined;
  readonly categoryCodes: CategoryCodes | undefined;
  readonly matchCache: MatchCache | undefined;
  /** Rows that were deleted by then. May have room for rows beyond `rows`. */
  readonly dead: Bitset;

  constructor(private readonly reader: SegmentReader) {
    this.rows = reader.rows;
    this.name = reader.name;
    this.vectors = reader.vectors;
    this.dead = reader.deletes.snapshot();
    this.deadCount = reader.deletes.count;
    this.graph = reader.graph;
    this.ranges = reader.ranges;
    this.categoryCodes = reader.categoryCodes;
    this.matchCache = reader.matchCache;
  }

  id(row: number): string {
    return this.reader.id(row);
  }

  version(row: number): number {
    return this.reader.version(row);
  }

  hash(row: number): number {
    return this.reader.hash(row);
  }

  categoryOf(row: number): string {
    return this.reader.categoryOf(row);
  }

  /** The column of `field`, if there is one; it may have values of rows beyond `rows`. */
  column(field: string): Promise<Column | undefined> {
    return this.reader.column(field);
  }

  /** Those of `fields` that are there, without a wait; undefined when one must be read first. */
  loadedColumns(fields: readonly string[]): ReadonlyMap<string, Column> | undefined {
    return this.reader.loadedColumns(fields);
  }

  /** Every field that any row has, later ones included. */
  fields(): Iterable<string> {
    return this.reader.fields();
  }

  /** One column, which is not kept in memory; may have values of rows beyond `rows`. */
  readColumn(field: string): Promise<Column> {
    return this.reader.readColumn(field);
  }
}
