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
import { canMap, type Access } from './mapped-file.js';
import {
  componentOf,
  graphOf,
  type ComponentRecord,
  type SegmentRecord,
} from './segment-record.js';
import type { CategoryRange } from './segment-reader.js';
import { Segment, type SegmentChanges } from './segment.js';
import { SortedTerms } from './terms/sorted-terms.js';

interface OpenOptions {
  /** To read all rows once: no graph is opened, all is mapped, and all of it compared with its checksums first. */
  toCopy?: boolean;
  /** What changes of its rows: of the same segment as it is open already, otherwise nothing yet. */
  changes?: SegmentChanges;
}

/**
 * Opens a segment that `writeSegment` wrote, checking every file against its checksum, but for its vectors, which are
 * checked as they are read. Throws `CorruptFile`, or what the system says when it has no file or memory to give; does
 * without a graph that is damaged. Where files cannot be mapped, all are in memory.
 */
export async function openSegment(
  tenantFolder: string,
  record: SegmentRecord,
  { toCopy = false, changes }: OpenOptions = {},
): Promise<Segment> {
  const isMapped = (toCopy || record.tier === 'warm') && (await canMap());
  const access = isMapped ? 'mapped' : 'memory';
  const folder = join(tenantFolder, record.folder);
  const { dimensions, categories } = record;
  const lostGraphs: string[] = [];
  const open = async (name: string, firstRow: number): Promise<Graph | undefined> => {
    const graph = graphOf(record, name);
    if (graph === undefined || toCopy) return undefined;
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
    const vectorFiles = componentIn(record, 'vectors', VECTORS_FORMAT).files;
    const { files } = componentIn(record, 'columns', COLUMNS_FORMAT);
    // Side by side: a start waits for nothing else.
    const parts = [
      readRows(rowsFile, folder, record.rows, access),
      readVectors(pairOf(vectorFiles), folder, { dimensions, categories, isWhole: toCopy }),
      openTerms(record, folder, access),
      open('all', 0),
      openRanges(record, open),
    ] as const;
    // Nothing goes on behind a failure: the files are removed then.
    await Promise.allSettled(parts);
    const [rows, vectors, terms, graph, ranges] = await Promise.all(parts);
    // Last, since it keeps a file open.
    const columns = await ColumnFiles.open(folder, files, record.rows, access);
    const components = { rows, vectors, columns, terms, graph, ranges, lostGraphs };
    return new Segment(record, components, changes);
  } catch (error) {
    throw asCorrupt(error, record.folder);
  }
}

async function openTerms(
  record: SegmentRecord,
  folder: string,
  access: Access,
): Promise<SortedTerms> {
  const { files } = componentIn(record, 'terms', TERMS_FORMAT);
  const sequences = fileIn(record, 'sequence', SEQUENCE_FORMAT);
  const types = fileIn(record, 'types', TYPES_FORMAT);
  const [{ directory, postings }, ofRows, typesOfRows] = await Promise.all([
    readTerms(folder, files, access),
    readSequences(sequences, folder, record.rows, access),
    readTypes(types, folder, record.rows, access),
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

function pairOf([first, second]: FileRecord[]): [FileRecord, FileRecord] {
  if (first === undefined || second === undefined) throw new CorruptFile('a file is not named');
  return [first, second];
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
