import { X509Certificate } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import type { MetricsPage, Sample } from './metrics-page.js';

export interface MachineOptions {
  /** Folder whose file system is looked at; undefined: nothing is kept here. */
  dataDir?: string | undefined;
  /** PEM files. */
  certificates: readonly string[];
}

const CGROUP = '/sys/fs/cgroup';
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Declares what the process has to live on: disk, memory, and certificates that expire. */
export function addMachineMetrics(
  page: MetricsPage,
  { dataDir, certificates }: MachineOptions,
): void {
  let disk: { free: number; size: number } | undefined;
  let memoryUsed = 0;
  let expiries: Sample[] = [];
  page.onScrape(async () => {
    [disk, memoryUsed, expiries] = await Promise.all([
      dataDir === undefined ? undefined : diskOf(dataDir),
      usedMemory(),
      Promise.all(
        certificates.map(async (file): Promise<Sample> => [{ file }, await expiryOf(file)]),
      ),
    ]);
  });
  const path = dataDir ?? '';
  page.gauge('disk_free_bytes', 'Free for this process on the file system of DATA_DIR.', () => [
    [{ path }, disk?.free],
  ]);
  page.gauge('disk_size_bytes', 'Size of the file system of DATA_DIR.', () => [
    [{ path }, disk?.size],
  ]);
  page.level('memory_limit_bytes', 'What the container, else the machine, has of memory.', () =>
    limitOfMemory(),
  );
  page.level(
    'memory_used_bytes',
    'What of it is used, by all processes there and without files that are only cached.',
    () => memoryUsed,
  );
  page.gauge(
    'certificate_expires_timestamp_seconds',
    'When the first certificate of a file of CERTIFICATE_FILES expires, seconds since 1970; none: it cannot be read.',
    () => expiries,
  );
}

function limitOfMemory(): number {
  const bound = process.constrainedMemory();
  return bound > 0 ? Math.min(bound, totalmem()) : totalmem();
}

async function diskOf(folder: string): Promise<{ free: number; size: number } | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, size: blocks * bsize };
  } catch {
    return undefined;
  }
}

/** Of the container where it has a limit, else of the machine. */
async function usedMemory(): Promise<number> {
  const machine = (): Promise<number> =>
    readFile('/proc/meminfo', 'utf8').then(
      (text) => totalmem() - figureIn(text, /^MemAvailable: +(\d+)/m) * 1_024,
      () => totalmem() - freemem(),
    );
  if (limitOfMemory() === totalmem()) return machine();
  try {
    const [current, stat] = await Promise.all([
      readFile(`${CGROUP}/memory.current`, 'utf8'),
      readFile(`${CGROUP}/memory.stat`, 'utf8'),
    ]);
    return Number(current) - figureIn(stat, /^inactive_file (\d+)/m);
  } catch {
    return machine();
  }
}

function figureIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
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
