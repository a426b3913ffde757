import { open as openFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Column, ColumnReader } from '../column.js';
import { bytes, Cursor, decodeColumn, encodeColumn, padded } from '../columns/column-codec.js';
import { fromByteText, TextDictionaryWriter, toByteText } from '../columns/text-dictionary.js';
import type { TextDictionary } from '../columns/text-dictionary.js';
import { CorruptFile, readInto, verifyFile, writeFile, type FileRecord } from '../durable-file.js';
import { MappedFile, type Access } from '../mapped-file.js';

/**
 * All filterable fields of a segment:
 *
 *   columns.bin  the columns one after the other, each as `encodeColumn` has it
 *   columns.dir  u32 number of columns and bytes of their names; f64 begin, length and CRC-32 of each;
 *                their names as a dictionary, each name with its type's digit behind it
 */
export const COLUMNS_FORMAT = 2;

const DATA = 'columns.bin';
const DIRECTORY = 'columns.dir';
const DIGITS = { text: '0', number: '1', boolean: '2' } as const;

/** Writes columns one at a time, so that memory holds one. `columns` has each name and type once. */
export async function writeColumns(
  folder: string,
  columns: AsyncIterable<[field: string, column: ColumnReader]>,
): Promise<string[]> {
  const written: { name: string; at: number; bytes: number; crc: number }[] = [];
  let at = 0;
  async function* parts(): AsyncGenerator<Uint8Array> {
    for await (const [field, column] of columns) {
      const record = { name: toByteText(field) + DIGITS[column.type], at, bytes: 0, crc: 0 };
      for (const part of encodeColumn(column)) {
        record.bytes += part.byteLength;
        record.crc = crc32(part, record.crc);
        yield part;
      }
      at += record.bytes;
      written.push(record);
    }
  }
  await writeFile(join(folder, DATA), parts());
  written.sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = new TextDictionaryWriter();
  for (const { name } of written) names.add(name);
  const { starts, text } = names.finish();
  const counts = Uint32Array.of(written.length, text.byteLength);
  const places = Float64Array.from(written.flatMap((one) => [one.at, one.bytes, one.crc]));
  const directory = padded([bytes(counts), bytes(places), bytes(starts), text]);
  await writeFile(join(folder, DIRECTORY), directory);
  return [DATA, DIRECTORY];
}

/** The columns of a segment on disk; each is read when it is asked for, and checked. */
export class ColumnFiles {
  private constructor(
    private readonly file: FileHandle,
    /** The same, where it is mapped. */
    private readonly mapped: MappedFile | undefined,
    private readonly names: TextDictionary,
    private readonly places: Float64Array,
    private readonly rowCount: number,
    /** Of all columns, as they are in their file. */
    readonly bytes: number,
  ) {}

  /** @param files as `writeColumns` named them */
  static async open(
    folder: string,
    files: readonly FileRecord[],
    rowCount: number,
    access: Access,
  ): Promise<ColumnFiles> {
    const [data, directory] = files as [FileRecord, FileRecord];
    const [content] = await readInto(folder, directory, [directory.bytes], access);
    await verifyFile(folder, data);
    const cursor = new Cursor(content as ArrayBuffer);
    const [count, textBytes] = cursor.words(2) as unknown as [number, number];
    const places = cursor.numbers(3 * count);
    const names = cursor.texts(count, textBytes);
    const path = join(folder, DATA);
    const mapped = access === 'mapped' ? await MappedFile.open(path) : undefined;
    return new ColumnFiles(await openFile(path, 'r'), mapped, names, places, rowCount, data.bytes);
  }

  has(field: string): boolean {
    return this.indexes(field).length > 0;
  }

  /** Every field that any row has. */
  *fields(): Generator<string> {
    let last: string | undefined;
    // Names of one field are not always neighbours ("a0", "a00", "a1"): a name may come twice.
    for (const name of this.names.byteTexts()) {
      const field = fromByteText(name.slice(0, -1));
      if (field !== last) yield field;
      last = field;
    }
  }

  async read(field: string): Promise<Column> {
    return Promise.all(this.indexes(field).map((index) => this.readAt(index)));
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private indexes(field: string): number[] {
    const indexes = Object.values(DIGITS).map((digit) => this.names.indexOf(field + digit));
    return indexes.filter((index) => index !== -1);
  }

  private async readAt(index: number): Promise<ColumnReader> {
    const [at, length, crc] = this.places.subarray(3 * index, 3 * index + 3) as unknown as [
      number,
      number,
      number,
    ];
    const { file, mapped } = this;
    const content = mapped === undefined ? new Uint8Array(length) : undefined;
    // Of a mapped file as well: what is read so is in the system's memory, and no later turn waits for the disk.
    if ((await checksum(file, at, length, content)) !== crc) {
      throw new CorruptFile(`${DATA} is not what was written`);
    }
    return decodeColumn(content?.buffer ?? (mapped as MappedFile).view(at, length), this.rowCount);
  }
}

/** What is looked at in one turn: less than a millisecond. */
const PIECE_BYTES = 1024 * 1024;

/** CRC-32 of a part of the file, piece by piece. @param into takes the part, where it is wanted */
async function checksum(
  file: FileHandle,
  at: number,
  length: number,
  into: Uint8Array | undefined,
): Promise<number> {
  const piece = into ?? new Uint8Array(Math.min(length, PIECE_BYTES));
  let crc = 0;
  for (let filled = 0; filled < length;) {
    const place = into === undefined ? 0 : filled;
    const wanted = Math.min(PIECE_BYTES, length - filled);
    const { bytesRead } = await file.read(piece, place, wanted, at + filled);
    if (bytesRead === 0) throw new CorruptFile(`${DATA} is too short`);
    crc = crc32(piece.subarray(place, place + bytesRead), crc);
    filled += bytesRead;
  }
  return crc;
}
