import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSegment } from '../../shard/build/write-segment.js';
import type { SegmentRecord } from '../../shard/index/segment-record.js';
import { WriteBuffer } from '../../shard/index/write-buffer.js';
import { DEFAULT_TEXT_SETTINGS } from '../../text/default-settings.js';
import { productTerms } from '../../text/product-terms.js';
import { packageFile } from '../package-file.js';
import type { Sample } from './sample.js';
import type { SegmentTask } from './search-segment.js';

/** As a shard has them unless they are set. */
const GRAPH = { engine: 'usearch', M: 16, efConstruction: 200 } as const;
const EF = { target: 0.98, min: 16, max: 512, vectorsOnly: true };
const SEARCHES = 800;

/** What a segment of so many rows took, and what a walk through its graph takes. */
export interface MeasuredSegment {
  rows: number;
  dimensions: number;
  /** A core's time, microseconds a search. */
  cpuUs: number;
  buildS: number;
  /** A row's words, columns and ids; and its links. */
  textBytes: number;
  linkBytes: number;
  /** Memory of the segment that is of no file; undefined: the system does not tell. */
  heapBytes: number | undefined;
}

/** Builds a segment of a sample as a shard does, and has it searched in a process of its own, which ends with `signal`. */
export async function measureSegment(
  sample: Sample,
  { rows, dimensions }: Pick<MeasuredSegment, 'rows' | 'dimensions'>,
  signal: AbortSignal,
): Promise<MeasuredSegment> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-calibrate-'));
  try {
    const startMs = performance.now();
    const record = await writeSegment(folder, 's', [filled(sample, rows, dimensions)], {
      ...{ dimensions, graphMinRows: rows, graph: GRAPH, ef: EF },
    });
    if (record === undefined) throw new Error('a segment without rows');
    const buildS = (performance.now() - startMs) / 1_000;
    const queries = Array.from({ length: SEARCHES }, (_, i) => sample.query(i, dimensions));
    const { cpuUs, heapBytes } = await inChild({ folder, record, queries }, signal);
    const textKinds = record.components.filter(
      ({ kind }) => kind !== 'vectors' && kind !== 'graph',
    );
    const graphs = record.components.filter(({ kind }) => kind === 'graph');
    return {
      ...{ rows, dimensions, cpuUs, buildS },
      textBytes: bytesOf(textKinds) / rows,
      linkBytes: bytesOf(graphs) / rows - dimensions,
      heapBytes,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function filled(sample: Sample, rows: number, dimensions: number): WriteBuffer {
  const buffer = new WriteBuffer(dimensions);
  for (let row = 0; row < rows; row++) {
    const product = { ...sample.product(row), category: 'all' };
    const terms = productTerms(product, DEFAULT_TEXT_SETTINGS);
    buffer.append(product, row + 1, sample.vector(row, dimensions), terms);
  }
  return buffer;
}

async function inChild(
  task: SegmentTask,
  signal: AbortSignal,
): Promise<{ cpuUs: number; heapBytes: number | undefined }> {
  const script = packageFile('dist/cli/plan/segment-child.js');
  // As bytes: numbers in JSON would be garbage of other sizes than what is measured.
  const child = fork(script, [], { serialization: 'advanced', signal });
  const ended = once(child, 'exit');
  let told: { cpuUs: number; heapBytes?: number } | undefined;
  child.once('message', (message) => (told = message as typeof told));
  child.send(task);
  await ended;
  if (told === undefined) throw new Error('the process that searches a segment ended');
  return { cpuUs: told.cpuUs, heapBytes: told.heapBytes };
}

function bytesOf(components: SegmentRecord['components']): number {
  return components.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0);
}
