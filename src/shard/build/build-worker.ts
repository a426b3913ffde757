import { parentPort, workerData } from 'node:worker_threads';
import type {
  BuildJob,
  BuildMessage,
  BuildResult,
  StopFlag,
  BufferRows,
} from './build-protocol.js';
import { beNice, NICENESS } from '../../core/niceness.js';
import { FieldLog } from '../index/columns/field-log.js';
import type { PieceData } from '../index/columns/field-piece.js';
import { TermLog } from '../index/terms/term-log.js';
import { FrozenBuffer } from './frozen-buffer.js';
import { openSegment } from '../index/open-segment.js';
import type { Segment } from '../index/segment.js';
import { CorruptFile } from '../index/durable-file.js';
import { unmapAll } from '../index/mapped-file.js';
import type { SegmentRecord } from '../index/segment-record.js';
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
    for (const source of job.segments) opened.push(await open(job, source));
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

async function open(
  { tenantFolder }: BuildJob,
  { record, dead: deleted }: BuildJob['segments'][number],
): Promise<Segment> {
  try {
    const segment = await openSegment(tenantFolder, record, { graphs: false, access: 'mapped' });
    segment.deletes.load(deleted);
    return segment;
  } catch (error) {
    throw error instanceof CorruptFile ? new DamagedSegment(record.folder, error) : error;
  }
}
