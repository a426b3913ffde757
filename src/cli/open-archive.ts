import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
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

/** Whether the disk of `dataDir` is as full as `percent`: told by what this process could still write. */
export async function isDiskFull(
  { dataDir, tiersDiskPercent: percent }: Pick<Config, 'dataDir' | 'tiersDiskPercent'>,
): Promise<boolean> {
  const { bavail, blocks } = await statfs(resolve(dataDir));
  return blocks > 0 && 100 * (1 - bavail / blocks) >= percent;
}
