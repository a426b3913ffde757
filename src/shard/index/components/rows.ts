import { join } from 'node:path';
import { hashId } from '../../../core/ids.js';
import { bytes, Cursor } from '../columns/column-codec.js';
import { CorruptFile, readInto, writeFile, type FileRecord } from '../durable-file.js';
import type { Access } from '../mapped-file.js';
import { buildIdTable, findInIdTable } from '../id-table.js';

/**
 * rows.bin: u32 slots of the id table and bytes of the ids; versions f64; hashes, id ends and id table
 * u32; ids in UTF-8.
 */
export const ROWS_FORMAT = 1;

const FILE = 'rows.bin';
/** Ids written at once. */
const BATCH_ROWS = 4_096;

/** Rows in the order in which they are written. */
export interface RowSource {
  readonly count: number;
  id(i: number): string;
  version(i: number): number;
  hash(i: number): number;
}

export async function writeRows(folder: string, rows: RowSource): Promise<string[]> {
  const { count } = rows;
  const versions = new Float64Array(count);
  const hashes = new Uint32Array(count);
  const idEnds = new Uint32Array(count);
  let idBytes = 0;
  for (let i = 0; i < count; i++) {
    versions[i] = rows.version(i);
    hashes[i] = rows.hash(i);
    idBytes += Buffer.byteLength(rows.id(i));
    idEnds[i] = idBytes;
  }
  const table = buildIdTable(hashes);
  function* parts(): Generator<Uint8Array> {
    yield bytes(Uint32Array.of(table.length, idBytes));
    yield* [bytes(versions), bytes(hashes), bytes(idEnds), bytes(table)];
    for (let from = 0; from < count; from += BATCH_ROWS) {
      const to = Math.min(count, from + BATCH_ROWS);
      let text = '';
      for (let i = from; i < to; i++) text += rows.id(i);
      yield Buffer.from(text, 'utf8');
    }
  }
  await writeFile(join(folder, FILE), parts());
  return [FILE];
}

export async function readRows(
  record: FileRecord,
  folder: string,
  count: number,
  access: Access,
): Promise<Rows> {
  const [content] = (await readInto(folder, record, [record.bytes], access)) as [ArrayBuffer];
  const cursor = new Cursor(content);
  const [slots, idBytes] = cursor.words(2) as unknown as [number, number];
  const versions = cursor.numbers(count);
  const hashes = cursor.words(count);
  const idEnds = cursor.words(count);
  const table = cursor.words(slots);
  if (idEnds.at(-1) !== idBytes) throw new CorruptFile(`${FILE} is of other rows`);
  return new Rows(versions, hashes, idEnds, table, cursor.text(idBytes), content.byteLength);
}

/** Who the rows of a segment are. */
export class Rows {
  constructor(
    private readonly versions: Float64Array,
    private readonly hashes: Uint32Array,
    /** Where each id ends in `ids`. */
    private readonly idEnds: Uint32Array,
    private readonly table: Uint32Array,
    private readonly ids: Buffer,
    readonly bytes: number,
  ) {}

  id(row: number): string {
    // Not a TextDecoder: it takes ten times as long for a short text, and drops a byte order mark.
    return this.ids.toString('utf8', row === 0 ? 0 : this.idEnds[row - 1], this.idEnds[row]);
  }

  /** Negative where the id of row `a` comes before that of `b`: compared as they lie. */
  compareIds(a: number, b: number): number {
    const { ids, idEnds } = this;
    const [endA, endB] = [idEnds[a] as number, idEnds[b] as number];
    let atA = a === 0 ? 0 : (idEnds[a - 1] as number);
    let atB = b === 0 ? 0 : (idEnds[b - 1] as number);
    for (; atA < endA && atB < endB; atA++, atB++) {
      const difference = (ids[atA] as number) - (ids[atB] as number);
      if (difference !== 0) return difference;
    }
    return endA - atA - (endB - atB);
  }

  version(row: number): number {
    return this.versions[row] as number;
  }

  hash(row: number): number {
    return this.hashes[row] as number;
  }

  /** The row of `id`, or -1. */
  find(id: string): number {
    return this.findByHash(hashId(id), (row) => this.id(row) === id);
  }

  /** The row whose id has that `hashId` for which `isRow` holds, or -1. */
  findByHash(hash: number, isRow: (row: number) => boolean): number {
    return findInIdTable(this.table, this.hashes, hash, isRow);
  }
}
