import { createHash } from 'node:crypto';
import { BackupProblem } from './problem.js';

const KEY_BYTES = 32;
const ID_CHARACTERS = 16;

/** What a backup is encrypted with. */
export interface BackupKey {
  /** Says which key it is, and nothing about it. */
  id: string;
  bytes: Buffer;
}

/** Of a file with 32 bytes as they are, as hex or as base64. Throws `BackupProblem`. */
export function backupKey(content: Buffer): BackupKey {
  const text = content.toString('latin1').trim();
  const hex = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
  const base64 = /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  const bytes = content.length === KEY_BYTES ? content : (hex ?? base64);
  if (bytes === undefined) {
    throw new BackupProblem('the key must be 32 bytes, as they are, as hex or as base64');
  }
  const id = createHash('sha256').update('omnisearch backup key\0').update(bytes).digest('hex');
  return { id: id.slice(0, ID_CHARACTERS), bytes };
}
