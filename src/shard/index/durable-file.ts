import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { MappedFile, type Access } from './mapped-file.js';

/** A file of a segment as the manifest lists it. */
export interface FileRecord {
  name: string;
  bytes: number;
  crc32: number;
}

/** A file whose content is not what the manifest says. */
export class CorruptFile extends Error {}

/** A file that is gone, is something else, or lies where the disk cannot be read. */
const LOST = new Set(['ENOENT', 'EISDIR', 'ENOTDIR', 'EIO']);

/**
 * `error` as `CorruptFile` where it tells of what is in the files, or that one is gone; as it is where
 * the system could not read (too many open files, no memory): the files may be sound.
 */
export function asCorrupt(error: unknown, name: string): unknown {
  if (error instanceof CorruptFile) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code !== undefined && !LOST.has(code)) return error;
  return new CorruptFile(`${name} cannot be read: ${String(error)}`);
}

/** Bytes read or written at once: a few milliseconds, so that searches go on between. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Writes `parts` one after the other to a new file and flushes it to the disk. */
export async function writeFile(
  path: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for await (const part of parts) {
      for (let at = 0; at < part.byteLength; at += CHUNK_BYTES) {
        await writeAll(file, part.subarray(at, at + CHUNK_BYTES));
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) {
    const { bytesWritten } = await file.write(chunk, at);
    at += bytesWritten;
  }
}

/** Replaces `path` in one step: a crash leaves the old content or the new, never a mixture. */
export async function replaceFile(path: string, content: Uint8Array): Promise<void> {
  await writeFile(`${path}.tmp`, [content]);
  await rename(`${path}.tmp`, path);
  await syncPath(dirname(path));
}

/** Flushes a file that another library wrote, or the names in a folder. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Length and checksum of a file as it is on disk. */
export async function recordFile(folder: string, name: string): Promise<FileRecord> {
  const file = await open(`${folder}/${name}`, 'r');
  try {
    let bytes = 0;
    let crc = 0;
    // One chunk is read while the one before it is summed up.
    const chunks = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)] as const;
    let reading = file.read(chunks[0], 0, CHUNK_BYTES, 0);
    for (;;) {
      const { bytesRead, buffer } = await reading;
      if (bytesRead === 0) return { name, bytes, crc32: crc };
      bytes += bytesRead;
      const next = buffer === chunks[0] ? chunks[1] : chunks[0];
      reading = file.read(next, 0, CHUNK_BYTES, bytes);
      crc = crc32(buffer.subarray(0, bytesRead), crc);
    }
  } finally {
    await file.close();
  }
}

/** Throws `CorruptFile` unless the file is what `record` says. */
export async function verifyFile(folder: string, record: FileRecord): Promise<void> {
  const found = await recordFile(folder, record.name).catch((error: unknown) => {
    throw asCorrupt(error, record.name);
  });
  checkRecord(record, found);
}

/**
 * A file as buffers of the given lengths, which together must be the whole file: read into memory, or mapped. Its
 * checksum is compared on the way.
 */
export async function readInto(
  folder: string,
  record: FileRecord,
  lengths: readonly number[],
  access: Access = 'memory',
): Promise<ArrayBuffer[]> {
  if (access === 'mapped') {
    await verifyFile(folder, record);
    return mapUnchecked(folder, record, lengths);
  }
  const file = await open(`${folder}/${record.name}`, 'r');
  try {
    const buffers: ArrayBuffer[] = [];
    let at = 0;
    let crc = 0;
    // What was read last is summed up while the next chunk is read.
    let unsummed = new Uint8Array(0);
    for (const length of lengths) {
      const buffer = new ArrayBuffer(length);
      for (let filled = 0; filled < length;) {
        const chunk = new Uint8Array(buffer, filled, Math.min(CHUNK_BYTES, length - filled));
        const reading = file.read(chunk, 0, chunk.byteLength, at);
        crc = crc32(unsummed, crc);
        const { bytesRead } = await reading;
        if (bytesRead === 0) throw new CorruptFile(`${record.name} is too short`);
        unsummed = chunk.subarray(0, bytesRead);
        filled += bytesRead;
        at += bytesRead;
      }
      buffers.push(buffer);
    }
    crc = crc32(unsummed, crc);
    const { size } = await file.stat();
    checkRecord(record, { name: record.name, bytes: size, crc32: crc });
    return buffers;
  } finally {
    await file.close();
  }
}

/** The same, mapped, whatever its content. Throws `CorruptFile` where it has another length. */
export async function mapUnchecked(
  folder: string,
  record: FileRecord,
  lengths: readonly number[],
): Promise<ArrayBuffer[]> {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const file = await MappedFile.open(`${folder}/${record.name}`);
  if (total > file.bytes) throw new CorruptFile(`${record.name} is too short`);
  if (file.bytes !== record.bytes) throw new CorruptFile(`${record.name} is not what was written`);
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return file.view(at - length, length);
  });
}

function checkRecord(expected: FileRecord, found: FileRecord): void {
  if (expected.bytes !== found.bytes || expected.crc32 !== found.crc32) {
    throw new CorruptFile(`${expected.name} is not what was written`);
  }
}
