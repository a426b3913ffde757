import type { FileRecord } from './durable-file.js';
import type { EngineName } from './engine/graph.js';

/**
 * A segment's files, all little-endian, none changed after it was written:
 *
 *   vectors.f32   rows x dimensions float32, rows sorted by category
 *   rows.bin      versions f64[n], hashes u32[n], id ends u32[n], id table u32[slots], ids UTF-8
 *   columns.bin   for each field: codes u32[m], rows u32[m] when sparse, dictionary as JSON
 *   columns.json  field -> where its parts lie in columns.bin
 *   all.graph     graph over all rows; cN.graph one over category N, for large categories
 */
export const SEGMENT_FORMAT = 2;

export interface SegmentRecord {
  /** The segment's folder, below the tenant's. */
  folder: string;
  rows: number;
  dimensions: number;
  idTableSlots: number;
  idBytes: number;
  categories: CategoryRecord[];
  /** What wrote the graphs and can open them. */
  engine: EngineName;
  /** File name of the graph over all rows. */
  graph: string | undefined;
  files: FileRecord[];
}

export interface CategoryRecord {
  category: string;
  rows: number;
  graph: string | undefined;
}

/** Where a field lies in columns.bin, in bytes. */
export interface ColumnRecord {
  at: number;
  codes: number;
  sparse: boolean;
  dictionaryBytes: number;
}

export type ColumnDirectory = Record<string, ColumnRecord>;

/** Byte lengths of the parts of rows.bin, in order. */
export function rowsFileParts(record: SegmentRecord): number[] {
  const n = record.rows;
  return [8 * n, 4 * n, 4 * n, 4 * record.idTableSlots, record.idBytes];
}

export function fileOf(record: SegmentRecord, name: string): FileRecord {
  const file = record.files.find((candidate) => candidate.name === name);
  if (file === undefined) throw new Error(`segment ${record.folder} has no file ${name}`);
  return file;
}
