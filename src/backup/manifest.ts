import { createHash, createHmac } from 'node:crypto';
import type { ModelIdentity } from '../core/product.js';
import type { BackupKey } from './backup-key.js';
import { BackupProblem } from './problem.js';

export const MANIFEST_FILE = 'manifest.json';
export const FORMAT = 1;

export interface ChunkEntry {
  file: string;
  bytes: number;
  /** Of the file, hex. */
  sha256: string;
  /** Of its lines, as text. */
  raw_bytes: number;
  /** Whose products it has. */
  tenants: string[];
}

interface TenantEntry {
  /** Everything of the tenant up to here is in the backup and those it goes on from; base64. */
  position: string;
  /** All of it is in this one; false: what changed since the one before. */
  is_full: boolean;
  puts: number;
  deletes: number;
}

/** What a backup has. Its name sorts by time. */
export interface Manifest {
  format: typeof FORMAT;
  name: string;
  /** Version of the software that made it. */
  software: string;
  /** RFC 3339. All that was acknowledged before `began_at` is in it. */
  began_at: string;
  ended_at: string;
  /** Only of this one; null: of all. */
  tenant: string | null;
  /** What it goes on from. */
  base: { name: string; seal: string } | null;
  /** Identity of the store that it was made of. */
  store: string;
  model: ModelIdentity | null;
  tenants: Record<string, TenantEntry>;
  counts: { puts: number; deletes: number; records: number };
  /** Products that were damaged in the store: not in it. */
  damaged: string[];
  encryption: { cipher: string; key_id: string } | null;
  chunks: ChunkEntry[];
}

/** As it is stored, and its seal: SHA-256, of an encrypted backup HMAC-SHA-256 with its key, of what is before it. */
export interface SealedManifest {
  manifest: Manifest;
  seal: string;
}

export function manifestText(manifest: Manifest, key: BackupKey | undefined): string {
  return `${JSON.stringify({ ...manifest, seal: sealOf(manifest, key) }, undefined, 1)}\n`;
}

/** What a manifest says, whoever wrote it: to be believed only once `readManifest` has read it. Throws `BackupProblem`. */
export function unsealedManifest(text: string, name: string): Manifest & { seal?: unknown } {
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    throw new BackupProblem(`${name}/${MANIFEST_FILE} is damaged: it is not JSON`);
  }
}

/**
 * Throws `BackupProblem`, which names the manifest, for whatever is not as it was written; with a key also for one that is
 * not encrypted, since anybody could have written that, unless it `mayBePlain`.
 */
export function readManifest(
  text: string,
  name: string,
  key: BackupKey | undefined,
  mayBePlain = false,
): SealedManifest {
  const place = `${name}/${MANIFEST_FILE}`;
  const { seal, ...manifest } = unsealedManifest(text, name);
  const { format } = manifest as { format?: unknown };
  if (typeof format === 'number' && format > FORMAT) {
    throw new BackupProblem(`${place} was made by a later version: its format is ${format}`);
  }
  const { encryption = null } = manifest as Partial<Manifest>;
  if (encryption !== null && encryption.key_id !== key?.id) {
    const given = key === undefined ? 'give it with --key-file' : `this is ${key.id}`;
    throw new BackupProblem(`${place} is encrypted with the key ${encryption.key_id}: ${given}`);
  }
  if (encryption === null && key !== undefined && !mayBePlain) {
    const what = `${place} is not encrypted: with --key-file only what is counts`;
    throw new BackupProblem(`${what}; leave it out, or begin with a full backup`);
  }
  const used = encryption === null ? undefined : key;
  if (seal !== sealOf(manifest, used) || text !== manifestText(manifest, used)) {
    throw new BackupProblem(`${place} is damaged: it is not what its seal says`);
  }
  if (manifest.name !== name) throw new BackupProblem(`${place} is of ${manifest.name}`);
  return { manifest, seal };
}

/** Of what is stored as JSON. */
export function sealOf(manifest: object, key: BackupKey | undefined): string {
  const hash = key === undefined ? createHash('sha256') : createHmac('sha256', key.bytes);
  return hash.update(JSON.stringify(manifest)).digest('hex');
}

/** `20261129T211020123Z`. */
export function backupName(at: Date): string {
  return at.toISOString().replace(/[-:.]/g, '');
}

/** When a backup of that name was begun; undefined: that is none. */
export function timeOfName(name: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/.exec(name)?.slice(1);
  if (parts === undefined) return undefined;
  const [year, month, day, hour, minute, second, ms] = parts;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
}
