import type { BackupKey } from './backup-key.js';
import { isClaimed } from './claim.js';
import { ABANDONED_MS, backupNames } from './latest.js';
import { MANIFEST_FILE, readManifest, timeOfName } from './manifest.js';
import { tooOld, type AgedBackup, type KeptAges } from './retention.js';
import type { BackupTarget } from './target.js';

/**
 * Removes backups that are too old, of each tenant and of all by themselves, and what is left of ones without a manifest; of each its manifest first, so that none is
 * ever there in part. Resolves with their names. Rejects `BackupProblem`, and removes nothing, where a manifest can not be
 * read: what goes on from what is not known then.
 */
export async function pruneBackups(
  target: BackupTarget,
  ages: KeptAges,
  now: Date,
  key: BackupKey | undefined,
): Promise<string[]> {
  /** By whose they are. */
  const groups = new Map<string | null, AgedBackup[]>();
  for (const name of await backupNames(target)) {
    const bytes = await target.read(`${name}/${MANIFEST_FILE}`);
    const at = timeOfName(name);
    if (bytes === undefined || at === undefined) continue;
    const { tenant, base } = readManifest(bytes.toString(), name, key, true).manifest;
    groups.set(tenant, [...(groups.get(tenant) ?? []), { name, at, base: base?.name }]);
  }
  const removed = [...groups.values()].flatMap((backups) => tooOld(backups, ages));
  // The last first: none is ever there without what it goes on from.
  for (const name of removed.sort().reverse()) await removeBackup(target, name);
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
    if (now.getTime() - at.getTime() <= ABANDONED_MS) continue;
    if (!(await isClaimed(target, name))) await removeBackup(target, name);
  }
}
