import { statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ColdArchive } from '../backup/cold/cold-archive.js';
import { BackupProblem } from '../backup/problem.js';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import { openFor } from './backup/backup-options.js';

/** Where cold products are kept; undefined: nowhere. Rejects `ConfigError`. */
export async function openArchive({
  archiveTarget,
  archiveKeyFile: keyFile,
}: Pick<Config, 'archiveTarget' | 'archiveKeyFile'>): Promise<ColdArchive | undefined> {
  if (archiveTarget === undefined) return undefined;
  try {
    const { target, key } = await openFor(archiveTarget, { endpoint: undefined, keyFile });
    return new ColdArchive(target, key);
  } catch (error) {
    if (error instanceof BackupProblem) throw new ConfigError(`ARCHIVE_TARGET: ${error.message}`);
    throw error;
  }
}

/**
 * How full the fullest of the disks is on which this machine keeps store and shards, by what this process could still
 * write, as a share; what is not there yet counts for nothing.
 */
export async function diskUse({ dataDir }: Pick<Config, 'dataDir'>): Promise<number> {
  const folders = ['', 'store', 'shards'].map((name) => join(resolve(dataDir), name));
  const shares = folders.map(async (folder) => {
    const { bavail, blocks } = await statfs(folder);
    return blocks > 0 ? 1 - bavail / blocks : 0;
  });
  return Math.max(...(await Promise.all(shares.map((share) => share.catch(() => 0)))));
}
