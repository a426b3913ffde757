import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { BackupKey } from './backup-key.js';
import { BackupProblem } from './problem.js';
import type { ChunkEntry } from './manifest.js';

export const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Most of a chunk are floats, in which there is little to find. */
const LEVEL = 1;
/** Far beyond what is written: what says more is no chunk of ours. */
const MAX_RAW_BYTES = 256 * 1024 * 1024;

const zip = promisify(gzip);
const unzip = promisify(gunzip);

/**
 * Lines as they are stored: gzip, then, with a key, AES-256-GCM as nonce, ciphertext and tag. The chunk's `place` is
 * bound to it, so that none can stand in another's.
 */
export async function sealChunk(
  lines: string,
  place: string,
  key: BackupKey | undefined,
): Promise<Buffer> {
  const packed = await zip(lines, { level: LEVEL });
  if (key === undefined) return packed;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, nonce).setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(packed), cipher.final(), cipher.getAuthTag()]);
}

/** The lines of a stored chunk, once all of it is what the manifest says. Rejects `BackupProblem`, which names it. */
export async function openChunk(
  stored: Buffer,
  place: string,
  entry: Pick<ChunkEntry, 'bytes' | 'sha256' | 'raw_bytes'>,
  key: BackupKey | undefined,
): Promise<Buffer> {
  if (stored.length !== entry.bytes) {
    throw damaged(place, `has ${stored.length} bytes of ${entry.bytes}`);
  }
  if (sha256Of(stored) !== entry.sha256)
    throw damaged(place, 'is not what was written: its SHA-256 differs');
  const lines = await unsealChunk(stored, place, key);
  if (lines.length === entry.raw_bytes) return lines;
  throw damaged(place, `has not the ${entry.raw_bytes} bytes of text that it should`);
}

/** The lines of a chunk whose bytes are known to be right. Rejects `BackupProblem` where the key is another. */
export async function unsealChunk(
  stored: Buffer,
  place: string,
  key: BackupKey | undefined,
): Promise<Buffer> {
  try {
    const packed = key === undefined ? stored : decipher(stored, place, key);
    return await unzip(packed, { maxOutputLength: MAX_RAW_BYTES });
  } catch (cause) {
    throw damaged(place, `can not be read: ${cause instanceof Error ? cause.message : ''}`);
  }
}

function decipher(stored: Buffer, place: string, key: BackupKey): Buffer {
  const end = stored.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key.bytes, stored.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(place))
    .setAuthTag(stored.subarray(end));
  return Buffer.concat([decipher.update(stored.subarray(NONCE_BYTES, end)), decipher.final()]);
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function damaged(place: string, what: string): BackupProblem {
  return new BackupProblem(`${place} ${what}`);
}
