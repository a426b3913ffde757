import { Bitset } from '../index/bitset.js';
import type { BufferRows } from './build-protocol.js';
import type { Column } from '../index/column.js';
import type { FieldLog } from '../index/columns/field-log.js';
import type { TermLog } from '../index/terms/term-log.js';
import { slabRows } from '../index/write-buffer.js';
import { VectorSlabs } from '../index/vector-slabs.js';
import type { SourceReader } from './merged-rows.js';

/** A tail as the build worker received it. */
export class FrozenBuffer implements SourceReader {
  readonly rows: number;
  readonly dead: Bitset;
  readonly vectors: VectorSlabs;

  constructor(
    dimensions: number,
    private readonly tail: BufferRows,
    dead: Uint32Array,
    slabs: readonly Float32Array[],
    private readonly fieldLog: FieldLog,
    readonly terms: TermLog,
  ) {
    this.rows = tail.ids.length;
    this.dead = new Bitset(dead.length * 32, dead);
    const starts: number[] = [];
    for (let i = 0, row = 0; i < slabs.length; i++, row += slabRows(row)) starts.push(row);
    this.vectors = new VectorSlabs(dimensions, slabs, [...starts, this.rows]);
    fieldLog.sortEntries();
  }

  id(row: number): string {
    return this.tail.ids[row] as string;
  }

  version(row: number): number {
    return this.tail.versions[row] as number;
  }

  hash(row: number): number {
    return this.tail.hashes[row] as number;
  }

  categoryOf(row: number): string {
    return this.tail.categories[row] as string;
  }

  fields(): Iterable<string> {
    return this.fieldLog.names;
  }

  async readColumn(field: string): Promise<Column> {
    return Promise.resolve(this.fieldLog.uncached(field));
  }
}
