import { open as openFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Bitset } from './bitset.js';
import type { Block, CategoryRange } from './block.js';
import type { Column, ColumnValue } from './column.js';
import { asCorrupt, CorruptFile, readInto, verifyFile } from './durable-file.js';
import { ENGINES } from './engine/engines.js';
import type { Graph } from './engine/graph.js';
import { findInIdTable } from './id-table.js';
import { MatchCache } from './match-cache.js';
import {
  fileOf,
  rowsFileParts,
  type ColumnDirectory,
  type ColumnRecord,
  type SegmentRecord,
} from './segment-format.js';
import { VectorSlabs } from './vector-slabs.js';

/** Immutable rows of one tenant with their graphs, in memory; only `dead` changes. */
export class Segment implements Block {
  readonly rows: number;
  readonly dead: Bitset;
  deadCount = 0;
  readonly categoryCodes = undefined;
  readonly matchCache = new MatchCache();
  private readonly loaded = new Map<string, Column>();
  private readonly loading = new Map<string, Promise<Column>>();

  constructor(
    readonly record: SegmentRecord,
    readonly vectors: VectorSlabs,
    readonly graph: Graph | undefined,
    readonly ranges: readonly CategoryRange[],
    private readonly rowData: RowData,
    private readonly columnFile: FileHandle,
    private readonly directory: ColumnDirectory,
  ) {
    this.rows = record.rows;
    this.dead = new Bitset(record.rows);
  }

  get name(): string {
    return this.record.folder;
  }

  /** Bytes of vectors and graphs, what dominates. */
  get bytes(): number {
    const graphs = this.ranges.reduce((sum, range) => sum + (range.graph?.bytes ?? 0), 0);
    return this.rows * this.record.dimensions * 4 + graphs + (this.graph?.bytes ?? 0);
  }

  id(row: number): string {
    const { idEnds, ids } = this.rowData;
    // Not a TextDecoder: it takes ten times as long for a short text, and drops a byte order mark.
    return ids.toString('utf8', row === 0 ? 0 : idEnds[row - 1], idEnds[row]);
  }

  version(row: number): number {
    return this.rowData.versions[row] as number;
  }

  hash(row: number): number {
    return this.rowData.hashes[row] as number;
  }

  categoryOf(row: number): string {
    return this.ranges[this.vectors.slabOf(row)]?.category ?? '';
  }

  find(id: string): number {
    const { idTable, hashes } = this.rowData;
    const row = findInIdTable(idTable, hashes, id, (candidate) => this.id(candidate) === id);
    return row === -1 || this.dead.has(row) ? -1 : row;
  }

  kill(row: number): void {
    if (this.dead.has(row)) return;
    this.dead.add(row);
    this.deadCount += 1;
  }

  /** Every field that any row has. */
  fields(): string[] {
    return Object.keys(this.directory);
  }

  async columns(fields: readonly string[]): Promise<ReadonlyMap<string, Column>> {
    const columns = new Map<string, Column>();
    for (const field of fields) {
      if (!Object.hasOwn(this.directory, field)) continue;
      columns.set(field, this.loaded.get(field) ?? (await this.loadColumn(field)));
    }
    return columns;
  }

  loadedColumns(fields: readonly string[]): ReadonlyMap<string, Column> | undefined {
    const columns = new Map<string, Column>();
    for (const field of fields) {
      if (!Object.hasOwn(this.directory, field)) continue;
      const column = this.loaded.get(field);
      if (column === undefined) return undefined;
      columns.set(field, column);
    }
    return columns;
  }

  /** One read for all who wait; one that failed is tried again by the next to ask. */
  private async loadColumn(field: string): Promise<Column> {
    let reading = this.loading.get(field);
    if (reading === undefined) {
      reading = readColumn(this.columnFile, this.directory[field] as ColumnRecord);
      this.loading.set(field, reading);
    }
    try {
      const column = await reading;
      this.loaded.set(field, column);
      return column;
    } finally {
      this.loading.delete(field);
    }
  }

  async close(): Promise<void> {
    await this.columnFile.close();
  }
}

interface RowData {
  versions: Float64Array;
  hashes: Uint32Array;
  /** Where each id ends in `ids`. */
  idEnds: Uint32Array;
  idTable: Uint32Array;
  ids: Buffer<ArrayBuffer>;
}

/**
 * Opens a segment that `writeSegment` wrote, checking every file against its checksum. Throws
 * `CorruptFile`, or what the system says when it has no file or memory to give. With `graphs` false (for the builder) the graphs are left closed.
 */
