import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type {
  BuildJob,
  BuildMessage,
  BuildResult,
  ChosenWidths,
  StopFlag,
  BufferRows,
  WidthsJob,
} from './build-protocol.js';
import { beNice, NICENESS } from '../../core/niceness.js';
import { openGraph } from '../index/components/graphs.js';
import { FieldLog } from '../index/columns/field-log.js';
import type { PieceData } from '../index/columns/field-piece.js';
import { TermLog } from '../index/terms/term-log.js';
import { chooseEf } from './choose-ef.js';
import { FrozenBuffer } from './frozen-buffer.js';
import { openSegment } from '../index/open-segment.js';
import type { Segment } from '../index/segment.js';
import type { Graph } from '../engine/graph.js';
import { asCorrupt, CorruptFile } from '../index/durable-file.js';
import {
  graphOf,
  rangeOf,
  type ChosenWidth,
  type GraphRecord,
  type SegmentRecord,
} from '../index/segment-record.js';
import { queriesOf } from '../index/recent-queries.js';
import { unmapAll } from '../index/mapped-file.js';
import { writeSegment } from './write-segment.js';

/** The thread that builds segments: gathers a job's pieces, writes files, answers with a record. */
if (parentPort === null) throw new Error('the build worker runs as a worker thread');
beNice(NICENESS.building);
const port = parentPort;
const stopFlag = workerData as StopFlag;
const isStopped = (): boolean => Atomics.load(stopFlag, 0) === 1;

// By then no build runs any more.
process.on('exit', unmapAll);

let tail = noRows();
let dead: Uint32Array | undefined;
let slabs: Float32Array[] = [];
let names: string[] = [];
let pieces: PieceData[] = [];
let terms = new TermLog();

port.on('message', (message: BuildMessage) => {
  switch (message.type) {
    case 'rows':
      append(message.rows);
      break;
    case 'dead':
      dead = message.dead;
      break;
    case 'slab':
      slabs.push(message.vectors);
      break;
    case 'names':
      names.push(...message.names);
      break;
    case 'fields':
      pieces.push(message.piece);
      break;
    case 'terms':
      terms.addPiece(message.piece);
      break;
    case 'build':
      void build(message.job).then(answer, fail);
      break;
    case 'widths':
      void chooseWidths(message.job).then(answer, fail);
      break;
    case 'close':
      port.close();
  }
});

function noRows(): BufferRows {
  return { ids: [], versions: [], hashes: [], categories: [] };
}

function append(rows: BufferRows): void {
  tail.ids.push(...rows.ids);
  tail.versions.push(...rows.versions);
  tail.hashes.push(...rows.hashes);
  tail.categories.push(...rows.categories);
}

function answer(result: BuildResult): void {
  tail = noRows();
  dead = undefined;
  slabs = [];
  names = [];
  pieces = [];
  terms = new TermLog();
  port.postMessage(result);
}

function fail(error: unknown): void {
  const damaged = error instanceof DamagedSegment ? error.folder : undefined;
  answer({ error: String(error), damaged });
}

class DamagedSegment extends Error {
  constructor(
    readonly folder: string,
    cause: CorruptFile,
  ) {
    super(cause.message, { cause });
  }
}

async function build(job: BuildJob): Promise<{ record: SegmentRecord | undefined }> {
  const opened: Segment[] = [];
  try {
    for (const { record, dead: deleted } of job.segments) {
      const segment = await open(job.tenantFolder, record);
      opened.push(segment);
      segment.deletes.load(deleted);
    }
    const { dimensions } = job.options;
    const fields = FieldLog.of(names, pieces);
    const sources =
      dead === undefined
        ? opened
        : [...opened, new FrozenBuffer(dimensions, tail, dead, slabs, fields, terms)];
    const { tenantFolder, folder, options, queries } = job;
    const input = { queries, isStopped };
    return { record: await writeSegment(tenantFolder, folder, sources, options, input) };
  } finally {
    await Promise.all(opened.map((segment) => segment.close()));
  }
}

async function chooseWidths(job: WidthsJob): Promise<{ widths: ChosenWidths }> {
  const { tenantFolder, record, graphs, ef, queries } = job;
  const { dimensions } = record;
  const segment = await open(tenantFolder, record);
  try {
    const widths = new Map<string, ChosenWidth>();
    for (const name of graphs) {
      const { from, count, category } = rangeOf(record, name);
      const graph = graphOf(record, name);
      if (graph === undefined) continue;
      const vectorAt = (i: number): Float32Array => segment.vectors.view(from + i);
      const opened = await openSound(graph, join(tenantFolder, record.folder), dimensions);
      if (opened === undefined) continue;
      const asked = queriesOf(queries, category);
      widths.set(name, chooseEf(opened, { dimensions, count, vectorAt }, asked, ef, isStopped));
    }
    return { widths };
  } finally {
    await segment.close();
  }
}

/** Undefined where its file is damaged. */
async function openSound(
  record: GraphRecord,
  folder: string,
  dimensions: number,
): Promise<Graph | undefined> {
  try {
    return await openGraph(record, folder, dimensions, 0);
  } catch (error) {
    if (asCorrupt(error, record.name) instanceof CorruptFile) return undefined;
    throw error;
  }
}

async function open(tenantFolder: string, record: SegmentRecord): Promise<Segment> {
  try {
    return await openSegment(tenantFolder, record, { toCopy: true });
  } catch (error) {
    throw error instanceof CorruptFile ? new DamagedSegment(record.folder, error) : error;
  }
}
