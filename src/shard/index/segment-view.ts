import { checkId } from '../../core/ids.js';
import { NO_PRICES, type PackedPrices } from '../../core/price-entries.js';
import type { Graph } from '../engine/graph.js';
import type { MatchCache } from '../leaf/match-cache.js';
import { Bitset } from './bitset.js';
import type { Column } from './column.js';
import type { Postings } from './terms/postings.js';
import type { TermsReader } from './terms/terms-reader.js';
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
  /** May have words and rows that came later: `postings` leaves those rows out. */
  readonly terms: TermsReader;
  readonly deadCount: number;
  readonly graph: Graph | undefined;
  readonly ranges: readonly CategoryRange[] | undefined;
  readonly categoryCodes: CategoryCodes | undefined;
  readonly matchCache: MatchCache | undefined;
  /** Rows that were deleted by then. May have room for rows beyond `rows`. */
  readonly dead: Bitset;

  /** @param as the rows, and the dead ones, of another view of the same */
  constructor(
    private readonly reader: SegmentReader,
    as?: { rows: number; dead: Bitset },
  ) {
    this.rows = as?.rows ?? reader.rows;
    this.name = reader.name;
    this.vectors = reader.vectors;
    this.terms = reader.terms;
    this.dead = as?.dead ?? reader.deletes.snapshot();
    this.deadCount = as?.dead.count() ?? reader.deletes.count;
    this.graph = reader.graph;
    this.ranges = reader.ranges;
    this.categoryCodes = reader.categoryCodes;
    this.matchCache = reader.matchCache;
  }

  /** The same, as if all rows but `live` were deleted. */
  withOnly(live: Bitset): SegmentView {
    const dead = new Bitset(this.rows);
    dead.addRange(0, this.rows);
    return new SegmentView(this.reader, { rows: this.rows, dead: dead.andNot(live) });
  }

  /** The rows that have a word, by its number; dead ones included. */
  postings(word: number): Postings {
    return this.terms.postings(word, this.rows);
  }

  id(row: number): string {
    return this.reader.id(row);
  }

  /** Negative where the id of row `a` comes before that of `b`, in byte order. */
  compareIds(a: number, b: number): number {
    return this.reader.compareIds(a, b);
  }

  version(row: number): number {
    return this.reader.version(row);
  }

  /** Whether these are what price lists say of the row. */
  hasPrices(row: number, prices: PackedPrices): boolean {
    return Buffer.compare(this.reader.prices.packed(row) ?? NO_PRICES, prices) === 0;
  }

  /** Highest version of a change of prices. */
  get latestPrice(): number {
    return this.reader.prices.latest;
  }

  hash(row: number): number {
    return this.reader.hash(row);
  }

  categoryOf(row: number): string {
    return this.reader.categoryOf(row);
  }

  /** The live row of the id with these hashes (`idHashes`), or -1. */
  find(hash: number, check: number): number {
    return this.reader.findByHash(
      hash,
      (row) => row < this.rows && !this.dead.has(row) && checkId(this.id(row)) === check,
    );
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
