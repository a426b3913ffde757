import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Machine } from './machine.js';

/** One number of README's table. */
export interface Figure {
  name: string;
  value: number;
  /** "ms", "QPS", "products/s", "bytes", or "" for a ratio. */
  unit: string;
}

/** The JSON that `--json FILE` writes; the same shape for every bench. */
export interface BenchReport {
  bench: string;
  command: string;
  started_at: string;
  duration_s: number;
  seed: number;
  options: unknown;
  machine: Machine;
  versions: Record<string, string>;
  data: Record<string, unknown>;
  noise: { noisy: boolean };
  results: unknown;
  figures: Figure[];
}

/** Writes the report when a file was named. */
export async function writeReport(file: string, report: BenchReport): Promise<void> {
  if (file === '') return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  process.stderr.write(`• report written to ${file}\n`);
}

/** Prints a heading and a table on standard output. */
export function print(title: string, body: string): void {
  process.stdout.write(`\n${title}\n${body}\n`);
}
