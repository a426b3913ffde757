import { join } from 'node:path';
import { bytes, Cursor, padded } from '../columns/column-codec.js';
import { Growing } from '../columns/growing.js';
import { CorruptFile, readInto, writeFile, type FileRecord } from '../durable-file.js';
import type { Access } from '../mapped-file.js';
import { SealedSequences } from '../terms/sealed-sequences.js';

/** sequence.bin: u32 end of each row's numbers; these, as `SealedSequences` has them. */
export const SEQUENCE_FORMAT = 1;

const FILE = 'sequence.bin';

/**
 * @param sequences of each row, in order, the numbers of its words among those that are no keys, or
 *   `BORDER`
 */
export async function writeSequences(
  folder: string,
  sequences: Iterable<readonly number[]>,
): Promise<string[]> {
  const ends = new Growing(Uint32Array);
  const numbers = new Growing(Uint8Array);
  for (const words of sequences) {
    for (const word of words) numbers.pushVarint(word + 1);
    ends.push(numbers.length);
  }
  await writeFile(join(folder, FILE), padded([bytes(ends.copy()), numbers.copy()]));
  return [FILE];
}

export async function readSequences(
  record: FileRecord,
  folder: string,
  rowCount: number,
  access: Access,
): Promise<SealedSequences> {
  const [content] = (await readInto(folder, record, [record.bytes], access)) as [ArrayBuffer];
  const cursor = new Cursor(content);
  const ends = cursor.words(rowCount);
  if (cursor.left < (ends.at(-1) ?? 0)) throw new CorruptFile(`${FILE} is of other rows`);
  return new SealedSequences(ends, cursor.text(ends.at(-1) ?? 0));
}
