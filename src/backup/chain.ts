import type { BackupKey } from './backup-key.js';
import { backupNames, latestBase, latestToRestore, READ_AT_ONCE } from './latest.js';
import { MANIFEST_FILE, readManifest, type SealedManifest } from './manifest.js';
import { BackupProblem } from './problem.js';
import type { BackupTarget } from './target.js';

/** More is taken for a circle. */
const MAX_LENGTH = 10_000;
/** More than one each five minutes for a week: a longer chain takes longer to restore than a full backup takes. */
const MAX_GONE_ON_FROM = 2_500;

/** Which backup is meant. */
export interface Asked {
  /** Its name, or the path of its manifest; `latest`. */
  name: string;
  /** Whose the latest is; undefined: of all tenants. */
  tenant?: string | undefined;
}

/** The backup called `asked`. Rejects `BackupProblem` where there is none, or its manifest is damaged. */
export async function findBackup(
  target: Pick<BackupTarget, 'read'>,
  asked: string,
  key: BackupKey | undefined,
): Promise<SealedManifest> {
  const name = nameOf(asked);
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
  { name, tenant }: Asked,
  key: BackupKey | undefined,
): Promise<SealedManifest[]> {
  const asked = name === 'latest' ? await latestToRestore(target, tenant, key) : name;
  const ahead = await readAhead(target);
  const chain = [await findBackup(ahead, asked, key)];
  for (;;) {
    const last = chain.at(-1);
    const base = last?.manifest.base;
    if (base === null || base === undefined) return chain.reverse();
    if (chain.length >= MAX_LENGTH) throw new BackupProblem('the backups go round in a circle');
    const before = await findBackup(ahead, base.name, key);
    if (before.seal !== base.seal) {
      const later = last?.manifest.name ?? '';
      throw new BackupProblem(`${base.name} is not the backup that ${later} goes on from`);
    }
    chain.push(before);
  }
}

/**
 * Reads with a manifest those of the backups that were begun before it, some at a time: what one goes on from is mostly
 * the one before, and a bucket takes long to answer.
 */
async function readAhead(target: BackupTarget): Promise<Pick<BackupTarget, 'read'>> {
  const files = (await backupNames(target)).map((name) => `${name}/${MANIFEST_FILE}`);
  const begun = new Map<string, Promise<Buffer | undefined>>();
  return {
    read: (file) => {
      const at = files.indexOf(file) + 1;
      for (const each of [...files.slice(Math.max(0, at - READ_AT_ONCE), at), file]) {
        if (begun.has(each)) continue;
        const reading = target.read(each);
        // Whoever needs it meets what is wrong with it.
        reading.catch(() => undefined);
        begun.set(each, reading);
      }
      return begun.get(file) ?? target.read(file);
    },
  };
}

/** What a backup goes on from. */
interface ChosenBase {
  /** Undefined: nothing that can be restored, so that it is to have all. */
  base: SealedManifest | undefined;
  /** Why it has all. */
  why?: string;
}

/**
 * What a backup that was asked to go on from `name` goes on from. Rejects `BackupProblem` where that is not there, not
 * encrypted with `key`, or not of `tenant`.
 */
export async function chooseBase(
  target: BackupTarget,
  { name, tenant }: Asked,
  key: BackupKey | undefined,
): Promise<ChosenBase> {
  const asked = name === 'latest' ? await latestBase(target, tenant, key) : name;
  const base = await findBackup(target, asked, key);
  const of = base.manifest.tenant;
  if (of !== (tenant ?? null)) {
    const whose = of ?? 'all tenants';
    throw new BackupProblem(`${base.manifest.name} is of ${whose}: --since goes on with the same`);
  }
  try {
    const { length } = await chainOf(target, { name: asked }, key);
    if (length < MAX_GONE_ON_FROM) return { base };
    return { base: undefined, why: `${length} backups go on from one another already` };
  } catch (error) {
    if (!(error instanceof BackupProblem)) throw error;
    return {
      base: undefined,
      why: `what ${base.manifest.name} goes on from is not whole: ${error.message}`,
    };
  }
}
