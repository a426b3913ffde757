import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Generated data is kept here between runs; git ignores it and it may be deleted at any time. */
export function cachePath(...names: string[]): string {
  const folder = join(REPOSITORY, 'bench', '.cache');
  mkdirSync(folder, { recursive: true });
  return join(folder, ...names);
}

/** A file of the optional shared data folder, or undefined where the machine lacks it. */
export function sharedFile(name: string): string | undefined {
  const folder = process.env['OMNISEARCH_SHARED'] ?? resolve(REPOSITORY, '..', 'shared');
  const path = join(folder, 'data', name);
  return existsSync(path) && statSync(path).isFile() ? path : undefined;
}
