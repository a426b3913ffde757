import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ENGINES } from '../engine/engines.js';
import type { GraphParameters } from '../engine/graph.js';
import { COLUMNS_FORMAT, writeColumns } from '../index/components/columns.js';
import { GRAPH_FORMAT, graphFile } from '../index/components/graphs.js';
import { ROWS_FORMAT, writeRows } from '../index/components/rows.js';
import { SEQUENCE_FORMAT, writeSequences } from '../index/components/sequence.js';
import { TERMS_FORMAT, writeTerms } from '../index/components/terms.js';
import { TYPES_FORMAT, writeTypes } from '../index/components/types.js';
import { VECTORS_FORMAT, writeVectors } from '../index/components/vectors.js';
import { recordFile, syncPath, type FileRecord } from '../index/durable-file.js';
import type { ComponentRecord, GraphRecord, SegmentRecord } from '../index/segment-record.js';
import { NO_QUERIES, queriesOf, type SearchedFor } from '../index/recent-queries.js';
import { chooseEf, type EfOptions } from './choose-ef.js';
import { MergedRows, type SourceReader } from './merged-rows.js';

export interface SegmentOptions {
  dimensions: number;
  /** Blocks and categories below this many rows are scanned, not walked as a graph. */
  graphMinRows: number;
  graph: GraphParameters;
  /** How the width of each graph's searches is chosen. */
  ef: EfOptions;
}

/** What else a build is given. */
export interface BuildInput {
  /** What was searched for lately. */
  queries?: SearchedFor;
  isStopped?: () => boolean;
}

/**
 * Writes the live rows of `sources` as one segment, sorted by category, flushed to the disk, and
 * reads every file back for its checksum. Returns undefined when no row is live. Blocks its thread
 * while graphs are built, and throws soon after `isStopped` turns true.
 */
export async function writeSegment(
  tenantFolder: string,
  folder: string,
  sources: readonly SourceReader[],
  options: SegmentOptions,
  { queries = NO_QUERIES, isStopped = () => false }: BuildInput = {},
): Promise<SegmentRecord | undefined> {
  const rows = new MergedRows(sources);
  if (rows.count === 0) return undefined;
  const path = join(tenantFolder, folder);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const record = async (names: readonly string[]): Promise<FileRecord[]> => {
    const files: FileRecord[] = [];
    for (const name of names) {
      await syncPath(join(path, name));
      files.push(await recordFile(path, name));
    }
    return files;
  };
  const { dimensions } = options;
  const { terms } = rows;
  const components: (ComponentRecord | GraphRecord)[] = [];
  const add = async (
    kind: ComponentRecord['kind'],
    name: string,
    format: number,
    names: Promise<string[]>,
  ): Promise<void> => {
    components.push({ kind, name, format, files: await record(await names) });
  };
  await add('rows', 'all', ROWS_FORMAT, writeRows(path, rows));
  await add('vectors', 'text', VECTORS_FORMAT, writeVectors(path, 'text', dimensions, rows));
  await add('columns', 'all', COLUMNS_FORMAT, writeColumns(path, rows.columns()));
  // In this order: sequences are of the numbers that the words get when they are written.
  await add('terms', 'all', TERMS_FORMAT, writeTerms(path, rows.count, terms.words()));
  await add('sequence', 'all', SEQUENCE_FORMAT, writeSequences(path, terms.sequences()));
  const { sets, setOf } = terms.types(rows.count);
  await add('types', 'all', TYPES_FORMAT, writeTypes(path, sets, setOf));
  for (const range of graphRanges(rows, options)) {
    const vectorAt = (i: number): Float32Array => rows.vector(range.from + i);
    const vectors = { dimensions, count: range.count, vectorAt };
    const { engine } = options.graph;
    const file = graphFile(range.name);
    ENGINES[engine].build(join(path, file), vectors, options.graph, isStopped);
    const place = { dimensions, firstRow: 0, bytes: 0, ef: 1 };
    const graph = await ENGINES[engine].open(join(path, file), place);
    const asked = queriesOf(queries, range.category);
    const chosen = chooseEf(graph, vectors, asked, options.ef, isStopped);
    const graphRecord: GraphRecord = {
      kind: 'graph',
      name: range.name,
      format: GRAPH_FORMAT,
      files: await record([file]),
      engine,
      ...chosen,
    };
    components.push(graphRecord);
  }
  await syncPath(path);
  return { folder, rows: rows.count, dimensions, categories: rows.categories, components };
}

interface GraphRange {
  name: string;
  /** The only one of its rows; undefined: of all that the segment has. */
  category: string | undefined;
  from: number;
  count: number;
}

/** Over all rows, and over each large category; the only one is served by the graph over all. */
function* graphRanges(
  { count, categories }: MergedRows,
  { graphMinRows }: SegmentOptions,
): Generator<GraphRange> {
  if (count >= graphMinRows) yield { name: 'all', category: undefined, from: 0, count };
  if (categories.length === 1) return;
  let from = 0;
  for (const [i, { category, rows }] of categories.entries()) {
    if (rows >= graphMinRows) yield { name: `c${i}`, category, from, count: rows };
    from += rows;
  }
}