export async function openSegment(
  tenantFolder: string,
  record: SegmentRecord,
  graphs = true,
): Promise<Segment> {
  const folder = join(tenantFolder, record.folder);
  try {
    const open = (name: string | undefined, from: number): Promise<Graph | undefined> =>
      graphs ? readGraph(folder, record, name, from) : Promise.resolve(undefined);
    // Side by side: a start waits for nothing else.
    const parts = [
      readRows(folder, record),
      readVectors(folder, record),
      readDirectory(folder, record),
      open(record.graph, 0),
      openRanges(record, open),
      verifyFile(folder, fileOf(record, 'columns.bin')),
    ] as const;
    // Nothing goes on behind a failure: the files are removed then.
    await Promise.allSettled(parts);
    const [rowData, vectors, directory, all, ranges] = await Promise.all(parts);
    const columnFile = await openFile(join(folder, 'columns.bin'), 'r');
    return new Segment(record, vectors, all, ranges, rowData, columnFile, directory);
  } catch (error) {
    throw asCorrupt(error, record.folder);
  }
}

/** The categories' ranges of rows, each with its graph, one after the other: there may be many. */
async function openRanges(
  record: SegmentRecord,
  open: (name: string | undefined, firstRow: number) => Promise<Graph | undefined>,
): Promise<CategoryRange[]> {
  const ranges: CategoryRange[] = [];
  let from = 0;
  for (const { category, rows, graph } of record.categories) {
    ranges.push({ category, from, to: from + rows, graph: await open(graph, from) });
    from += rows;
  }
  return ranges;
}

async function readRows(folder: string, record: SegmentRecord): Promise<RowData> {
  const parts = await readInto(folder, fileOf(record, 'rows.bin'), rowsFileParts(record));
  const [versions, hashes, idEnds, idTable, ids] = parts as [
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
  ];
  return {
    versions: new Float64Array(versions),
    hashes: new Uint32Array(hashes),
    idEnds: new Uint32Array(idEnds),
    idTable: new Uint32Array(idTable),
    ids: Buffer.from(ids),
  };
}

async function readVectors(folder: string, record: SegmentRecord): Promise<VectorSlabs> {
  const lengths = record.categories.map(({ rows }) => rows * record.dimensions * 4);
  const buffers = await readInto(folder, fileOf(record, 'vectors.f32'), lengths);
  const starts = [0];
  for (const { rows } of record.categories) starts.push((starts.at(-1) as number) + rows);
  const slabs = buffers.map((buffer) => new Float32Array(buffer));
  return new VectorSlabs(record.dimensions, slabs, starts);
}

async function readDirectory(folder: string, record: SegmentRecord): Promise<ColumnDirectory> {
  const file = fileOf(record, 'columns.json');
  const [content] = await readInto(folder, file, [file.bytes]);
  return JSON.parse(Buffer.from(content as ArrayBuffer).toString()) as ColumnDirectory;
}

async function readGraph(
  folder: string,
  record: SegmentRecord,
  name: string | undefined,
  firstRow: number,
): Promise<Graph | undefined> {
  if (name === undefined) return undefined;
  const file = fileOf(record, name);
  await verifyFile(folder, file);
  const engine = ENGINES[record.engine];
  return engine.open(join(folder, name), record.dimensions, firstRow, file.bytes);
}

async function readColumn(file: FileHandle, record: ColumnRecord): Promise<Column> {
  const codes = new Uint32Array(await readPart(file, record.at, 4 * record.codes));
  const rowsBytes = record.sparse ? 4 * record.codes : 0;
  const rows = await readPart(file, record.at + 4 * record.codes, rowsBytes);
  const at = record.at + 4 * record.codes + rowsBytes;
  const dictionary = await readPart(file, at, record.dictionaryBytes);
  return {
    values: JSON.parse(Buffer.from(dictionary).toString()) as ColumnValue[],
    codes,
    rows: record.sparse ? new Uint32Array(rows) : undefined,
  };
}

async function readPart(file: FileHandle, at: number, bytes: number): Promise<ArrayBuffer> {
  const buffer = new ArrayBuffer(bytes);
  let filled = 0;
  while (filled < bytes) {
    const view = new Uint8Array(buffer, filled);
    const { bytesRead } = await file.read(view, 0, bytes - filled, at + filled);
    if (bytesRead === 0) throw new CorruptFile('columns.bin is too short');
    filled += bytesRead;
  }
  return buffer;
}
