import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessInfo } from './processes.js';
import { formatBytes, type Row } from './table.js';

/** Peak memory of each process, for the report and as a table. */
export function peakMemory(processes: readonly ProcessInfo[]) {
  const list = processes.map(({ pid, name, peakBytes, residentBytes }) => ({
    pid,
    name,
    peak_bytes: peakBytes,
    resident_bytes: residentBytes,
  }));
  const rows: Row[] = list.map((process) => ({
    process: process.name,
    peak: formatBytes(process.peak_bytes),
    now: formatBytes(process.resident_bytes),
  }));
  return { processes: list, rows };
}

/** Bytes that the files below a folder take on disk. */
export async function diskBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const info = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += (info?.blocks ?? 0) * 512; // sparse files (LMDB's map) take what they use
  }
  return bytes;
}
