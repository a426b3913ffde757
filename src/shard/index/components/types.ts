import { join } from 'node:path';
import { bytes, Cursor, padded } from '../columns/column-codec.js';
import { Growing } from '../columns/growing.js';
import { CorruptFile, readInto, writeFile, type FileRecord } from '../durable-file.js';
import type { Access } from '../mapped-file.js';
import { SealedTypes } from '../terms/sealed-types.js';
import type { TypeSets } from '../terms/type-sets.js';

/**
 * types.bin: u32 distinct hashes, sets, and bytes of their numbers; the hashes, ascending; where each
 * set ends; each row's set, u16 where there are so few; then each set's numbers of hashes, as varints of their gaps.
 */
export const TYPES_FORMAT = 2;

const FILE = 'types.bin';
const HEADER_WORDS = 3;

/** @param setOf for each row the number of its set */
export async function writeTypes(
  folder: string,
  sets: TypeSets,
  setOf: Uint32Array,
): Promise<string[]> {
  const all = Array.from({ length: sets.size }, (_, i) => hashesIn(sets.at(i)));
  const hashes = Uint32Array.from(new Set(all.flatMap((set) => [...set]))).sort();
  const numberOf = new Map<number, number>();
  hashes.forEach((hash, number) => numberOf.set(hash, number));
  const ends = new Growing(Uint32Array);
  const gaps = new Growing(Uint8Array);
  for (const set of all) {
    let last = -1;
    for (const hash of set) {
      const number = numberOf.get(hash) as number;
      gaps.pushVarint(number - last);
      last = number;
    }
    ends.push(gaps.length);
  }
  const header = Uint32Array.of(hashes.length, ends.length, gaps.length);
  const lists = [
    header,
    hashes,
    ends.copy(),
    areFew(sets.size) ? Uint16Array.from(setOf) : setOf,
  ].map(bytes);
  await writeFile(join(folder, FILE), padded([...lists, gaps.copy()]));
  return [FILE];
}

function areFew(sets: number): boolean {
  return sets <= 65_536;
}

function hashesIn(set: Uint8Array): Uint32Array {
  return new Uint32Array(set.slice().buffer);
}

export async function readTypes(
  record: FileRecord,
  folder: string,
  rowCount: number,
  access: Access,
): Promise<SealedTypes> {
  const [content] = (await readInto(folder, record, [record.bytes], access)) as [ArrayBuffer];
  const cursor = new Cursor(content);
  const [hashCount, setCount, gapBytes] = cursor.words(HEADER_WORDS) as unknown as [
    number,
    number,
    number,
  ];
  const hashes = cursor.words(hashCount);
  const ends = cursor.words(setCount);
  const setOf = areFew(setCount) ? cursor.halves(rowCount) : cursor.words(rowCount);
  if ((ends.at(-1) ?? 0) !== gapBytes) throw new CorruptFile(`${FILE} is of other rows`);
  return new SealedTypes(hashes, ends, cursor.text(gapBytes), setOf);
}
