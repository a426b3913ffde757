import { join } from 'node:path';
import type { Graph } from '../engine/graph.js';
import { ColumnFiles, COLUMNS_FORMAT } from './components/columns.js';
import { GRAPH_FORMAT, openGraph } from './components/graphs.js';
import { readRows, ROWS_FORMAT } from './components/rows.js';
import { readSequences, SEQUENCE_FORMAT } from './components/sequence.js';
import { readTerms, TERMS_FORMAT } from './components/terms.js';
import { readTypes, TYPES_FORMAT } from './components/types.js';
import { readVectors, VECTORS_FORMAT } from './components/vectors.js';
import { asCorrupt, CorruptFile, type FileRecord } from './durable-file.js';
import {
  componentOf,
  graphOf,
  type ComponentRecord,
  type SegmentRecord,
} from './segment-record.js';
import type { CategoryRange } from './segment-reader.js';
import { Segment } from './segment.js';
import { SortedTerms } from './terms/sorted-terms.js';

/**
 * Opens a segment that `writeSegment` wrote, checking every file against its checksum. Throws
 * `CorruptFile`, or what the system says when it has no file or memory to give; does without a graph
 * that is damaged. With `graphs` false (for the builder) none is opened.
 */
export async function openSegment(
  tenantFolder: string,
  record: SegmentRecord,
  graphs = true,
): Promise<Segment> {
  const folder = join(tenantFolder, record.folder);
  const { dimensions } = record;
  const slabRows = record.categories.map(({ rows }) => rows);
  const lostGraphs: string[] = [];
  const open = async (name: string, firstRow: number): Promise<Graph | undefined> => {
    const graph = graphOf(record, name);
    if (graph === undefined || !graphs) return undefined;
    try {
      if (graph.format !== GRAPH_FORMAT) throw new CorruptFile(`${name} is of another format`);
      return await openGraph(graph, folder, dimensions, firstRow);
    } catch (error) {
      if (!(asCorrupt(error, name) instanceof CorruptFile)) throw error;
      lostGraphs.push(name);
      return undefined;
    }
  };
  try {
    const rowsFile = fileIn(record, 'rows', ROWS_FORMAT);
    const vectorsFile = fileIn(record, 'vectors', VECTORS_FORMAT);
    const { files } = componentIn(record, 'columns', COLUMNS_FORMAT);
    // Side by side: a start waits for nothing else.
    const parts = [
      readRows(rowsFile, folder, record.rows),
      readVectors(vectorsFile, folder, dimensions, slabRows),
      openTerms(record, folder),
      open('all', 0),
      openRanges(record, open),
    ] as const;
    // Nothing goes on behind a failure: the files are removed then.
    await Promise.allSettled(parts);
    const [rows, vectors, terms, graph, ranges] = await Promise.all(parts);
    // Last, since it keeps a file open.
    const columns = await ColumnFiles.open(folder, files, record.rows);
    return new Segment(record, { rows, vectors, columns, terms, graph, ranges, lostGraphs });
  } catch (error) {
    throw asCorrupt(error, record.folder);
  }
}

async function openTerms(record: SegmentRecord, folder: string): Promise<SortedTerms> {
  const { files } = componentIn(record, 'terms', TERMS_FORMAT);
  const sequences = fileIn(record, 'sequence', SEQUENCE_FORMAT);
  const types = fileIn(record, 'types', TYPES_FORMAT);
  const [{ directory, postings }, ofRows, typesOfRows] = await Promise.all([
    readTerms(folder, files),
    readSequences(sequences, folder, record.rows),
    readTypes(types, folder, record.rows),
  ]);
  return new SortedTerms(directory, postings, ofRows, typesOfRows);
}

function componentIn(
  record: SegmentRecord,
  kind: ComponentRecord['kind'],
  format: number,
): ComponentRecord {
  const component = componentOf(record, kind);
  if (component?.format === format) return component;
  throw new CorruptFile(`${record.folder} has no ${kind} of format ${format}`);
}

function fileIn(record: SegmentRecord, kind: ComponentRecord['kind'], format: number): FileRecord {
  const [file] = componentIn(record, kind, format).files;
  if (file === undefined) throw new CorruptFile(`${record.folder} has no file of its ${kind}`);
  return file;
}

/** The categories' ranges of rows, each with its graph, one after the other: there may be many. */
async function openRanges(
  { categories }: SegmentRecord,
  open: (name: string, firstRow: number) => Promise<Graph | undefined>,
): Promise<CategoryRange[]> {
  const ranges: CategoryRange[] = [];
  let from = 0;
  for (const [i, { category, rows }] of categories.entries()) {
    ranges.push({ category, from, to: from + rows, graph: await open(`c${i}`, from) });
    from += rows;
  }
  return ranges;
}
