import type { BackupKey } from './backup-key.js';
import { MANIFEST_FILE, sealOf, timeOfName, type Manifest } from './manifest.js';
import type { BackupTarget } from './target.js';

const PROGRESS_FILE = 'progress.json';
/** One that is older is not gone on with: what it has may be long gone. */
const MAX_AGE_MS = 24 * 3_600_000;

/** A backup on its way, as of its last chunk. */
export interface Progress {
  /** Of what is written. */
  manifest: Manifest;
  /** Tenants whose products are not all read; the first is being read. */
  left: string[];
  /** Where the first goes on. */
  cursor?: string;
}

/** Keeps how far it is, sealed as its manifest will be: who goes on with it goes on with what was written. */
export async function saveProgress(
  target: BackupTarget,
  progress: Progress,
  key: BackupKey | undefined,
): Promise<void> {
  const text = JSON.stringify({ ...progress, seal: sealOf(progress, key) });
  await target.write(`${progress.manifest.name}/${PROGRESS_FILE}`, Buffer.from(text));
}

/** The backup is whole. */
export async function forgetProgress(target: BackupTarget, name: string): Promise<void> {
  await target.remove(`${name}/${PROGRESS_FILE}`);
}

/** A backup that was asked for as `asked` is, and interrupted. */
export async function findProgress(
  target: BackupTarget,
  asked: Progress,
  key: BackupKey | undefined,
): Promise<Progress | undefined> {
  const files = await target.list('');
  const names = files.filter((file) => file.endsWith(`/${PROGRESS_FILE}`)).reverse();
  for (const file of names) {
    const [name = ''] = file.split('/');
    const at = timeOfName(name);
    if (at === undefined || Date.now() - at.getTime() > MAX_AGE_MS) continue;
    if (files.includes(`${name}/${MANIFEST_FILE}`)) continue;
    const progress = read(await target.read(file), key);
    if (progress !== undefined && isAlike(progress.manifest, asked.manifest, key)) return progress;
  }
  return undefined;
}

/** Damaged, or another's: a backup of its own is begun. */
function read(bytes: Buffer | undefined, key: BackupKey | undefined): Progress | undefined {
  if (bytes === undefined) return undefined;
  try {
    const { seal, ...progress } = JSON.parse(bytes.toString()) as Progress & { seal?: unknown };
    return seal === sealOf(progress, key) ? progress : undefined;
  } catch {
    return undefined;
  }
}

function isAlike(one: Manifest, asked: Manifest, key: BackupKey | undefined): boolean {
  const what = ({ store, tenant, base, format, model }: Manifest): string =>
    JSON.stringify([store, tenant, base, format, model?.fingerprint]);
  return what(one) === what(asked) && one.encryption?.key_id === key?.id;
}
