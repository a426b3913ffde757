import type { BackupKey } from './backup-key.js';
import {
  MANIFEST_FILE,
  readManifest,
  timeOfName,
  unsealedManifest,
  type Manifest,
} from './manifest.js';
import { BackupProblem } from './problem.js';
import type { BackupTarget } from './target.js';

/** What is not whole by then never is: it is removed with what is too old. */
export const ABANDONED_MS = 48 * 3_600_000;
/** Manifests, so that a bucket's answers are not waited for one by one. */
export const READ_AT_ONCE = 8;

/** Names of the whole backups at `target`, in the order in which they were begun. */
export async function backupNames(target: BackupTarget): Promise<string[]> {
  const files = await target.list('');
  const manifests = files.filter((file) => file.endsWith(`/${MANIFEST_FILE}`));
  const names = manifests.map((file) => file.slice(0, -MANIFEST_FILE.length - 1));
  return names.filter((name) => timeOfName(name) !== undefined);
}

/**
 * The backup to restore: of those that have `tenant` (undefined: of all tenants) the one begun last, since all that was
 * acknowledged before is in it; without `tenant`, where all are of one and the same tenant, its last. Rejects `BackupProblem` where there is none.
 */
export async function latestToRestore(
  target: BackupTarget,
  tenant: string | undefined,
  key: BackupKey | undefined,
): Promise<string> {
  const names = (await backupNames(target)).reverse();
  const others = new Map<string, string>();
  for (const name of names) {
    const bytes = await target.read(`${name}/${MANIFEST_FILE}`);
    // A damaged one is named, not passed over.
    const of = bytes && readManifest(bytes.toString(), name, key, true).manifest.tenant;
    if (of === null || (of !== undefined && of === tenant)) return name;
    if (of !== undefined && !others.has(of)) others.set(of, name);
  }
  const [only, another] = others.values();
  if (tenant === undefined && only !== undefined && another === undefined) return only;
  throw noneOf(tenant, names);
}

/**
 * The backup that the next one goes on from. A full one counts from when it ended, others from when they were begun: so
 * what is begun beside a full one, and goes on from what was before, does not have all that follow go on from that, too.
 * Rejects `BackupProblem` where there is none.
 */
export async function latestBase(
  target: BackupTarget,
  tenant: string | undefined,
  key: BackupKey | undefined,
): Promise<string> {
  let best: { name: string; atMs: number } | undefined;
  const names = (await backupNames(target)).reverse();
  for (let at = 0; at < names.length; at += READ_AT_ONCE) {
    const some = names.slice(at, at + READ_AT_ONCE);
    for (const manifest of await Promise.all(some.map((name) => read(target, name, key)))) {
      if (manifest?.tenant !== (tenant ?? null)) continue;
      const { name, base, began_at, ended_at } = manifest;
      const atMs = Date.parse(base === null ? ended_at : began_at);
      if (best === undefined || atMs > best.atMs) best = { name, atMs };
    }
    // Whatever was begun earlier had ended before that one, or never did.
    const lastMs = timeOfName(some.at(-1) ?? '')?.getTime() ?? 0;
    if (best !== undefined && lastMs < best.atMs - ABANDONED_MS) break;
  }
  if (best === undefined) throw noneOf(tenant, names);
  return best.name;
}

/** The one of all tenants that was begun last, whoever's key it is encrypted with; undefined: there is none. */
export async function latestOfAll(target: BackupTarget): Promise<string | undefined> {
  for (const name of (await backupNames(target)).reverse()) {
    const text = (await target.read(`${name}/${MANIFEST_FILE}`))?.toString();
    if (text !== undefined && unsealedManifest(text, name).tenant === null) return name;
  }
  return undefined;
}

/** Undefined where it went meanwhile. */
async function read(
  target: BackupTarget,
  name: string,
  key: BackupKey | undefined,
): Promise<Manifest | undefined> {
  const text = (await target.read(`${name}/${MANIFEST_FILE}`))?.toString();
  if (text === undefined) return undefined;
  const { encryption, ...rest } = unsealedManifest(text, name);
  // Nobody can say whether one of another key is as it was: where it is chosen, it is refused.
  if (encryption && encryption.key_id !== key?.id) return { encryption, ...rest };
  return readManifest(text, name, key, true).manifest;
}

function noneOf(tenant: string | undefined, names: readonly string[]): BackupProblem {
  if (names.length === 0) return new BackupProblem('there is no backup yet');
  const what = tenant === undefined ? 'all tenants yet: say which with --tenant' : `${tenant} yet`;
  return new BackupProblem(`there is no backup of ${what}`);
}
