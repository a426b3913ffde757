import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import {
  type ErrorCode,
  invalidField,
  OmniError,
  RETRY_AFTER_MS,
  toOmniError,
} from '../core/errors.js';

/** The one map from error code to HTTP status. */
const STATUS: Record<ErrorCode, number> = {
  invalid_field: 400,
  invalid_json: 400,
  unauthorized: 401,
  forbidden: 403,
  suspended: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  quota_exceeded: 429,
  rate_limited: 429,
  overloaded: 503,
  unavailable: 503,
  deadline_exceeded: 504,
  internal: 500,
};

const MAX_FIELD_CHARACTERS = 300;
const MAX_MESSAGE_CHARACTERS = 1_000;
const LOG_PAUSE_MS = 1_000;

/** `error` on the wire. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  field?: string;
  request_id: string;
}

/** An error as callers see it: code, message, field; never a stack, never a cause. */
export function errorBody(error: OmniError, requestId: string): ErrorBody {
  return {
    code: error.code,
    message: error.message.slice(0, MAX_MESSAGE_CHARACTERS),
    ...(error.field === undefined ? {} : { field: error.field.slice(0, MAX_FIELD_CHARACTERS) }),
    request_id: requestId,
  };
}

/** Sends `error` alone, or beside the members of `extra`, with its status and headers. */
export function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
  extra: object = {},
  status = statusOf(asOmniError(thrown)),
): FastifyReply {
  const error = asOmniError(thrown);
  logFailure(request, error);
  const body = JSON.stringify({ ...extra, error: errorBody(error, request.id) });
  // Whatever its route allows of its answers.
  return reply
    .removeHeader('etag')
    .code(status)
    .headers({ 'cache-control': 'no-store', ...errorHeaders(error, status) })
    .header('content-type', 'application/json; charset=utf-8')
    .send(body);
}

export function statusOf({ code }: OmniError): number {
  return STATUS[code];
}

/** How to come in, and when to come back. */
export function errorHeaders(error: OmniError, status: number): Record<string, string> {
  if (error.code === 'unauthorized') return { 'www-authenticate': 'Bearer' };
  if (error.code === 'quota_exceeded' || (status !== 429 && status !== 503)) return {};
  const seconds = Math.ceil((error.retryAfterMs ?? RETRY_AFTER_MS) / 1_000);
  return { 'retry-after': String(Math.max(1, seconds)) };
}

let lastLoggedMs = -Infinity;

/** What callers are not shown: the cause of a failure. That of an outage at most once a second. */
export function logFailure(request: FastifyRequest, error: OmniError): void {
  const { log, method, routeOptions } = request;
  // Absent where it fails before its hooks have begun.
  const exchange = request.exchange as FastifyRequest['exchange'] | undefined;
  if (exchange !== undefined) exchange.problem = error;
  if (error.code === 'internal') {
    const route = routeOptions.url;
    const traceId = exchange?.span?.traceId;
    log.error({ err: error.cause ?? error, method, route, traceId }, 'internal error');
  }
  if (error.code !== 'unavailable' || error.cause === undefined) return;
  if (performance.now() - lastLoggedMs < LOG_PAUSE_MS) return;
  lastLoggedMs = performance.now();
  log.warn({ err: error.cause }, error.message);
}

/** Fastify's own errors that callers can cause, as ours. */
const FASTIFY_ERRORS: ReadonlyMap<string, OmniError> = new Map([
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    new OmniError(
      'unsupported_media_type',
      'the body must be application/json, or application/x-ndjson where rows are sent',
    ),
  ],
  ['FST_ERR_BAD_URL', invalidField('path', 'must be percent-encoded UTF-8')],
  ['FST_ERR_MAX_PARAM_LENGTH', invalidField('id', 'must be a string of 1 to 256 bytes')],
]);

/** An `OmniError` as it is; Fastify's own errors by their code. */
export function asOmniError(thrown: unknown): OmniError {
  const code = thrown instanceof Error ? (thrown as Partial<FastifyError>).code : undefined;
  return FASTIFY_ERRORS.get(code ?? '') ?? toOmniError(thrown);
}

/** The reply to bytes that are not HTTP: there is no request to hang it on. */
export function malformedRequestReply(tooLarge: boolean): string {
  return tooLarge
    ? rawErrorReply(
        '431 Request Header Fields Too Large',
        new OmniError('too_large', 'the request head is too large'),
      )
    : rawErrorReply(
        '400 Bad Request',
        new OmniError('invalid_json', 'the request is not valid HTTP'),
      );
}

/** An error as bytes of HTTP, the last ones of its connection. */
export function rawErrorReply(status: string, error: OmniError): string {
  const body = JSON.stringify({ error: errorBody(error, 'none') });
  return [
    `HTTP/1.1 ${status}`,
    'connection: close',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(error.code === 'overloaded' ? ['retry-after: 1'] : []),
    '',
    body,
  ].join('\r\n');
}
