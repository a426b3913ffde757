import type { OmniSearchError } from '../client/errors.js';

/** An exact search of a large catalogue may take long; who is at a terminal ends it by hand. */
export const REPLY_TIMEOUT_MS = { timeoutMs: 120_000, attemptTimeoutMs: 120_000 };

/** A catalogue that is being sent waits for a server that is restarting or overloaded. */
export const PATIENTLY = { maxAttempts: 12, timeoutMs: 1_800_000, attemptTimeoutMs: 120_000 };

/** What is said of a call that failed. */
export function problemOf({ message, code, status }: OmniSearchError): string {
  return status === 0 ? message : `${message} (${code ?? status})`;
}
