import { OmniSearchError } from '../client/errors.js';
import { OmniError } from '../core/errors.js';

/** An exact search of a large catalogue may take long; who is at a terminal ends it by hand. */
export const REPLY_TIMEOUT_MS = { timeoutMs: 120_000, attemptTimeoutMs: 120_000 };

/** A catalogue that is being sent waits for a server that is restarting or overloaded. */
export const PATIENTLY = { maxAttempts: 12, timeoutMs: 1_800_000, attemptTimeoutMs: 120_000 };

/** What is said of a call that failed. */
export function problemOf({ message, code, status }: OmniSearchError): string {
  return status === 0 ? message : `${message} (${code ?? status})`;
}

/** What is said of a command that could not finish. Throws whatever is a mistake of ours. */
export function problemIn(error: unknown): string {
  if (error instanceof OmniSearchError) return problemOf(error);
  if (error instanceof OmniError) return error.message;
  // Files that cannot be opened or written.
  if (error instanceof Error && 'code' in error) return error.message;
  throw error;
}
