import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';

/** What LMDB or a driver threw, as `unavailable`; an `OmniError` as it is. */
export function storeError(error: unknown, message: string): OmniError {
  if (error instanceof OmniError) return error;
  return new OmniError('unavailable', message, { cause: error, retryAfterMs: RETRY_AFTER_MS });
}
