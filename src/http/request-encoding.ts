import { finished, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { OmniError } from '../core/errors.js';

const GZIP: ReadonlySet<string> = new Set(['gzip', 'x-gzip']);

/** Bodies that come as gzip are read as what they stand for, by all that reads bodies; others are 415. */
export function addRequestEncodings(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _, body, done) => {
    done(null, isCompressed(request) ? gunzipped(request, body) : body);
  });
}

/** Throws `unsupported_media_type` for what is compressed otherwise. */
export function checkEncoding({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding']?.toLowerCase();
  if (encoding === undefined || encoding === 'identity' || GZIP.has(encoding)) return;
  throw new OmniError('unsupported_media_type', 'a request body may be compressed as gzip alone');
}

/** Whether a body has other bytes than its sender sends. */
export function isCompressed({ headers }: FastifyRequest): boolean {
  return GZIP.has(headers['content-encoding']?.toLowerCase() ?? '');
}

/**
 * What is read of it is what is inflated: whoever stops reading stops that, so that a small body which stands
 * for a huge one costs no more than its reader lets it.
 */
function gunzipped(request: FastifyRequest, body: Readable): Readable {
  const gunzip = createGunzip();
  body.pipe(gunzip);
  finished(body, { writable: false }, (error) => {
    if (error != null) gunzip.destroy(error);
  });
  // Nobody may read it.
  gunzip.on('error', () => body.unpipe(gunzip));
  request.exchange.onEnd(() => {
    body.unpipe(gunzip);
    gunzip.destroy();
  });
  return gunzip;
}
