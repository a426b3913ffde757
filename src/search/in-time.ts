import type { Deadline } from '../core/deadline.js';
import { OmniError, toOmniError } from '../core/errors.js';

/** What the store has by the deadline; rejects `unavailable` when it has not answered. */
export async function inTime<T>(read: Promise<T>, deadline: Deadline, what: string): Promise<T> {
  try {
    return await deadline.race(read, `reading ${what}`);
  } catch (error) {
    if (toOmniError(error).code === 'too_large') throw error;
    const details = { retryAfterMs: 1_000, cause: error };
    throw new OmniError('unavailable', `${what} could not be read`, details);
  }
}
