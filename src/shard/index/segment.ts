import { ownField } from '../../query/listed-field.js';
import { MatchCache } from '../leaf/match-cache.js';
import type { Graph } from '../engine/graph.js';
import type { Bitset } from './bitset.js';
import { bytesOf, type Column } from './column.js';
import type { Run } from './columns/build-column.js';
import type { ColumnFiles } from './components/columns.js';
import type { Rows } from './components/rows.js';
import { Deletes } from './deletes.js';
import { asCorrupt, CorruptFile } from './durable-file.js';
import type { SegmentSize } from './merge-policy.js';
import type { ChosenWidth, SegmentRecord } from './segment-record.js';
import type { CategoryRange, SegmentReader } from './segment-reader.js';
import type { SortedTerms } from './terms/sorted-terms.js';
import { BlockPrices } from './prices/block-prices.js';
import type { VectorSlabs } from './vector-slabs.js';

/** What a segment is made of, opened. */
export interface Components {
  rows: Rows;
  vectors: VectorSlabs;
  columns: ColumnFiles;
  terms: SortedTerms;
  /** Over all rows. */
  graph: Graph | undefined;
  ranges: readonly CategoryRange[];
  /** Graphs of the record that could not be opened: their rows are scanned until they are built anew. */
  lostGraphs: readonly string[];
}

/** What changes of a segment's rows. */
export interface SegmentChanges {
  readonly deletes: Deletes;
  readonly prices: BlockPrices;
}

/** Immutable rows of one tenant with their components; only `deletes` and `prices` change. */
export class Segment implements SegmentReader {
  readonly rows: number;
  readonly deletes: Deletes;
  readonly prices: BlockPrices;
  readonly categoryCodes = undefined;
  readonly matchCache = new MatchCache();
  readonly vectors: VectorSlabs;
  readonly terms: SortedTerms;
  readonly graph: Graph | undefined;
  readonly ranges: readonly CategoryRange[];
  /** Told when a component turns out to be damaged that the segment cannot do without. */
  onDamage: ((segment: Segment, error: CorruptFile) => void) | undefined;
  private readonly runs: readonly Run[];
  private readonly loaded = new Map<string, Column>();
  private readonly loading = new Map<string, Promise<Column>>();
  private columnBytes = 0;
  private hasLostGraph = false;
  /** Searchers that read it. */
  private holders = 0;
  private lastLeft: (() => void) | undefined;
  private readonly closing = new AbortController();

  /** @param record as the manifest has it; of it only widths of graphs ever change */
  constructor(
    public record: SegmentRecord,
    private readonly components: Components,
    changes?: SegmentChanges,
  ) {
    this.rows = record.rows;
    this.deletes = changes?.deletes ?? new Deletes(record.rows);
    this.prices = changes?.prices ?? new BlockPrices(record.rows);
    this.runs = [{ firstRow: 0, rowCount: record.rows }];
    this.vectors = components.vectors;
    const { checks } = this.vectors;
    if (checks !== undefined) checks.onDamage = (error) => this.onDamage?.(this, error);
    this.terms = components.terms;
    this.graph = components.graph;
    this.ranges = components.ranges;
  }

  /** For the merge policy. */
  get size(): SegmentSize {
    const { rows, deletes, isImpaired, isWarm } = this;
    return { rows, deadRows: deletes.count, isImpaired, isWarm };
  }

  get name(): string {
    return this.record.folder;
  }

  /** Its files are mapped, if the system can, and what of them is in use is held by it. */
  get isWarm(): boolean {
    return this.record.tier === 'warm';
  }

  get dead(): Bitset {
    return this.deletes.rows;
  }

  /** Whether something is to be built anew: a graph that was damaged. */
  get isImpaired(): boolean {
    return this.components.lostGraphs.length > 0 || this.hasLostGraph;
  }

  /** The file of a graph that is in use turns out to be damaged. */
  loseGraph(): void {
    this.hasLostGraph = true;
  }

  /** Searches from here on are as wide as that; the record says it, for the next manifest. */
  setWidths(widths: ReadonlyMap<string, ChosenWidth>): void {
    const set = (name: string, graph: Graph | undefined): void => {
      const chosen = widths.get(name);
      if (graph !== undefined && chosen !== undefined) graph.ef = chosen.ef;
    };
    set('all', this.graph);
    this.ranges.forEach(({ graph }, i) => set(`c${i}`, graph));
    const components = this.record.components.map((component) => {
      const chosen = component.kind === 'graph' ? widths.get(component.name) : undefined;
      return chosen === undefined ? component : { ...component, ...chosen };
    });
    this.record = { ...this.record, components };
  }

