import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compareBytes } from '../core/ids.js';
import type { Block } from './block.js';
import { ColumnWriter, forEachValue } from './column.js';
import { recordFile, syncFolder, syncPath, writeFile } from './durable-file.js';
import type { GraphParameters } from './engine/graph.js';
import { ENGINES } from './engine/engines.js';
import { buildIdTable } from './id-table.js';
import type { CategoryRecord, ColumnDirectory, SegmentRecord } from './segment-format.js';

export interface SegmentOptions {
  dimensions: number;
  /** Blocks and categories below this many rows are scanned, not walked as a graph. */
  graphMinRows: number;
  graph: GraphParameters;
}

/** A block to merge, and the fields its rows have. */
export type SourceBlock = Block & { fields(): string[] };

interface SourceRow {
  block: SourceBlock;
  row: number;
  category: string;
}

/**
 * Writes the live rows of `blocks` as one segment, sorted by category, flushed to the disk, and
 * reads every file back for its checksum. Returns undefined when no row is live. Blocks its thread
 * while graphs are built, and throws soon after `isStopped` turns true.
 */
export async function writeSegment(
  tenantFolder: string,
  folder: string,
  blocks: readonly SourceBlock[],
  options: SegmentOptions,
  isStopped: () => boolean = () => false,
): Promise<SegmentRecord | undefined> {
  const rows = liveRows(blocks);
  if (rows.length === 0) return undefined;
  const path = join(tenantFolder, folder);
  await mkdir(path, { recursive: true });

  const categories = countCategories(rows);
  const idParts = await writeRows(path, rows);
  await writeFile(join(path, 'vectors.f32'), vectorParts(rows));
  await writeColumns(path, rows, blocks);
  const graphs = writeGraphs(path, rows, categories, options, isStopped);

  const names = ['rows.bin', 'vectors.f32', 'columns.bin', 'columns.json', ...graphs.names];
  const files = [];
  for (const name of names) {
    await syncPath(join(path, name));
    files.push(await recordFile(path, name));
  }
  await syncFolder(path);
  return {
    folder,
    rows: rows.length,
    dimensions: options.dimensions,
    ...idParts,
    categories,
    engine: options.graph.engine,
    graph: graphs.all,
    files,
  };
}

function liveRows(blocks: readonly SourceBlock[]): SourceRow[] {
  const rows: SourceRow[] = [];
  for (const block of blocks) {
    for (let row = 0; row < block.rows; row++) {
      if (!block.dead.has(row)) rows.push({ block, row, category: block.categoryOf(row) });
    }
  }
  return rows.sort((a, b) =>
    a.category === b.category ? 0 : compareBytes(a.category, b.category),
  );
}

function countCategories(rows: readonly SourceRow[]): CategoryRecord[] {
  const categories: CategoryRecord[] = [];
  for (const { category } of rows) {
    const last = categories.at(-1);
    if (last?.category === category) last.rows += 1;
    else categories.push({ category, rows: 1, graph: undefined });
  }
  return categories;
}

async function writeRows(
  path: string,
  rows: readonly SourceRow[],
): Promise<{ idTableSlots: number; idBytes: number }> {
  const versions = new Float64Array(rows.length);
  const hashes = new Uint32Array(rows.length);
  const idEnds = new Uint32Array(rows.length);
  const ids: Buffer[] = [];
  let idBytes = 0;
  rows.forEach(({ block, row }, i) => {
    versions[i] = block.version(row);
    hashes[i] = block.hash(row);
    const id = Buffer.from(block.id(row), 'utf8');
    ids.push(id);
    idBytes += id.byteLength;
    idEnds[i] = idBytes;
  });
  const table = buildIdTable(hashes);
  const parts = [versions, hashes, idEnds, table].map((array) => new Uint8Array(array.buffer));
  await writeFile(join(path, 'rows.bin'), [...parts, Buffer.concat(ids)]);
  return { idTableSlots: table.length, idBytes };
}

