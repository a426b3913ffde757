import type { OmniError } from '../../core/errors.js';
import { storeError } from '../errors.js';

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
