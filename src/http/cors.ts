import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addVary } from './vary.js';

const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'x-omnisearch-tenant',
  'x-omnisearch-key',
  'x-typesense-api-key',
  'x-algolia-api-key',
  'x-algolia-application-id',
  'x-algolia-agent',
].join(', ');
const EXPOSED_HEADERS = [
  ...['x-request-id', 'retry-after', 'etag', 'x-omnisearch-ignored'],
  ...['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
].join(', ');
const MAX_AGE_S = 7_200;
/** Node adds HEAD to GET itself. */
const WITHOUT_OWN: ReadonlySet<string> = new Set(['HEAD', 'OPTIONS']);

/**
 * Pages of `origins` may call the routes of `scope`: their preflights are answered on `outer`, where nobody
 * needs a key. Must come before the routes. Without origins nothing is added.
 */
export function addCors(
  outer: FastifyInstance,
  scope: FastifyInstance,
  origins: readonly string[],
): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins.map((origin) => origin.toLowerCase()));
  const allow = (request: FastifyRequest, reply: FastifyReply): boolean =>
    allowOrigin(request, reply, allowed);
  scope.addHook('onRequest', (request, reply, done) => {
    if (allow(request, reply)) reply.header('access-control-expose-headers', EXPOSED_HEADERS);
    done();
  });
  const methods = new Map<string, Set<string>>();
  scope.addHook('onRoute', ({ url, method }) => {
    let ofUrl = methods.get(url);
    if (ofUrl === undefined) {
      ofUrl = new Set();
      methods.set(url, ofUrl);
      addPreflight(outer, url, ofUrl, allow);
    }
    for (const one of [method].flat()) if (!WITHOUT_OWN.has(one)) ofUrl.add(one);
  });
}

function addPreflight(
  app: FastifyInstance,
  url: string,
  methods: ReadonlySet<string>,
  allow: (request: FastifyRequest, reply: FastifyReply) => boolean,
): void {
  app.options(url, { schema: { hide: true } }, async (request, reply) => {
    if (allow(request, reply)) {
      reply.headers({
        'access-control-allow-methods': [...methods].join(', '),
        'access-control-allow-headers': ALLOWED_HEADERS,
        'access-control-max-age': String(MAX_AGE_S),
      });
    }
    return reply.code(204).send();
  });
}

/** Whether the page that asks may read the answer; then it is told so. */
function allowOrigin(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  allowed: ReadonlySet<string>,
): boolean {
  if (allowed.has('*')) {
    reply.header('access-control-allow-origin', '*');
    return true;
  }
  addVary(reply, 'Origin');
  const { origin } = headers;
  if (origin === undefined || !allowed.has(origin.toLowerCase())) return false;
  reply.header('access-control-allow-origin', origin);
  return true;
}
