import type { OmniError } from '../../core/errors.js';
import { storeError } from '../errors.js';

/**
 * Why a transaction failed. lmdb-js hides the reason of a failed commit in a second promise, which
 * would end the process as an unhandled rejection if nobody looked at it at once.
 *
 * @param diskReason why the disk takes no more: of that LMDB says only that it could not write
 */
export async function commitError(
  error: unknown,
  diskReason: () => Promise<string | undefined>,
): Promise<OmniError> {
  const hidden = error instanceof Error && 'commitError' in error ? error.commitError : undefined;
  let cause = error;
  try {
    await hidden;
  } catch (reason) {
    cause = reason;
  }
  const reason = await diskReason().catch(() => undefined);
  return storeError(cause, reason ?? 'the store could not write');
}
