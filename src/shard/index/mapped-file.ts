import { open } from 'node:fs/promises';
import { getSystemErrorName } from 'node:util';

/** Where the content of a file is: copied into memory, or mapped, so that the system holds what of it is in use. */
export type Access = 'memory' | 'mapped';

/** Of the C library, as Linux, macOS and the BSDs have it: `PROT_READ`, `MAP_SHARED`, `MAP_FAILED`. */
const READ = 1;
const SHARED = 1;
const FAILED = 2n ** 64n - 1n;

interface Memory {
  /** Throws what the system says. */
  map(bytes: number, descriptor: number): bigint;
  unmap(address: bigint, bytes: number): void;
  /** The bytes at an address, without a copy. To be read alone: the pages cannot be written. */
  view(address: bigint, bytes: number): ArrayBuffer;
}

let memory: Promise<Memory | undefined> | undefined;

/** Whether files can be mapped on this system. */
export async function canMap(): Promise<boolean> {
  return (await theMemory()) !== undefined;
}

/** Loaded when a file is first mapped: most processes never do. */
function theMemory(): Promise<Memory | undefined> {
  memory ??= loadMemory();
  return memory;
}

/** Undefined where there is no such library. */
async function loadMemory(): Promise<Memory | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    const { default: koffi } = await import('koffi');
    const system = koffi.load(null);
    const mmap = system.func('void *mmap(void *, size_t, int, int, int, int64_t)') as (
      ...of: unknown[]
    ) => bigint;
    const munmap = system.func('int munmap(void *, size_t)') as (...of: unknown[]) => number;
    return {
      map(bytes, descriptor) {
        const address = mmap(null, bytes, READ, SHARED, descriptor, 0);
        if (address !== FAILED) return address;
        const code = getSystemErrorName(-koffi.errno());
        throw Object.assign(new Error(`mmap of ${bytes} bytes: ${code}`), { code });
      },
      unmap: (address, bytes) => void munmap(address, bytes),
      view: (address, bytes) => koffi.view(address, bytes),
    };
  } catch {
    return undefined;
  }
}

/** All of this thread. */
const mapped = new Set<Held>();

/** A mapping and how many can still read it. */
interface Held {
  memory: Memory;
  address: bigint;
  bytes: number;
  readers: number;
}

/**
 * Nothing may be unmapped that somebody can still read: that would end the process. So a mapping goes when the collector
 * finds that neither its `MappedFile` nor any of its buffers is left, and never by a call.
 */
const unread = new FinalizationRegistry<Held>((held) => {
  held.readers -= 1;
  if (held.readers === 0) unmap(held);
});

function unmap(held: Held): void {
  if (mapped.delete(held)) held.memory.unmap(held.address, Math.max(1, held.bytes));
}

/** For a thread that ends, whose collector comes to nothing any more: nobody may read any of its mappings. */
export function unmapAll(): void {
  for (const held of mapped) unmap(held);
}

/** A file that is read as if it were in memory. A disk that fails under it ends the process, as with any mapped file. */
export class MappedFile {
  private constructor(private readonly held: Held) {
    mapped.add(held);
    this.read(this);
  }

  /** Maps a file that stays as it is; it may be removed. Rejects with what the system says, or where `canMap` is false. */
  static async open(path: string): Promise<MappedFile> {
    const system = await theMemory();
    if (system === undefined) throw new Error('files cannot be mapped on this system');
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw Object.assign(new Error(`${path} is no file`), { code: 'EISDIR' });
      const { size } = stat;
      // There is no mapping of nothing; a page is never read.
      const address = system.map(Math.max(1, size), file.fd);
      return new MappedFile({ memory: system, address, bytes: size, readers: 0 });
    } finally {
      await file.close();
    }
  }

  /** Length of the file. */
  get bytes(): number {
    return this.held.bytes;
  }

  /** A part of the file, as a buffer of its own that begins there. */
  view(at: number, bytes: number): ArrayBuffer {
    const { address, memory: system } = this.held;
    if (at + bytes > this.held.bytes) throw new RangeError('beyond the end of a mapped file');
    if (bytes === 0) return new ArrayBuffer(0);
    const buffer = system.view(address + BigInt(at), bytes);
    this.read(buffer);
    return buffer;
  }

  private read(reader: object): void {
    this.held.readers += 1;
    unread.register(reader, this.held);
  }
}
