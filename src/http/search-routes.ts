import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OmniError, toOmniError } from '../core/errors.js';
import { isObject } from '../core/json.js';
import type { JsonValue } from '../core/product.js';
import type { SearchReply } from '../search/search-types.js';
import { errorBody } from './error-reply.js';
import { BATCH_BODY_BYTES, SEARCH_BODY_BYTES } from './limits.js';
import { allowedFor } from './narrowed-routes.js';
import type { HttpPorts, RouteOptions } from './ports.js';
import { BatchReplyBody, replies, SearchReplyBody } from './reply-schemas.js';
import { belowPrefix, schemaError } from './schema-error.js';
import { sendWritten, type SearchDesk } from './search-desk.js';
import { searchReplyPieces } from './search-reply.js';
import {
  isByVector,
  toSearchRequest,
  type AskedSearch,
  type BodyContext,
} from './search-request.js';
import {
  BatchSearchBody,
  SimilarSearchBody,
  TextSearchBody,
  vectorSearchBody,
  type SearchBody,
} from './search-schemas.js';

const VECTOR_ROUTE = '/search/vector';

/** `POST /search/text`, `/search/vector`, `/search/similar` and `/search/batch`. */
export function searchRoutes(
  app: FastifyInstance,
  { tenants }: HttpPorts,
  { dimensions }: RouteOptions,
  desk: SearchDesk,
): void {
  const { onError } = desk;
  const VectorBody = vectorSearchBody(dimensions);
  const contextOf = async (request: FastifyRequest): Promise<BodyContext> => {
    const { tenant } = request;
    return { tenant, dimensions, allowed: await allowedFor(request, tenants) };
  };

  const searchOne = async (request: FastifyRequest<{ Body: SearchBody }>, reply: FastifyReply) => {
    const { body, routeOptions } = request;
    // Where neither form of a vector is there, that is what is missing.
    const whole = routeOptions.url === VECTOR_ROUTE ? { vector: undefined, ...body } : body;
    const asked = toSearchRequest(whole, await contextOf(request));
    await desk.charge(request, [asked.search]);
    const written = await desk.one(request, asked.search, (found) =>
      searchReplyPieces(found, asked.reply),
    );
    return sendWritten(request, reply, written);
  };
  const schemas = { text: TextSearchBody, vector: VectorBody, similar: SimilarSearchBody };
  for (const [name, body] of Object.entries(schemas)) {
    const schema = { body, ...replies(SearchReplyBody) };
    const options = { schema, bodyLimit: SEARCH_BODY_BYTES, config: { narrows: true }, onError };
    app.post<{ Body: SearchBody }>(`/search/${name}`, options, searchOne);
  }

  app.post<{ Body: BatchSearchBody }>(
    '/search/batch',
    {
      schema: { body: BatchSearchBody, ...replies(BatchReplyBody) },
      bodyLimit: BATCH_BODY_BYTES,
      config: { narrows: true },
      onError,
    },
    async (request, reply) => {
      const context = await contextOf(request);
      const entries = request.body.searches.map((entry, i) =>
        readEntry(request, entry as JsonValue, place(i), VectorBody, context),
      );
      const searches = entries.map((entry) => (entry instanceof OmniError ? entry : entry.search));
      await desk.charge(
        request,
        searches.flatMap((search) => (search instanceof OmniError ? [] : [search])),
      );
      const written = await desk.batch(request, searches, place, (results) =>
        batchPieces(results, entries, request.id),
      );
      return sendWritten(request, reply, written);
    },
  );
}

function place(index: number): string {
  return `searches[${index}]`;
}

/** One entry of a batch as a request, or what is wrong with it. */
function readEntry(
  request: FastifyRequest,
  entry: JsonValue,
  prefix: string,
  VectorBody: ReturnType<typeof vectorSearchBody>,
  context: BodyContext,
): AskedSearch | OmniError {
  const schema = isObject(entry) && isByVector(entry) ? VectorBody : TextSearchBody;
  const validate = request.compileValidationSchema(schema);
  if (!validate(entry)) return schemaError(validate.errors ?? [], prefix);
  try {
    return toSearchRequest(entry as unknown as SearchBody, context);
  } catch (error) {
    return belowPrefix(toOmniError(error), prefix);
  }
}

function* batchPieces(
  results: readonly (SearchReply | OmniError)[],
  entries: readonly (AskedSearch | OmniError)[],
  requestId: string,
): Generator<string | Buffer> {
  let before = '{"results":[';
  for (const [i, result] of results.entries()) {
    yield before;
    const asked = entries[i];
    if (result instanceof OmniError) yield JSON.stringify({ error: errorBody(result, requestId) });
    else if (asked !== undefined && !(asked instanceof OmniError)) {
      yield* searchReplyPieces(result, asked.reply);
    }
    before = ',';
  }
  yield ']}';
}
