import { randomBytes } from 'node:crypto';
import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import type { RecordStore } from '../store/record-store.js';

const KIND = 'secret';
const ID = 'cursors';
const KEY_BYTES = 32;

/**
 * The key by which cursors are signed, the same on all nodes of a store: random, made by the first that needs
 * it. Read once.
 */
export class CursorKey {
  private reading: Promise<Buffer> | undefined;

  constructor(private readonly records: RecordStore) {}

  /** Rejects as the store does. */
  get(): Promise<Buffer> {
    this.reading ??= this.read().catch((error: unknown) => {
      this.reading = undefined;
      throw error;
    });
    return this.reading;
  }

  private async read(): Promise<Buffer> {
    const known = await this.stored();
    if (known !== undefined) return known;
    const key = randomBytes(KEY_BYTES);
    if (await this.records.put(KIND, ID, { key: key.toString('base64') }, 0)) return key;
    // Another node came first.
    const theirs = await this.stored();
    if (theirs !== undefined) return theirs;
    const details = { retryAfterMs: RETRY_AFTER_MS };
    throw new OmniError('unavailable', 'the key of cursors could not be read', details);
  }

  private async stored(): Promise<Buffer | undefined> {
    const key = (await this.records.get(KIND, ID))?.value['key'];
    return typeof key === 'string' ? Buffer.from(key, 'base64') : undefined;
  }
}
