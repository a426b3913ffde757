import type { FastifyInstance } from 'fastify';
import { toOmniError } from '../core/errors.js';
import { checkLimits } from '../search/narrowed-request.js';
import { isKnownAlready } from './known-already.js';
import { allowedFor } from './narrowed-routes.js';
import type { HttpPorts, RouteOptions } from './ports.js';
import { asOfQuery, bodyOfQuery, SearchQuery } from './query-body.js';
import { replies, SearchReplyBody } from './reply-schemas.js';
import { schemaError } from './schema-error.js';
import { SearchCaching } from './search-caching.js';
import { narrowedBy, sendWritten, type SearchDesk } from './search-desk.js';
import { searchReplyPieces } from './search-reply.js';
import { toSearchRequest } from './search-request.js';
import { TextSearchBody } from './search-schemas.js';

/** `GET /search`: `POST /search/text` as an address, so that its answer can be kept on the way. */
export function getSearchRoute(
  app: FastifyInstance,
  { tenants, answers }: HttpPorts,
  { dimensions, searchMaxAgeS = 0 }: RouteOptions,
  desk: SearchDesk,
): void {
  const caching = new SearchCaching(searchMaxAgeS, answers);
  app.get<{ Querystring: Record<string, unknown> }>(
    '/search',
    // What the address stands for is validated as the body that it is.
    {
      schema: replies(SearchReplyBody),
      config: { narrows: true, described: { querystring: SearchQuery } },
      onError: desk.onError,
    },
    async (request, reply) => {
      const body = bodyOfQuery(request.query);
      const validate = request.compileValidationSchema(TextSearchBody);
      if (!validate(body)) throw asOfQuery(schemaError(validate.errors ?? []));
      const { tenant } = request;
      const context = { tenant, dimensions, allowed: await allowedFor(request, tenants) };
      const { search: asked, reply: said } = readBody(() => toSearchRequest(body, context));
      const search = narrowedBy(request, asked);
      await desk.charge(request, [search]);
      // What the key may not ask for is not known already either.
      checkLimits(search, 0);
      const tag = await caching.tagOf(search, body);
      if (isKnownAlready(request, tag)) {
        caching.allow(reply, search, { tag, isComplete: true });
        return reply.code(304).send();
      }
      const written = await desk.one(request, search, (found) => {
        caching.allow(reply, search, { tag, isComplete: found.missing.length === 0 });
        return searchReplyPieces(found, said);
      });
      return sendWritten(request, reply, written);
    },
  );
}

function readBody<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asOfQuery(toOmniError(error));
  }
}