  /** Of all components, in memory, mapped into it, or in their file until a filter wants them. */
  get bytes(): number {
    const graphs = this.ranges.reduce((sum, range) => sum + (range.graph?.bytes ?? 0), 0);
    const { rows, terms } = this.components;
    const columns = Math.max(this.columnBytes, this.components.columns.bytes);
    const vectors = this.rows * this.record.dimensions * 4;
    const deletes = this.rows >>> 3;
    const read = rows.bytes + terms.bytes + columns;
    return vectors + graphs + (this.graph?.bytes ?? 0) + read + deletes + this.prices.bytes;
  }

  id(row: number): string {
    return this.components.rows.id(row);
  }

  compareIds(a: number, b: number): number {
    return this.components.rows.compareIds(a, b);
  }

  version(row: number): number {
    return this.prices.versionOf(row) ?? this.components.rows.version(row);
  }

  hash(row: number): number {
    return this.components.rows.hash(row);
  }

  categoryOf(row: number): string {
    let low = 0;
    let high = this.ranges.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ranges[middle] as CategoryRange).to <= row) low = middle + 1;
      else high = middle;
    }
    return this.ranges[low]?.category ?? '';
  }

  find(id: string): number {
    const row = this.components.rows.find(id);
    return row === -1 || this.deletes.has(row) ? -1 : row;
  }

  findByHash(hash: number, isRow: (row: number) => boolean): number {
    return this.components.rows.findByHash(hash, isRow);
  }

  kill(row: number): void {
    this.deletes.add(row);
  }

  fields(): Iterable<string> {
    return this.components.columns.fields();
  }

  /** As it is in its file: it is not kept. */
  readColumn(field: string): Promise<Column> {
    const reading = this.components.columns.read(field);
    reading.catch((error: unknown) => {
      const corrupt = asCorrupt(error, this.name);
      if (corrupt instanceof CorruptFile) this.onDamage?.(this, corrupt);
    });
    return reading;
  }

  async column(field: string): Promise<Column | undefined> {
    const listed = this.prices.listed(field);
    const name = ownField(field);
    const has = this.components.columns.has(name);
    const own = has ? (this.loaded.get(name) ?? (await this.loadColumn(name))) : undefined;
    return listed === undefined ? own : this.prices.column(listed, this.runs, own ?? []);
  }

  loadedColumns(fields: readonly string[]): ReadonlyMap<string, Column> | undefined {
    const columns = new Map<string, Column>();
    for (const field of fields) {
      const listed = this.prices.listed(field);
      const own = ownField(field);
      const column =
        listed === undefined ? this.loaded.get(own) : this.prices.ready(listed, this.runs);
      if (column !== undefined) columns.set(field, column);
      else if (listed !== undefined || this.components.columns.has(own)) return undefined;
    }
    return columns;
  }

  /** One read for all who wait; one that failed is tried again by the next to ask. */
  private async loadColumn(field: string): Promise<Column> {
    let reading = this.loading.get(field);
    if (reading === undefined) {
      reading = this.readColumn(field);
      this.loading.set(field, reading);
      reading.then(
        (column) => {
          this.loaded.set(field, column);
          this.columnBytes += column.reduce((sum, reader) => sum + bytesOf(reader), 0);
        },
        () => undefined,
      );
    }
    try {
      return await reading;
    } finally {
      this.loading.delete(field);
    }
  }

  /** Compares what of its vectors nobody has read yet with their checksums, until it is closed. */
  async checkVectors(): Promise<void> {
    const { signal } = this.closing;
    if (!signal.aborted) await this.vectors.checks?.rest(signal);
  }

  /** A searcher reads this until it calls `release`. */
  retain(): void {
    this.holders += 1;
  }

  release(): void {
    this.holders -= 1;
    if (this.holders === 0) this.lastLeft?.();
  }

  /** Lets go of the file, once no searcher reads it any more. */
  async close(): Promise<void> {
    this.closing.abort();
    if (this.holders > 0) await new Promise<void>((resolve) => (this.lastLeft = resolve));
    await this.components.columns.close();
  }
}
