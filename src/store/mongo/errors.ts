import { MongoBulkWriteError, MongoServerError } from 'mongodb';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';

const DUPLICATE_KEY = 11_000;

/** What the driver threw, as `unavailable`; an `OmniError` as it is. */
export function storeError(error: unknown, message: string): OmniError {
  if (error instanceof OmniError) return error;
  return new OmniError('unavailable', message, { cause: error, retryAfterMs: RETRY_AFTER_MS });
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/**
 * The operations, by index, that met a document with their key, when an unordered bulk failed for no
 * other reason; otherwise throws `error` again.
 */
export function duplicateKeys(error: unknown): number[] {
  if (!(error instanceof MongoBulkWriteError)) throw error;
  const errors = [error.writeErrors].flat();
  const others = errors.some(({ code }) => code !== DUPLICATE_KEY);
  if (others || errors.length === 0 || error.result.getWriteConcernError() !== undefined) {
    throw error;
  }
  return errors.map(({ index }) => index);
}
