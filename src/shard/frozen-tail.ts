import { Bitset } from './bitset.js';
import type { TailRows } from './build-protocol.js';
import type { Column } from './column.js';
import { SLAB_ROWS } from './tail.js';
import { VectorSlabs } from './vector-slabs.js';
import type { SourceBlock } from './write-segment.js';

/** A tail as the build worker received it. */
export class FrozenTail implements SourceBlock {
  readonly name = 'tail';
  readonly graph = undefined;
  readonly ranges = undefined;
  readonly categoryCodes = undefined;
  readonly matchCache = undefined;
  readonly rows: number;
  readonly dead: Bitset;
  readonly deadCount: number;
  readonly vectors: VectorSlabs;

  constructor(
    dimensions: number,
    private readonly tail: TailRows,
    dead: Uint32Array,
    slabs: readonly Float32Array[],
    private readonly columnByField: ReadonlyMap<string, Column>,
  ) {
    this.rows = tail.ids.length;
    this.dead = new Bitset(dead.length * 32, dead);
    this.deadCount = this.dead.count(0, this.rows);
    const starts = slabs.map((_, i) => i * SLAB_ROWS);
    this.vectors = new VectorSlabs(dimensions, slabs, [...starts, this.rows]);
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

  find(id: string): number {
    return this.tail.ids.indexOf(id);
  }

  kill(row: number): void {
    this.dead.add(row);
  }

  fields(): string[] {
    return [...this.columnByField.keys()];
  }

  async columns(fields: readonly string[]): Promise<ReadonlyMap<string, Column>> {
    return this.loadedColumns(fields);
  }

  loadedColumns(fields: readonly string[]): ReadonlyMap<string, Column> {
    const wanted = new Set(fields);
    return new Map([...this.columnByField].filter(([field]) => wanted.has(field)));
  }
}
