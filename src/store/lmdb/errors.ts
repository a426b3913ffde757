import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';

/** What LMDB threw, as `unavailable`; an `OmniError` as it is. */
export function storeError(error: unknown, message: string): OmniError {
  if (error instanceof OmniError) return error;
  return new OmniError('unavailable', message, { cause: error, retryAfterMs: RETRY_AFTER_MS });
}

/**
 * Why a transaction failed. lmdb-js hides the reason of a failed commit in a second promise, which
 * would end the process as an unhandled rejection if nobody looked at it.
 */
export async function commitError(error: unknown): Promise<OmniError> {
  const hidden = error instanceof Error && 'commitError' in error ? error.commitError : undefined;
  let cause = error;
  try {
    await hidden;
  } catch (reason) {
    cause = reason;
  }
  return storeError(cause, 'the store could not write');
}
