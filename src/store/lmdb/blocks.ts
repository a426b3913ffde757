import { crc32c } from '../../core/crc32c.js';
import { numberKey, numberOf } from './keys.js';
import { CRC_BYTES, type Sealable, type Table } from './table.js';

/**
 * Parts of long values, by number. LMDB gives each value of more than half a page pages of its own, of which
 * the last is mostly empty; four blocks fill one page. A new block gets the number behind all others, so that
 * pages are filled to the end in whatever order ids come. A block that is not needed any more stays where
 * it is, is listed as free, and is written over by the next that is new.
 */

/** A quarter of a page of 4,096, without its header (24), a node's (10), its key (8) and its checksum. */
export const BLOCK_BYTES = (4096 - 24) / 4 - 10 - 8 - CRC_BYTES;

const NOTHING = Buffer.alloc(0);

/** What one change knows of where new blocks go. */
export class BlockRoom {
  /** The number behind all blocks; 0 until it is asked for. */
  end = 0;
  /** No key is behind that number: none is damaged. */
  isLast = true;
  /** Of what this change itself gives back the next one knows. */
  mayHaveFree = true;
}

/** The block of `value` at `start`: made outside of the transaction, as its checksum takes time. */
export function blockAt(value: Buffer, start: number): Sealable {
  return partOf(value, start, start + BLOCK_BYTES, CRC_BYTES);
}

/** A part of a value, with `room` behind it that ends with its checksum's. */
export function partOf(value: Buffer, start: number, end: number, room: number): Sealable {
  const bytes = Buffer.allocUnsafe(end - start + room);
  value.copy(bytes, 0, start, end);
  return { bytes, crc: crc32c(value, 0, start, end) };
}

/** All but `copyTo` within a write transaction. */
export class Blocks {
  constructor(
    private readonly blocks: Table,
    private readonly free: Table,
  ) {}

  /** False where the block is damaged, or not there. */
  copyTo(number: number, target: Buffer, at: number): boolean {
    return this.blocks.copyTo(numberKey(number), target, at) === BLOCK_BYTES;
  }

  replace(number: number, block: Sealable): void {
    this.blocks.putSealed(numberKey(number), block);
  }

  /** The new block's number. */
  add(block: Sealable, room: BlockRoom): number {
    const free = this.takeFree(room);
    if (free !== undefined) {
      this.replace(free, block);
      return free;
    }
    if (room.end === 0) this.findEnd(room);
    const number = room.end++;
    this.blocks.putSealed(numberKey(number), block, room.isLast);
    return number;
  }

  release(number: number): void {
    this.free.put(numberKey(number), NOTHING);
  }

  private takeFree(room: BlockRoom): number | undefined {
    if (!room.mayHaveFree) return undefined;
    // Damaged ones are passed over: their numbers may be in use.
    for (const { key } of this.free.entries({})) {
      this.free.remove(key);
      return numberOf(key);
    }
    room.mayHaveFree = false;
    return undefined;
  }

  /** Blocks are never removed: of damaged ones, whose keys may be wrong, it only counts how many there are. */
  private findEnd(room: BlockRoom): void {
    let damaged = 0;
    const sound = this.blocks.entries({ reverse: true }, () => {
      damaged += 1;
      return undefined;
    });
    const last = sound.next();
    sound.return(undefined);
    room.end = (last.done === true ? 0 : numberOf(last.value.key)) + damaged + 1;
    room.isLast = damaged === 0;
  }
}
