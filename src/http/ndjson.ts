import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { OmniError } from '../core/errors.js';

const TYPE = 'application/x-ndjson';
/** The content type of a reply of lines. */
export const NDJSON = `${TYPE}; charset=utf-8`;
/** For the schema of a route whose reply has lines; its errors are JSON. */
export const LINES_REPLY = { produces: [TYPE, 'application/json'] };

/** For the configuration of a route that takes lines, each as `body` describes it. */
export function describedLines<T>(body: T): { described: { body: T; consumes: string[] } } {
  return { described: { body, consumes: [TYPE] } };
}

/** Has bodies of lines come to routes as they arrive. */
export function takeLines(app: FastifyInstance): void {
  app.addContentTypeParser(TYPE, async (_: FastifyRequest, body: Readable) => body);
}

/** A body of lines. Throws `unsupported_media_type` for any other. */
export function linesBody(body: unknown): Readable {
  if (body instanceof Readable) return body;
  throw new OmniError('unsupported_media_type', `the body must be ${TYPE}`);
}
