import { join } from 'node:path';
import { ENGINES } from '../../engine/engines.js';
import type { Graph } from '../../engine/graph.js';
import { verifyFile, type FileRecord } from '../durable-file.js';
import type { GraphRecord } from '../segment-record.js';

/** NAME.graph, in the engine's own form. */
export const GRAPH_FORMAT = 1;

export function graphFile(name: string): string {
  return `${name}.graph`;
}

/** Throws `CorruptFile` unless the file is what was written. */
export async function openGraph(
  { engine, ef, files }: GraphRecord,
  folder: string,
  dimensions: number,
  firstRow: number,
): Promise<Graph> {
  const [file] = files as [FileRecord];
  await verifyFile(folder, file);
  const place = { dimensions, firstRow, bytes: file.bytes, ef };
  return ENGINES[engine].open(join(folder, file.name), place);
}
