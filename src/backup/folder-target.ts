import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { BackupTarget } from './target.js';

/** A folder. A file is written beside its place, flushed, then put there: it is whole or not there. */
export class FolderTarget implements BackupTarget {
  constructor(private readonly folder: string) {}

  async write(file: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.folder, file);
    await mkdir(dirname(path), { recursive: true });
    const beside = `${path}.part`;
    const handle = await open(beside, 'w');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, path);
    await syncFolder(dirname(path));
  }

  async read(file: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.folder, file));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async list(prefix: string): Promise<string[]> {
    // From the deepest folder that all of them lie in: beside it may be years of backups.
    const deepest = join(this.folder, prefix.slice(0, prefix.lastIndexOf('/') + 1));
    try {
      const entries = await readdir(deepest, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.part'))
        .map((entry) => relative(this.folder, join(entry.parentPath, entry.name)))
        .map((path) => path.split(sep).join('/'))
        .filter((path) => path.startsWith(prefix))
        .sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async remove(file: string): Promise<void> {
    const path = join(this.folder, file);
    await rm(path, { force: true });
    // The last file of a backup takes its folder with it.
    await rmdir(dirname(path)).catch(() => undefined);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
