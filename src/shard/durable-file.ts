import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** A file of a segment as the manifest lists it. */
export interface FileRecord {
  name: string;
  bytes: number;
  crc32: number;
}

/** A file whose content is not what the manifest says. */
export class CorruptFile extends Error {}

/** Bytes read or written at once: a few milliseconds, so that searches go on between. */
const CHUNK_BYTES = 1024 * 1024;

/** Writes `parts` one after the other to a new file and flushes it to the disk. */
export async function writeFile(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const part of parts) {
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
  await syncFolder(dirname(path));
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  await syncPath(path);
}

/** Flushes a file that another library wrote. */
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
  let bytes = 0;
  let crc = 0;
  const file = await open(`${folder}/${name}`, 'r');
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return { name, bytes, crc32: crc };
      crc = crc32(chunk.subarray(0, bytesRead), crc);
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Throws `CorruptFile` unless the file is what `record` says. */
export async function verifyFile(folder: string, record: FileRecord): Promise<void> {
  const found = await recordFile(folder, record.name).catch((error: unknown) => {
    throw new CorruptFile(`${record.name}: ${String(error)}`);
  });
  checkRecord(record, found);
}

/**
 * Reads a file into buffers of the given lengths, which together must be the whole file, checking
 * its checksum on the way.
 */
export async function readInto(
  folder: string,
  record: FileRecord,
  lengths: readonly number[],
): Promise<ArrayBuffer[]> {
  const file = await open(`${folder}/${record.name}`, 'r');
  try {
    const buffers: ArrayBuffer[] = [];
    let at = 0;
    let crc = 0;
    for (const length of lengths) {
      const buffer = new ArrayBuffer(length);
      for (let filled = 0; filled < length;) {
        const chunk = new Uint8Array(buffer, filled, Math.min(CHUNK_BYTES, length - filled));
        const { bytesRead } = await file.read(chunk, 0, chunk.byteLength, at);
        if (bytesRead === 0) throw new CorruptFile(`${record.name} is too short`);
        crc = crc32(chunk.subarray(0, bytesRead), crc);
        filled += bytesRead;
        at += bytesRead;
      }
      buffers.push(buffer);
    }
    const { size } = await file.stat();
    checkRecord(record, { name: record.name, bytes: size, crc32: crc });
    return buffers;
  } finally {
    await file.close();
  }
}

function checkRecord(expected: FileRecord, found: FileRecord): void {
  if (expected.bytes !== found.bytes || expected.crc32 !== found.crc32) {
    throw new CorruptFile(`${expected.name} is not what was written`);
  }
}
