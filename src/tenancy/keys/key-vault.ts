import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PLAIN = 'plain.';
const ENCRYPTED = 'aes.';

/**
 * Seals what must be stored of a secret besides its hash: with AES-256-GCM under a key made of `KEYS_SECRET`, or not at
 * all where there is none. What was sealed without one can be opened with one.
 */
export class KeyVault {
  private readonly key: Buffer | undefined;

  constructor(keysSecret: string | undefined) {
    if (keysSecret === undefined) return;
    this.key = Buffer.from(hkdfSync('sha256', keysSecret, '', 'omnisearch keys', KEY_BYTES));
  }

  /** `of`: whose it is; it can not be opened as another's. */
  seal(bytes: Uint8Array, of: string): string {
    if (this.key === undefined) return PLAIN + Buffer.from(bytes).toString('base64url');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, nonce).setAAD(Buffer.from(of));
    const sealed = [nonce, cipher.update(bytes), cipher.final()];
    return ENCRYPTED + Buffer.concat([...sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** Throws `unavailable` where it was sealed under another `KEYS_SECRET`. */
  open(sealed: string, of: string): Buffer {
    if (sealed.startsWith(PLAIN)) return Buffer.from(sealed.slice(PLAIN.length), 'base64url');
    const bytes = Buffer.from(sealed.slice(ENCRYPTED.length), 'base64url');
    const details = { retryAfterMs: RETRY_AFTER_MS };
    const other = 'the key was stored under another KEYS_SECRET than this node has';
    if (this.key === undefined) throw new OmniError('unavailable', other, details);
    try {
      const cipher = createDecipheriv(CIPHER, this.key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(of))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = cipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([text, cipher.final()]);
    } catch (cause) {
      throw new OmniError('unavailable', other, { ...details, cause });
    }
  }
}