function* vectorParts(rows: readonly SourceRow[]): Iterable<Uint8Array> {
  const batchRows = 256;
  for (let from = 0; from < rows.length; from += batchRows) {
    const batch = rows.slice(from, from + batchRows).map(({ block, row }) => {
      const vector = block.vectors.view(row);
      return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
    });
    yield Buffer.concat(batch);
  }
}

/** One field at a time, so that memory holds one column of all blocks, not all columns. */
async function writeColumns(
  path: string,
  rows: readonly SourceRow[],
  blocks: readonly SourceBlock[],
): Promise<void> {
  const newRows = new Map(blocks.map((block) => [block, new Int32Array(block.rows).fill(-1)]));
  rows.forEach(({ block, row }, i) => {
    (newRows.get(block) as Int32Array)[row] = i;
  });
  // Without a prototype: a field may be called `__proto__`.
  const directory = Object.create(null) as ColumnDirectory;
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const field of new Set(blocks.flatMap((block) => block.fields()))) {
    const column = await mergeColumn(field, blocks, newRows, rows.length);
    if (column.values.length === 0) continue;
    const dictionary = Buffer.from(JSON.stringify(column.values), 'utf8');
    // Every part a multiple of four bytes, so that reads stay aligned.
    const padding = new Uint8Array((4 - (dictionary.byteLength % 4)) % 4);
    const sparse = column.rows !== undefined;
    const columnParts = [new Uint8Array(column.codes.buffer)];
    if (column.rows !== undefined) columnParts.push(new Uint8Array(column.rows.buffer));
    columnParts.push(dictionary, padding);
    directory[field] = {
      at,
      codes: column.codes.length,
      sparse,
      dictionaryBytes: dictionary.byteLength,
    };
    parts.push(...columnParts);
    at += columnParts.reduce((sum, part) => sum + part.byteLength, 0);
  }
  await writeFile(join(path, 'columns.bin'), parts);
  await writeFile(join(path, 'columns.json'), [Buffer.from(JSON.stringify(directory), 'utf8')]);
}

async function mergeColumn(
  field: string,
  blocks: readonly SourceBlock[],
  newRows: ReadonlyMap<SourceBlock, Int32Array>,
  rowCount: number,
): Promise<ReturnType<ColumnWriter['column']>> {
  const values: { row: number; value: Parameters<ColumnWriter['set']>[1] }[] = [];
  for (const block of blocks) {
    const column = (await block.columns([field])).get(field);
    if (column === undefined) continue;
    const target = newRows.get(block) as Int32Array;
    forEachValue(column, (row, value) => {
      const newRow = target[row] as number;
      if (newRow !== -1) values.push({ row: newRow, value });
    });
  }
  values.sort((a, b) => a.row - b.row);
  const writer = new ColumnWriter();
  for (const { row, value } of values) writer.set(row, value);
  return writer.column(rowCount);
}

/** Sets `graph` of the categories that get one; returns the names of all graph files. */
function writeGraphs(
  path: string,
  rows: readonly SourceRow[],
  categories: readonly CategoryRecord[],
  options: SegmentOptions,
  isStopped: () => boolean,
): { all: string | undefined; names: string[] } {
  const names: string[] = [];
  const { dimensions, graph } = options;
  const build = (name: string, from: number, count: number): string => {
    const vectorAt = (i: number): Float32Array => {
      const { block, row } = rows[from + i] as SourceRow;
      return block.vectors.view(row);
    };
    const file = join(path, name);
    ENGINES[graph.engine].build(file, { dimensions, count, vectorAt }, graph, isStopped);
    names.push(name);
    return name;
  };
  const all = rows.length >= options.graphMinRows ? build('all.graph', 0, rows.length) : undefined;
  let from = 0;
  categories.forEach((category, i) => {
    // The only category of a segment is served by the graph over all.
    const worthIt = category.rows >= options.graphMinRows && categories.length > 1;
    if (worthIt) category.graph = build(`c${i}.graph`, from, category.rows);
    from += category.rows;
  });
  return { all, names };
}
