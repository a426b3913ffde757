/** What the contract says of an error. */
export interface ErrorDetails {
  /** `invalid_field`, `unauthorized`, … ; `unreachable` or `timeout` where nothing answered. */
  code?: string | undefined;
  /** The field of the request that is wrong. */
  field?: string | undefined;
  requestId?: string | undefined;
  /** How long the server asks to be left alone. */
  retryAfterMs?: number | undefined;
  /** The whole reply, where it was JSON. */
  body?: unknown;
  cause?: unknown;
}

/** An answer that is not a success, or none at all: then `status` is 0. */
export class OmniSearchError extends Error {
  override readonly name = 'OmniSearchError';
  readonly code: string | undefined;
  readonly field: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly body: unknown;

  constructor(
    readonly status: number,
    message: string,
    { code, field, requestId, retryAfterMs, body, cause }: ErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.field = field;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
    this.body = body;
  }
}

/** What a reply that is no success says of itself: in the contract's shape, or a proxy's by its status. */
export function errorOfReply(
  status: number,
  body: unknown,
  retryAfterMs: number | undefined,
): OmniSearchError {
  const { error = {} } = (isObject(body) ? body : {}) as { error?: unknown };
  const { message, code, field, request_id } = isObject(error) ? error : {};
  const text = textOf(message) ?? `the server answered with status ${status}`;
  return new OmniSearchError(status, text, {
    code: textOf(code),
    field: textOf(field),
    requestId: textOf(request_id),
    retryAfterMs,
    body,
  });
}

/** `fetch failed` says nothing; what it stands for is underneath. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
