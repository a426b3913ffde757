import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { BlockChecks } from '../block-checks.js';
import { mapUnchecked, readInto, writeFile, type FileRecord } from '../durable-file.js';
import { canMap } from '../mapped-file.js';
import type { CategoryRecord } from '../segment-record.js';
import { VectorSlabs } from '../vector-slabs.js';

/**
 * vectors-NAME.f32: rows x dimensions float32, little-endian. vectors-NAME.crc: a CRC-32 (uint32, little-endian) of each
 * block of it, in order; a slab begins a block.
 */
export const VECTORS_FORMAT = 2;

/** Of a slab, which is scanned in one turn: 8,192 rows of 512, about a millisecond. */
const MAX_SLAB_VALUES = 2 ** 22;
/** A block is summed up when one of its rows is first read: 16 µs. */
const BLOCK_BYTES = 2 ** 16;
const MAX_BLOCK_ROWS = 256;

/** Vectors in the order in which they are written. */
export interface VectorSource {
  readonly count: number;
  /** Each has slabs of its own, so that it is scanned as it lies. */
  readonly categories: readonly CategoryRecord[];
  vector(i: number): Float32Array;
}

export async function writeVectors(
  folder: string,
  name: string,
  dimensions: number,
  rows: VectorSource,
): Promise<string[]> {
  const [file, sums] = [`vectors-${name}.f32`, `vectors-${name}.crc`];
  const crcs: number[] = [];
  function* blocks(): Generator<Uint8Array> {
    for (const [from, to] of blocksOf(slabsOf(rows.categories, dimensions), dimensions)) {
      const block = Buffer.allocUnsafe((to - from) * dimensions * 4);
      for (let i = from; i < to; i++) {
        const { buffer, byteOffset, byteLength } = rows.vector(i);
        block.set(new Uint8Array(buffer, byteOffset, byteLength), (i - from) * dimensions * 4);
      }
      crcs.push(crc32(block));
      yield block;
    }
  }
  await writeFile(join(folder, file), blocks());
  const sumsBytes = new Uint8Array(Uint32Array.from(crcs).buffer);
  await writeFile(join(folder, sums), [sumsBytes]);
  return [file, sums];
}

interface ReadOptions {
  dimensions: number;
  categories: readonly CategoryRecord[];
  /** All of it is compared with its checksum at once, for who reads all of it anyway. */
  isWhole?: boolean;
}

/**
 * Maps the vectors of a segment: what of them is in use is held by the system. Of a file that may be searched before all
 * of it was read each block is compared when it is first touched. Where files cannot be mapped, they are in memory.
 */
export async function readVectors(
  [file, sums]: readonly [FileRecord, FileRecord],
  folder: string,
  { dimensions, categories, isWhole = false }: ReadOptions,
): Promise<VectorSlabs> {
  const slabRows = slabsOf(categories, dimensions);
  const lengths = slabRows.map((rows) => rows * dimensions * 4);
  const starts = [0];
  for (const rows of slabRows) starts.push((starts.at(-1) as number) + rows);
  const isMapped = await canMap();
  if (isWhole || !isMapped) {
    const buffers = await readInto(folder, file, lengths, isMapped ? 'mapped' : 'memory');
    return new VectorSlabs(dimensions, floats(buffers), starts);
  }
  const [crcs] = (await readInto(folder, sums, [sums.bytes])) as [ArrayBuffer];
  const slabs = floats(await mapUnchecked(folder, file, lengths));
  const path = join(folder, file.name);
  const checks = new BlockChecks(
    path,
    slabs,
    blockRows(dimensions) * dimensions,
    new Uint32Array(crcs),
  );
  return new VectorSlabs(dimensions, slabs, starts, checks);
}

function floats(buffers: readonly ArrayBuffer[]): Float32Array[] {
  return buffers.map((buffer) => new Float32Array(buffer));
}

/** The rows of each slab. */
function slabsOf(categories: readonly CategoryRecord[], dimensions: number): number[] {
  const most = Math.max(1, Math.floor(MAX_SLAB_VALUES / dimensions));
  const slabs: number[] = [];
  for (const { rows } of categories) {
    for (let left = rows; left > 0; left -= most) slabs.push(Math.min(most, left));
  }
  return slabs;
}

/** Rows [from, to) of each block. */
function* blocksOf(slabRows: readonly number[], dimensions: number): Generator<[number, number]> {
  const most = blockRows(dimensions);
  let first = 0;
  for (const rows of slabRows) {
    for (let at = 0; at < rows; at += most) yield [first + at, first + Math.min(rows, at + most)];
    first += rows;
  }
}

function blockRows(dimensions: number): number {
  return Math.min(MAX_BLOCK_ROWS, Math.max(1, Math.floor(BLOCK_BYTES / 4 / dimensions)));
}
