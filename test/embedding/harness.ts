import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Deadline } from '../../src/core/deadline.js';

/** The compiled worker: threads run JavaScript. `npm test` builds it first. */
export const WORKER_FILE = new URL('../../dist/embedding/worker.js', import.meta.url);
if (!existsSync(WORKER_FILE)) throw new Error('dist is missing: npm run build');

export interface ReferenceRow {
  text: string;
  tokens: number[];
  vector: number[];
}

/** A tiny model of `scripts/test-models`, and what another implementation makes of some texts. */
export function tinyModel(name: 'tiny-clip' | 'tiny-bert'): {
  dir: string;
  reference: ReferenceRow[];
} {
  const dir = fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
  const reference = JSON.parse(readFileSync(join(dir, 'reference.json'), 'utf8')) as ReferenceRow[];
  return { dir, reference };
}

/** A file of the shared data, or undefined where that is absent. */
export function sharedFile(path: string): string | undefined {
  const root =
    process.env['OMNISEARCH_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
  const file = join(root, 'data', path);
  return existsSync(file) ? file : undefined;
}

/** A deadline that no test reaches. */
export function ample(): Deadline {
  return Deadline.after(30_000);
}

/** Greatest absolute difference between two vectors. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let greatest = 0;
  for (let i = 0; i < a.length; i++) greatest = Math.max(greatest, Math.abs(a[i]! - b[i]!));
  return greatest;
}

export async function withTempDir<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'omnisearch-embedding-'));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Writes a worker that is the real one but for what `before` does with each batch (a function's
 * body, given `batch` and `setup`, what the worker was started with).
 */
export async function wrappedWorker(dir: string, before: string): Promise<URL> {
  const file = join(dir, 'wrapped-worker.mjs');
  const source = [
    `import { workerData as setup } from 'node:worker_threads';`,
    `import { existsSync, writeFileSync } from 'node:fs';`,
    `import * as real from ${JSON.stringify(WORKER_FILE.href)};`,
    `export const { describe, prepare } = real;`,
    `export async function embed(batch) {`,
    before,
    `  return real.embed(batch);`,
    `}`,
  ];
  await writeFile(file, source.join('\n'));
  return pathToFileURL(file);
}
