import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OmniError } from '../../core/errors.js';
import { asOmniError, errorHeaders, logFailure, statusOf } from '../error-reply.js';

/** Sends an error in the form that clients of other engines read. */
export function sendMessage(
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
): FastifyReply {
  const error = asOmniError(thrown);
  logFailure(request, error);
  const status = statusOf(error);
  return reply
    .code(status)
    .headers(errorHeaders(error, status))
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ message: shownMessage(error), status }));
}

const MAX_MESSAGE_CHARACTERS = 1_000;

export function shownMessage({ message }: OmniError): string {
  return message.slice(0, MAX_MESSAGE_CHARACTERS);
}
