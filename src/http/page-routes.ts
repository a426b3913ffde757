import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OmniError } from '../core/errors.js';
import { isKnownAlready } from './known-already.js';
import type { HttpOptions } from './ports.js';
import { readStaticFiles, type StaticFile } from './static-files.js';

/** The page runs only its own files; product pictures may come from anywhere. */
const PAGE_POLICY = [
  "default-src 'self'",
  "img-src 'self' data: http: https:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
/** A picture opened by itself runs nothing. */
const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** Their names have a hash of their content: what is at such an address never changes. */
const ASSETS = 'assets/';
const FOR_GOOD = 'public, max-age=31536000, immutable';
/** Asked for each time: what has not changed is not sent again. */
const CHECKED = 'no-cache';

/** `GET /`, `/admin`, `/web/*` and the demo's `/demo/pictures/*`. */
export async function pageRoutes(app: FastifyInstance, options: HttpOptions): Promise<void> {
  const page = await readStaticFiles(options.webDir);
  const pictures = await readStaticFiles(options.picturesDir);

  app.get('/', async (request, reply) =>
    sendFile(request, reply, page.get('index.html'), CHECKED, PAGE_POLICY),
  );
  app.get('/admin', async (request, reply) =>
    sendFile(request, reply, page.get('admin.html'), CHECKED, PAGE_POLICY),
  );
  app.get<{ Params: { '*': string } }>('/web/*', async (request, reply) => {
    const name = request.params['*'];
    const cached = name.startsWith(ASSETS) ? FOR_GOOD : CHECKED;
    return sendFile(request, reply, page.get(name), cached, PAGE_POLICY);
  });
  app.get<{ Params: { '*': string } }>('/demo/pictures/*', async (request, reply) => {
    const file = pictures.get(request.params['*']);
    // A drawing that changes gets another name: a test of the demo's catalogue sees to it.
    return sendFile(request, reply, file, FOR_GOOD, PICTURE_POLICY);
  });
}

function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: StaticFile | undefined,
  cacheControl: string,
  policy: string,
): FastifyReply {
  if (file === undefined) throw new OmniError('not_found', 'there is no such file');
  reply.headers({
    'cache-control': cacheControl,
    etag: file.etag,
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  if (isKnownAlready(request, file.etag)) return reply.code(304).send();
  return reply.header('content-type', file.contentType).send(file.body);
}
