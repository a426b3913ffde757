import { hashId } from '../core/ids.js';
import { filterFields } from '../core/product-fields.js';
import type { Product } from '../core/product.js';
import { Bitset } from './bitset.js';
import type { Block } from './block.js';
import {
  ColumnWriter,
  columnValue,
  forEachValue,
  type Column,
  type ColumnValue,
} from './column.js';
import { VectorSlabs } from './vector-slabs.js';

/** Rows of a slab: large enough to scan fast, small enough to allocate without a pause. */
export const SLAB_ROWS = 1_024;

/** The mutable end of a shard's rows of one tenant: appended to, scanned exactly, never a graph. */
export class Tail implements Block {
  readonly name = 'tail';
  readonly graph = undefined;
  readonly ranges = undefined;
  rows = 0;
  deadCount = 0;
  dead = new Bitset(SLAB_ROWS);

  private readonly slabs: Float32Array[] = [];
  private readonly starts: number[] = [0];
  private readonly ids: string[] = [];
  private readonly versions: number[] = [];
  private readonly hashes: number[] = [];
  private readonly codeOfCategory = new Map<string, number>();
  readonly matchCache = undefined;
  readonly categoryCodes = { names: [] as string[], codes: [] as number[] };
  private readonly rowOf = new Map<string, number>();
  private readonly writers = new Map<string, ColumnWriter>();
  /** Columns as of `rows`, made when a filter first asks. */
  private readonly built = new Map<string, { rows: number; column: Column }>();
  readonly vectors: VectorSlabs;

  constructor(readonly dimensions: number) {
    this.vectors = new VectorSlabs(dimensions, this.slabs, this.starts);
  }

  append(product: Product, version: number, vector: Float32Array): void {
    const fields = filterFields(product).map(
      ([field, value]) => [field, columnValue(value)] as const,
    );
    this.appendRow(product.id, product.category, version, vector, fields);
  }

  /** Appends the live rows of `other`. */
  absorb(other: Tail): void {
    const fieldsOf = Array.from({ length: other.rows }, (): [string, ColumnValue][] => []);
    for (const [field, writer] of other.writers) {
      forEachValue(writer.column(other.rows), (row, value) => fieldsOf[row]?.push([field, value]));
    }
    for (let row = 0; row < other.rows; row++) {
      if (other.dead.has(row)) continue;
      const vector = other.vectors.view(row);
      const fields = fieldsOf[row] ?? [];
      this.appendRow(other.id(row), other.categoryOf(row), other.version(row), vector, fields);
    }
  }

  private appendRow(
    id: string,
    category: string,
    version: number,
    vector: Float32Array,
    fields: readonly (readonly [string, ColumnValue])[],
  ): void {
    const row = this.rows;
    if (row % SLAB_ROWS === 0) this.grow();
    const slab = this.slabs[this.slabs.length - 1] as Float32Array;
    slab.set(vector, (row % SLAB_ROWS) * this.dimensions);
    this.ids.push(id);
    this.versions.push(version);
    this.hashes.push(hashId(id));
    this.categoryCodes.codes.push(this.categoryCode(category));
    this.rowOf.set(id, row);
    for (const [field, value] of fields) this.writer(field).set(row, value);
    this.rows = row + 1;
    this.starts[this.starts.length - 1] = this.rows;
  }

  id(row: number): string {
    return this.ids[row] as string;
  }

  version(row: number): number {
    return this.versions[row] as number;
  }

  hash(row: number): number {
    return this.hashes[row] as number;
  }

  categoryOf(row: number): string {
    const { names, codes } = this.categoryCodes;
    return names[codes[row] as number] as string;
  }

  find(id: string): number {
    return this.rowOf.get(id) ?? -1;
  }

  kill(row: number): void {
    if (this.dead.has(row)) return;
    this.dead.add(row);
    this.deadCount += 1;
    // A later append of the same id has taken the entry over already.
    if (this.rowOf.get(this.id(row)) === row) this.rowOf.delete(this.id(row));
  }

  async columns(fields: readonly string[]): Promise<ReadonlyMap<string, Column>> {
    return this.loadedColumns(fields);
  }

  loadedColumns(fields: readonly string[]): ReadonlyMap<string, Column> {
    const columns = new Map<string, Column>();
    for (const field of fields) {
      const writer = this.writers.get(field);
      if (writer === undefined) continue;
      let built = this.built.get(field);
      if (built?.rows !== this.rows) {
        built = { rows: this.rows, column: writer.column(this.rows) };
        this.built.set(field, built);
      }
      columns.set(field, built.column);
    }
    return columns;
  }

  /** Every field that any row has. */
  fields(): string[] {
    return [...this.writers.keys()];
  }

  private categoryCode(category: string): number {
    let code = this.codeOfCategory.get(category);
    if (code === undefined) {
      code = this.categoryCodes.names.push(category) - 1;
      this.codeOfCategory.set(category, code);
    }
    return code;
  }

  private grow(): void {
    this.slabs.push(new Float32Array(SLAB_ROWS * this.dimensions));
    this.starts.push(this.rows);
    const words = new Uint32Array((this.rows + SLAB_ROWS) >>> 5);
    words.set(this.dead.words.subarray(0, (this.rows + 31) >>> 5));
    this.dead = new Bitset(this.rows + SLAB_ROWS, words);
  }

  private writer(field: string): ColumnWriter {
    let writer = this.writers.get(field);
    if (writer === undefined) {
      writer = new ColumnWriter();
      this.writers.set(field, writer);
    }
    return writer;
  }
}
