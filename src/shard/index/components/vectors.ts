import { join } from 'node:path';
import { readInto, writeFile, type FileRecord } from '../durable-file.js';
import type { Access } from '../mapped-file.js';
import { VectorSlabs } from '../vector-slabs.js';

/** vectors-NAME.f32: rows x dimensions float32, little-endian. */
export const VECTORS_FORMAT = 1;

const BATCH_ROWS = 256;
/** Of a slab, which is scanned in one turn: 8,192 rows of 512, about a millisecond. */
const MAX_SLAB_VALUES = 2 ** 22;

/** Vectors in the order in which they are written. */
export interface VectorSource {
  readonly count: number;
  vector(i: number): Float32Array;
}

export async function writeVectors(
  folder: string,
  name: string,
  rows: VectorSource,
): Promise<string[]> {
  function* parts(): Generator<Uint8Array> {
    for (let from = 0; from < rows.count; from += BATCH_ROWS) {
      const batch: Uint8Array[] = [];
      for (let i = from; i < Math.min(rows.count, from + BATCH_ROWS); i++) {
        const vector = rows.vector(i);
        batch.push(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
      }
      yield Buffer.concat(batch);
    }
  }
  const file = `vectors-${name}.f32`;
  await writeFile(join(folder, file), parts());
  return [file];
}

/** @param runs rows of each category: it has slabs of its own, so that it is scanned as it lies */
export async function readVectors(
  record: FileRecord,
  folder: string,
  dimensions: number,
  runs: readonly number[],
  access: Access,
): Promise<VectorSlabs> {
  const slabRows = runs.flatMap((rows) => slabsOf(rows, dimensions));
  const lengths = slabRows.map((rows) => rows * dimensions * 4);
  const buffers = await readInto(folder, record, lengths, access);
  const starts = [0];
  for (const rows of slabRows) starts.push((starts.at(-1) as number) + rows);
  const slabs = buffers.map((buffer) => new Float32Array(buffer));
  return new VectorSlabs(dimensions, slabs, starts);
}

/** Of so many rows, the rows of each slab. */
function slabsOf(rows: number, dimensions: number): number[] {
  const most = Math.max(1, Math.floor(MAX_SLAB_VALUES / dimensions));
  const slabs: number[] = [];
  for (let left = rows; left > 0; left -= most) slabs.push(Math.min(most, left));
  return slabs;
}
