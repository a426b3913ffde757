import type { BackupKey } from './backup-key.js';
import { backupNames, findBackup } from './chain.js';
import { MANIFEST_FILE, timeOfName } from './manifest.js';
import { tooOld, type AgedBackup, type KeptAges } from './retention.js';
import type { BackupTarget } from './target.js';

/** What was interrupted and not gone on with. */
const ABANDONED_MS = 48 * 3_600_000;

/**
 * Removes backups that are too old, and what is left of ones without a manifest; of each its manifest first, so that none is
 * ever there in part. Resolves with their names. Rejects `BackupProblem`, and removes nothing, where a manifest can not be
 * read: what goes on from what is not known then.
 */
export async function pruneBackups(
  target: BackupTarget,
  ages: KeptAges,
  now: Date,
  key: BackupKey | undefined,
): Promise<string[]> {
  const backups: AgedBackup[] = [];
  for (const name of await backupNames(target)) {
    const { manifest } = await findBackup(target, name, key);
    const at = timeOfName(name);
    if (at !== undefined) backups.push({ name, at, base: manifest.base?.name });
  }
  const removed = tooOld(backups, ages);
  for (const name of removed) await removeBackup(target, name);
  await removeAbandoned(target, now);
  return removed;
}

async function removeBackup(target: BackupTarget, name: string): Promise<void> {
  await target.remove(`${name}/${MANIFEST_FILE}`);
  for (const file of await target.list(`${name}/`)) await target.remove(file);
}

async function removeAbandoned(target: BackupTarget, now: Date): Promise<void> {
  const whole = new Set(await backupNames(target));
  const begun = new Set((await target.list('')).map((file) => file.split('/')[0] ?? ''));
  for (const name of begun) {
    const at = timeOfName(name);
    if (at === undefined || whole.has(name)) continue;
    if (now.getTime() - at.getTime() > ABANDONED_MS) await removeBackup(target, name);
  }
}
