import { readFile, rename, writeFile } from 'node:fs/promises';
import { DAY_MS } from '../../core/days.js';
import type { Snapshot } from './snapshot.js';

/** Two weeks are compared; what is older goes. */
const KEPT_MS = 15 * DAY_MS;
/** One every two minutes: whoever saves more often keeps the last of them. */
const MOST = 12_000;

/** The snapshots that are kept, oldest first; none where there is no file yet. A line that is none, such as one that was cut off, is left out. */
export async function readReport(file: string): Promise<Snapshot[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => {
    try {
      const read = JSON.parse(line) as Partial<Snapshot>;
      return typeof read.at === 'string' && read.buckets ? [read as Snapshot] : [];
    } catch {
      return [];
    }
  });
}

/** Adds one, and leaves out what is too old. The file is replaced as a whole. */
export async function addToReport(file: string, snapshot: Snapshot): Promise<void> {
  const sinceMs = Date.parse(snapshot.at) - KEPT_MS;
  const before = (await readReport(file)).filter(({ at }) => Date.parse(at) >= sinceMs);
  const lines = [...before, snapshot].slice(-MOST).map((each) => `${JSON.stringify(each)}\n`);
  await writeFile(`${file}.tmp`, lines.join(''));
  await rename(`${file}.tmp`, file);
}
