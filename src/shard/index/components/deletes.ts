import { join } from 'node:path';
import type { Bitset } from '../bitset.js';
import { readInto, recordFile, writeFile } from '../durable-file.js';
import type { ComponentRecord } from '../segment-record.js';

/** deletes-ID.bits: a bitmap a segment, one after the other, each of whole u32 words. */
export const DELETES_FORMAT = 1;

/** The only component that changes: written anew with each manifest, all segments' in one file. */
export async function writeDeletes(
  folder: string,
  name: string,
  bitmaps: readonly Bitset[],
): Promise<ComponentRecord> {
  const file = `deletes-${name}.bits`;
  const parts = bitmaps.map(({ words }) => new Uint8Array(words.slice().buffer));
  await writeFile(join(folder, file), parts);
  const files = [await recordFile(folder, file)];
  return { kind: 'deletes', name: 'all', format: DELETES_FORMAT, files };
}

/** @param rows of each segment */
export async function readDeletes(
  { files }: ComponentRecord,
  folder: string,
  rows: readonly number[],
): Promise<Uint32Array[]> {
  const [file] = files;
  if (file === undefined) return [];
  const lengths = rows.map((count) => 4 * ((count + 31) >>> 5));
  return (await readInto(folder, file, lengths)).map((buffer) => new Uint32Array(buffer));
}
