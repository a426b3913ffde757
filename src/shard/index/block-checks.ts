import { open } from 'node:fs/promises';
import { freemem } from 'node:os';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import { PatientSlices } from '../../core/slices.js';
import { asCorrupt, CorruptFile } from './durable-file.js';

/** Blocks read together by who checks what nobody has read yet. */
const BLOCKS_AT_ONCE = 16;

/** Files that this process has read, or will, to check the rest of them: one after the other. */
const rests = { turn: Promise.resolve(), bytes: 0 };

/**
 * Compares each block of a mapped file's slabs with its checksum once: when something of it is first read, or by `rest`
 * before anybody wants it.
 */
export class BlockChecks {
  /** Told before the error is thrown. */
  onDamage: ((error: CorruptFile) => void) | undefined;
  /** Number of each slab's first block, and of all blocks. */
  private readonly firstBlocks: Uint32Array;
  /** 1: it was compared. */
  private readonly isSound: Uint8Array;

  /**
   * @param blockValues of a block; the last of a slab may be shorter
   * @param crcs of each block, slab after slab. Throws `CorruptFile` where there are not as many
   */
  constructor(
    private readonly path: string,
    private readonly slabs: readonly Float32Array[],
    private readonly blockValues: number,
    private readonly crcs: Uint32Array,
  ) {
    const firstBlocks = [0];
    for (const { length } of slabs) {
      firstBlocks.push((firstBlocks.at(-1) as number) + Math.ceil(length / blockValues));
    }
    this.firstBlocks = Uint32Array.from(firstBlocks);
    this.isSound = new Uint8Array(firstBlocks.at(-1) as number);
    if (this.isSound.length !== crcs.length) {
      throw new CorruptFile(`${basename(path)} has checksums of other blocks`);
    }
  }

  /** The block that has the value at `offset` of a slab. Throws `CorruptFile`. */
  at(slab: number, offset: number): void {
    this.block(slab, Math.floor(offset / this.blockValues));
  }

  /** All of a slab: some milliseconds, the first time. Throws `CorruptFile`. */
  slab(slab: number): void {
    const { length } = this.slabs[slab] as Float32Array;
    for (let i = 0; i * this.blockValues < length; i++) this.block(slab, i);
  }

  /**
   * Checks what is left, from the file, in order, beside searches; afterwards the system has it in memory. Files that
   * together would take more than half of the memory that is free are left to be checked as they are read: they would
   * push out what is in use. Rejects with `CorruptFile`, what `signal` says, or what the system does.
   *
   * @param signal aborted when the file is not held any more
   */
  rest(signal: AbortSignal): Promise<void> {
    const bytes = this.slabs.reduce((sum, { byteLength }) => sum + byteLength, 0);
    // Of the machine, and of the container that this is in.
    const freeBytes = Math.min(freemem(), process.availableMemory());
    if (rests.bytes + bytes > freeBytes / 2) return Promise.resolve();
    rests.bytes += bytes;
    signal.addEventListener('abort', () => (rests.bytes -= bytes), { once: true });
    const checked = rests.turn.then(() => this.checkFile(signal));
    rests.turn = checked.catch(() => undefined);
    return checked;
  }

  private async checkFile(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const file = await open(this.path);
    const slices = new PatientSlices(signal);
    const buffer = new Uint8Array(BLOCKS_AT_ONCE * this.blockValues * 4);
    try {
      let at = 0;
      for (const [slab, { byteLength }] of this.slabs.entries()) {
        for (let from = 0; from < byteLength; from += buffer.length) {
          const length = Math.min(buffer.length, byteLength - from);
          const { bytesRead } = await file.read(buffer, 0, length, at + from);
          // Whoever reads there by the mapping would end the process.
          if (bytesRead < length) this.fail('became shorter');
          this.check(slab, from / (this.blockValues * 4), buffer.subarray(0, length));
          if (slices.isOver) await slices.next();
        }
        at += byteLength;
      }
    } catch (error) {
      const corrupt = asCorrupt(error, basename(this.path));
      if (corrupt instanceof CorruptFile && corrupt !== error) this.onDamage?.(corrupt);
      throw corrupt;
    } finally {
      await file.close();
    }
  }

  /** Blocks of a slab from number `first` on, whose bytes follow each other. */
  private check(slab: number, first: number, bytes: Uint8Array): void {
    const blockBytes = this.blockValues * 4;
    const block = (this.firstBlocks[slab] as number) + first;
    for (let i = 0; i * blockBytes < bytes.length; i++) {
      if (this.isSound[block + i] === 1) continue;
      this.compare(block + i, bytes.subarray(i * blockBytes, (i + 1) * blockBytes));
    }
  }

  private block(slab: number, i: number): void {
    const block = (this.firstBlocks[slab] as number) + i;
    if (this.isSound[block] === 1) return;
    const from = i * this.blockValues;
    const values = (this.slabs[slab] as Float32Array).subarray(from, from + this.blockValues);
    this.compare(block, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  private compare(block: number, content: Uint8Array): void {
    if (crc32(content) === this.crcs[block]) {
      this.isSound[block] = 1;
      return;
    }
    this.fail(`is not what was written, in block ${block}`);
  }

  private fail(what: string): never {
    const error = new CorruptFile(`${basename(this.path)} ${what}`);
    this.onDamage?.(error);
    throw error;
  }
}
