import { readFile } from 'node:fs/promises';
import { backupKey, type BackupKey } from '../../backup/backup-key.js';
import { openTarget } from '../../backup/open-target.js';
import { BackupProblem } from '../../backup/problem.js';
import type { BackupTarget } from '../../backup/target.js';
import { OmniSearchError } from '../../client/errors.js';
import type { Config } from '../../config/settings.js';
import { problemOf } from '../api-problem.js';
import { complain } from '../terminal.js';

const COULD_NOT = 1;

/** The target, and the key of `--key-file`. Rejects `BackupProblem`. */
export async function openFor(
  words: string,
  { endpoint, keyFile }: Pick<Config, 'endpoint' | 'keyFile'>,
): Promise<{ target: BackupTarget; key: BackupKey | undefined }> {
  const target = openTarget(words, { endpoint, env: process.env });
  return { target, key: keyFile === undefined ? undefined : await keyOf(keyFile) };
}

async function keyOf(file: string): Promise<BackupKey> {
  try {
    return backupKey(await readFile(file));
  } catch (error) {
    if (error instanceof BackupProblem) throw error;
    throw new BackupProblem(`--key-file ${file} can not be read: ${reasonOf(error)}`);
  }
}

/** Runs a command; what it could not do is said in a line. Resolves with the exit code. */
export async function complaining(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof OmniSearchError) return complain(COULD_NOT, problemOf(error));
    // A full disk, a folder that may not be written.
    if (error instanceof BackupProblem || isOfSystem(error)) {
      return complain(COULD_NOT, reasonOf(error));
    }
    throw error;
  }
}

/** Now and then a line on standard error. */
export function tellNowAndThen(everyMs: number): (line: string) => void {
  let nextAtMs = performance.now() + everyMs;
  return (line) => {
    if (performance.now() < nextAtMs) return;
    nextAtMs = performance.now() + everyMs;
    process.stderr.write(`${line}\n`);
  };
}

function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
