import { X509Certificate } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import { memoryUse, type MemoryUse } from './memory-use.js';
import type { MetricsPage, Sample } from './metrics-page.js';

export interface MachineOptions {
  /** Folder whose file system is looked at; undefined: nothing is kept here. */
  dataDir?: string | undefined;
  /** PEM files. */
  certificates: readonly string[];
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Declares what the process has to live on: disk, memory, and certificates that expire. */
export function addMachineMetrics(
  page: MetricsPage,
  { dataDir, certificates }: MachineOptions,
): void {
  let disk: { free: number; size: number } | undefined;
  let memory: MemoryUse | undefined;
  let expiries: Sample[] = [];
  // Each by itself: a file system that hangs is no reason to know less of the rest, and what it said last is not shown.
  page.onScrape(async () => {
    disk = undefined;
    disk = dataDir === undefined ? undefined : await diskOf(dataDir);
  });
  page.onScrape(async () => {
    memory = await memoryUse();
  });
  page.onScrape(async () => {
    expiries = [];
    expiries = await Promise.all(
      certificates.map(async (file): Promise<Sample> => [{ file }, await expiryOf(file)]),
    );
  });
  const path = dataDir ?? '';
  page.gauge('disk_free_bytes', 'Free for this process on the file system of DATA_DIR.', () => [
    [{ path }, disk?.free],
  ]);
  page.gauge('disk_size_bytes', 'Size of the file system of DATA_DIR.', () => [
    [{ path }, disk?.size],
  ]);
  page.level(
    'memory_limit_bytes',
    'What the container, else the machine, has of memory.',
    () => memory?.limit,
  );
  page.level(
    'memory_used_bytes',
    'What of it is used, by all processes there and without files that are only cached.',
    () => memory?.used,
  );
  page.gauge(
    'certificate_expires_timestamp_seconds',
    'When the first certificate of a file of CERTIFICATE_FILES expires, seconds since 1970; none: it cannot be read.',
    () => expiries,
  );
}

async function diskOf(folder: string): Promise<{ free: number; size: number } | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, size: blocks * bsize };
  } catch {
    return undefined;
  }
}

async function expiryOf(file: string): Promise<number | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    const times = [...text.matchAll(PEM)].map(([pem]) =>
      Date.parse(new X509Certificate(pem).validTo),
    );
    return times.length === 0 ? undefined : Math.min(...times) / 1_000;
  } catch {
    return undefined;
  }
}
