/**
 * The error catalogue. Every error a caller may see is an `OmniError` with one of these codes;
 * `http/error-reply.ts` holds the one map from code to HTTP status. Nothing matches on messages.
 */
export type ErrorCode =
  | 'invalid_field'
  | 'invalid_json'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'overloaded'
  | 'unavailable'
  | 'deadline_exceeded'
  | 'internal';

/** Where and when, for the codes that have a where or a when. */
export interface ErrorDetails {
  /** The field as the caller wrote it, e.g. `top_k` or `filter.price.lte`. */
  field?: string | undefined;
  /** How long the caller should wait before trying again; of `overloaded` a second unless told. */
  retryAfterMs?: number;
  /** What was underneath; logged, never sent. */
  cause?: unknown;
}

/** When to try again what another moment may let through. */
export const RETRY_AFTER_MS = 1_000;

/** What the caller did: no stack is taken for these, since one body may hold a million of them. */
const CALLERS_OWN: ReadonlySet<ErrorCode> = new Set([
  'invalid_field',
  'invalid_json',
  'not_found',
  'conflict',
  'too_large',
]);

/** An error with a code that callers can rely on. */
export class OmniError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const stackLines = Error.stackTraceLimit;
    if (CALLERS_OWN.has(code)) Error.stackTraceLimit = 0;
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    Error.stackTraceLimit = stackLines;
    this.name = 'OmniError';
    this.code = code;
    this.field = details.field;
    this.retryAfterMs =
      details.retryAfterMs ?? (code === 'overloaded' ? RETRY_AFTER_MS : undefined);
  }
}

/** `field` did not hold what was expected of it: a 400 that says both. */
export function invalidField(field: string, expected: string): OmniError {
  return new OmniError('invalid_field', `${field} ${expected}`, { field });
}

/** An `OmniError` as it is; anything else wrapped as `internal`, its text kept for the log only. */
export function toOmniError(error: unknown): OmniError {
  if (error instanceof OmniError) return error;
  return new OmniError('internal', 'internal error', { cause: error });
}

/** An error and what was underneath, in a line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
