import { crc32c } from '../../core/crc32c.js';
import { readUint64, writeUint64 } from '../position.js';
import { BLOCK_BYTES, blockAt, partOf, type BlockRoom, type Blocks } from './blocks.js';
import { CRC_BYTES, type Sealable, type Table } from './table.js';

/**
 * Vectors by tenant and id. What is longer than a block is cut: blocks of it first, then a rest that stands
 * under the key, followed by the numbers of the blocks (u64 each) and how many there are (u8). A value that
 * is written again keeps its blocks. Part of the stored format.
 */

/** What is longer than so many blocks has a long rest. */
const MAX_BLOCKS = 255;
const NUMBER_BYTES = 8;

/** A value cut, before it is known which blocks it gets. */
export interface CutValue {
  blocks: Sealable[];
  /** With room for the numbers of the blocks. */
  rest: Sealable;
  /** Of the whole, bytes. */
  length: number;
}

/** To be called outside of the transaction: checksums are made here. */
export function cutValue(value: Buffer): CutValue {
  const count = Math.min(MAX_BLOCKS, Math.floor(value.length / BLOCK_BYTES));
  const blocks = Array.from({ length: count }, (_, i) => blockAt(value, i * BLOCK_BYTES));
  const room = count * NUMBER_BYTES + 1 + CRC_BYTES;
  return {
    blocks,
    rest: partOf(value, count * BLOCK_BYTES, value.length, room),
    length: value.length,
  };
}

/** The numbers of the blocks, of what stands under a key without its checksum. */
export function blocksOf(record: Buffer): number[] {
  const end = record.length - 1;
  const numbers: number[] = [];
  for (let at = end - record.readUInt8(end) * NUMBER_BYTES; at < end; at += NUMBER_BYTES) {
    numbers.push(readUint64(record, at));
  }
  return numbers;
}

export class VectorTable {
  constructor(
    private readonly records: Table,
    private readonly blocks: Blocks,
  ) {}

  /** The value; undefined where there is none, or any part of it is damaged, which is named then. */
  get(key: Buffer): Buffer | undefined {
    const record = this.records.get(key);
    if (record === undefined) return undefined;
    const numbers = blocksOf(record);
    const restEnd = record.length - 1 - numbers.length * NUMBER_BYTES;
    if (numbers.length === 0) return record.subarray(0, restEnd);
    const blocksEnd = numbers.length * BLOCK_BYTES;
    const value = Buffer.allocUnsafe(blocksEnd + restEnd);
    let at = 0;
    for (const number of numbers) {
      if (!this.blocks.copyTo(number, value, at)) {
        this.records.nameDamaged(key);
        return undefined;
      }
      at += BLOCK_BYTES;
    }
    record.copy(value, blocksEnd, 0, restEnd);
    return value;
  }

  /** Whether there is a value, and it is damaged. */
  isDamaged(key: Buffer): boolean {
    return this.get(key) === undefined && this.records.has(key);
  }

  /** Whether it was met damaged, without looking again. */
  isKnownDamaged(key: Buffer): boolean {
    return this.records.isKnownDamaged(key);
  }

  /** Within a write transaction; fills in numbers and checksums. */
  put(key: Buffer, { blocks, rest }: CutValue, room: BlockRoom): void {
    const before = this.storedBlocks(key);
    const numbers = blocks.map((block, i) => {
      const number = before[i];
      if (number === undefined) return this.blocks.add(block, room);
      this.blocks.replace(number, block);
      return number;
    });
    for (const number of before.slice(blocks.length)) this.blocks.release(number);
    this.records.putSealed(key, stampNumbers(rest, numbers));
  }

  /** Within a write transaction. */
  remove(key: Buffer): void {
    for (const number of this.storedBlocks(key)) this.blocks.release(number);
    this.records.remove(key);
  }

  /** None where what names them is damaged: they stay, and nothing has them. */
  private storedBlocks(key: Buffer): number[] {
    const record = this.records.get(key);
    return record === undefined ? [] : blocksOf(record);
  }
}

function stampNumbers({ bytes, crc }: Sealable, numbers: readonly number[]): Sealable {
  const end = bytes.length - CRC_BYTES;
  const start = end - 1 - numbers.length * NUMBER_BYTES;
  for (const [i, number] of numbers.entries()) writeUint64(bytes, number, start + i * NUMBER_BYTES);
  bytes.writeUInt8(numbers.length, end - 1);
  return { bytes, crc: crc32c(bytes, crc, start, end) };
}
