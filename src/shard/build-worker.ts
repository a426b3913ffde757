import { parentPort, workerData } from 'node:worker_threads';
import type { BuildJob, BuildMessage, BuildResult, StopFlag, TailRows } from './build-protocol.js';
import type { Column } from './column.js';
import { FrozenTail } from './frozen-tail.js';
import { openSegment, type Segment } from './segment.js';
import type { SegmentRecord } from './segment-format.js';
import { writeSegment } from './write-segment.js';

/** The thread that builds segments: gathers a job's pieces, writes files, answers with a record. */
if (parentPort === null) throw new Error('the build worker runs as a worker thread');
const port = parentPort;
const stopFlag = workerData as StopFlag;
const isStopped = (): boolean => Atomics.load(stopFlag, 0) === 1;

let tail = noRows();
let dead: Uint32Array | undefined;
let slabs: Float32Array[] = [];
let columns = new Map<string, Column>();

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
    case 'column':
      columns.set(message.field, message.column);
      break;
    case 'build':
      void build(message.job).then(answer, (error: unknown) => answer({ error: String(error) }));
      break;
    case 'close':
      port.close();
  }
});

function noRows(): TailRows {
  return { ids: [], versions: [], hashes: [], categories: [] };
}

function append(rows: TailRows): void {
  tail.ids.push(...rows.ids);
  tail.versions.push(...rows.versions);
  tail.hashes.push(...rows.hashes);
  tail.categories.push(...rows.categories);
}

function answer(result: BuildResult): void {
  tail = noRows();
  dead = undefined;
  slabs = [];
  columns = new Map();
  port.postMessage(result);
}

async function build(job: BuildJob): Promise<{ record: SegmentRecord | undefined }> {
  const opened: Segment[] = [];
  try {
    for (const { record, dead } of job.segments) {
      const segment = await openSegment(job.tenantFolder, record, false);
      segment.dead.words.set(dead);
      opened.push(segment);
    }
    const { dimensions } = job.options;
    const blocks =
      dead === undefined
        ? opened
        : [...opened, new FrozenTail(dimensions, tail, dead, slabs, columns)];
    const { tenantFolder, folder, options } = job;
    return { record: await writeSegment(tenantFolder, folder, blocks, options, isStopped) };
  } finally {
    await Promise.all(opened.map((segment) => segment.close()));
  }
}
