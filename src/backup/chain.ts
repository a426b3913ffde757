import type { BackupKey } from './backup-key.js';
import { MANIFEST_FILE, readManifest, timeOfName, type SealedManifest } from './manifest.js';
import { BackupProblem } from './problem.js';
import type { BackupTarget } from './target.js';

/** More would take longer to restore than a full backup takes. */
const MAX_LENGTH = 10_000;

/** Names of the whole backups at `target`, the oldest first. */
export async function backupNames(target: BackupTarget): Promise<string[]> {
  const files = await target.list('');
  const manifests = files.filter((file) => file.endsWith(`/${MANIFEST_FILE}`));
  const names = manifests.map((file) => file.slice(0, -MANIFEST_FILE.length - 1));
  return names.filter((name) => timeOfName(name) !== undefined);
}

/**
 * The backup called `name`, or by the path of its manifest; `latest`: the last of all. Rejects `BackupProblem` where
 * there is none, or its manifest is damaged.
 */
export async function findBackup(
  target: BackupTarget,
  asked: string,
  key: BackupKey | undefined,
): Promise<SealedManifest> {
  const name = asked === 'latest' ? (await backupNames(target)).at(-1) : nameOf(asked);
  if (name === undefined) throw new BackupProblem('there is no backup yet');
  const bytes = await target.read(`${name}/${MANIFEST_FILE}`);
  if (bytes === undefined) throw new BackupProblem(`there is no backup ${name}`);
  return readManifest(bytes.toString(), name, key);
}

function nameOf(asked: string): string {
  const parts = asked.replace(new RegExp(`/?${MANIFEST_FILE}$`), '').split('/');
  return parts.at(-1) ?? asked;
}

/** The backup and all that it goes on from, the full one first. Rejects `BackupProblem`, which names what is missing. */
export async function chainOf(
  target: BackupTarget,
  asked: string,
  key: BackupKey | undefined,
): Promise<SealedManifest[]> {
  const chain = [await findBackup(target, asked, key)];
  for (;;) {
    const [first] = chain;
    const base = first?.manifest.base;
    if (base === null || base === undefined) return chain;
    if (chain.length >= MAX_LENGTH) throw new BackupProblem('the backups go round in a circle');
    const before = await findBackup(target, base.name, key);
    if (before.seal !== base.seal) {
      const later = first?.manifest.name ?? '';
      throw new BackupProblem(`${base.name} is not the backup that ${later} goes on from`);
    }
    chain.unshift(before);
  }
}
