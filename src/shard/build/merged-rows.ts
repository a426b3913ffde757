import { compareBytes } from '../../core/ids.js';
import type { Bitset } from '../index/bitset.js';
import type { Column, ColumnReader, ColumnType } from '../index/column.js';
import { GONE, mergeColumns, type MergeSource } from '../index/columns/merge-columns.js';
import type { RowSource } from '../index/components/rows.js';
import type { VectorSource } from '../index/components/vectors.js';
import type { CategoryRecord } from '../index/segment-record.js';
import type { VectorSlabs } from '../index/vector-slabs.js';
import type { TermSource } from '../index/terms/terms-reader.js';
import { MergedTerms, type Origin } from './merged-terms.js';

/** Rows to merge: a segment, or a write buffer as it was frozen. */
export interface SourceReader {
  readonly rows: number;
  readonly dead: Bitset;
  readonly vectors: VectorSlabs;
  readonly terms: TermSource;
  id(row: number): string;
  version(row: number): number;
  hash(row: number): number;
  categoryOf(row: number): string;
  /** Every field that any row has; some may come twice. */
  fields(): Iterable<string>;
  /** The column of a field, read or made anew and not kept. */
  readColumn(field: string): Promise<Column>;
}

/** The live rows of some sources, sorted by category: eight bytes a row and no object. */
export class MergedRows implements RowSource, VectorSource {
  readonly count: number;
  readonly categories: CategoryRecord[];
  private readonly sourceOf: Uint16Array;
  private readonly rowOf: Uint32Array;
  /** For each source the new row of each of its rows. */
  private readonly newRows: Uint32Array[];

  constructor(private readonly sources: readonly SourceReader[]) {
    const counts = countCategories(sources);
    const names = [...counts.keys()].sort(compareBytes);
    this.categories = names.map((category) => ({ category, rows: counts.get(category) as number }));
    const next = new Map<string, number>();
    let count = 0;
    for (const { category, rows } of this.categories) {
      next.set(category, count);
      count += rows;
    }
    this.count = count;
    this.sourceOf = new Uint16Array(count);
    this.rowOf = new Uint32Array(count);
    this.newRows = sources.map(({ rows }) => new Uint32Array(rows).fill(GONE));
    forEachLive(sources, (source, row, category) => {
      const at = next.get(category) as number;
      next.set(category, at + 1);
      this.sourceOf[at] = source;
      this.rowOf[at] = row;
      (this.newRows[source] as Uint32Array)[row] = at;
    });
  }

  id(i: number): string {
    return this.source(i).id(this.row(i));
  }

  version(i: number): number {
    return this.source(i).version(this.row(i));
  }

  hash(i: number): number {
    return this.source(i).hash(this.row(i));
  }

  vector(i: number): Float32Array {
    return this.source(i).vectors.view(this.row(i));
  }

  /** One field and type at a time, so that memory holds one column of all sources. */
  async *columns(): AsyncGenerator<[field: string, column: ColumnReader]> {
    for (const field of new Set(this.sources.flatMap((source) => [...source.fields()]))) {
      const ofTypes: Record<ColumnType, MergeSource[]> = { text: [], number: [], boolean: [] };
      for (const [i, source] of this.sources.entries()) {
        const newRows = this.newRows[i] as Uint32Array;
        for (const column of await source.readColumn(field)) {
          ofTypes[column.type].push({ column, newRows });
        }
      }
      for (const ofType of Object.values(ofTypes)) {
        const column = mergeColumns(ofType, this.count);
        if (column !== undefined) yield [field, column];
      }
    }
  }

  get terms(): MergedTerms {
    const sources = this.sources.map(({ terms }, i) => ({
      terms,
      newRows: this.newRows[i] as Uint32Array,
    }));
    return new MergedTerms(sources, () => this.origins());
  }

  private *origins(): Generator<Origin> {
    for (let i = 0; i < this.count; i++) {
      yield { source: this.sourceOf[i] as number, row: this.row(i) };
    }
  }

  private source(i: number): SourceReader {
    return this.sources[this.sourceOf[i] as number] as SourceReader;
  }

  private row(i: number): number {
    return this.rowOf[i] as number;
  }
}

function countCategories(sources: readonly SourceReader[]): Map<string, number> {
  const counts = new Map<string, number>();
  forEachLive(sources, (_source, _row, category) => {
    counts.set(category, (counts.get(category) ?? 0) + 1);
  });
  return counts;
}

function forEachLive(
  sources: readonly SourceReader[],
  visit: (source: number, row: number, category: string) => void,
): void {
  sources.forEach((source, s) => {
    for (let row = 0; row < source.rows; row++) {
      if (!source.dead.has(row)) visit(s, row, source.categoryOf(row));
    }
  });
}
