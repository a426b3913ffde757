import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OmniError, toOmniError } from '../core/errors.js';
import { isObject } from '../ingest/validate-product.js';
import type { JsonValue } from '../core/product.js';
import type { SearchReply, SearchRequest } from '../search/search-types.js';
import { asOmniError, errorBody } from './error-reply.js';
import { InFlightGate } from './in-flight-gate.js';
import type { Metrics } from './metrics.js';
import type { HttpOptions, HttpPorts } from './ports.js';
import { belowPrefix, schemaError } from './schema-error.js';
import {
  BatchSearchBody,
  TextSearchBody,
  vectorSearchBody,
  type VectorSearchBody,
} from './schemas.js';
import { searchReplyBody } from './search-reply.js';
import { toSearchRequest } from './search-request.js';
import { whileAnswering } from './until-answered.js';

/** `POST /search/text`, `/search/vector` and `/search/batch`. */
export function searchRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: HttpOptions,
  metrics: Metrics,
): void {
  const gate = new InFlightGate(options.searchConcurrency, 'searches');
  const VectorBody = vectorSearchBody(options.dimensions);

  const searchOne = async (
    request: FastifyRequest<{ Body: TextSearchBody | VectorSearchBody }>,
    reply: FastifyReply,
  ) => {
    const startedMs = performance.now();
    const search = toSearchRequest(request.tenant, request.body, options.dimensions);
    const found = await whileAnswering(reply, gate.enter(), () => ports.search.search(search));
    metrics.searched(performance.now() - startedMs);
    return json(reply, searchReplyBody(found));
  };
  const onError = async (_: FastifyRequest, __: FastifyReply, error: Error) => {
    metrics.failed(asOmniError(error).code);
  };
  app.post<{ Body: TextSearchBody }>(
    '/search/text',
    { schema: { body: TextSearchBody }, onError },
    searchOne,
  );
  app.post<{ Body: VectorSearchBody }>(
    '/search/vector',
    { schema: { body: VectorBody }, onError },
    searchOne,
  );

  app.post<{ Body: BatchSearchBody }>(
    '/search/batch',
    { schema: { body: BatchSearchBody }, onError },
    async (request, reply) => {
      const startedMs = performance.now();
      const entries = request.body.searches.map((entry, i) =>
        entryRequest(request, entry as JsonValue, i, VectorBody, options.dimensions),
      );
      const searches = entries.flatMap((entry) => (entry instanceof OmniError ? [] : [entry]));
      const leave = gate.enter(Math.max(1, searches.length));
      const found = await whileAnswering(reply, leave, async () =>
        searches.length === 0 ? [] : ports.search.searchBatch(searches),
      );
      const answers = found[Symbol.iterator]();
      const results = entries.map((entry) =>
        entry instanceof OmniError ? entry : nextAnswer(answers),
      );
      for (const result of results) {
        if (result instanceof OmniError) countFailure(request, metrics, result);
        else metrics.searched(performance.now() - startedMs);
      }
      return json(reply, { results: results.map((r) => entryBody(r, request.id)) });
    },
  );
}

function countFailure(request: FastifyRequest, metrics: Metrics, error: OmniError): void {
  metrics.failed(error.code);
  if (error.code === 'internal') request.log.error({ err: error.cause ?? error }, 'internal error');
}

/** One entry of a batch as a request, or what is wrong with it. */
function entryRequest(
  request: FastifyRequest,
  entry: JsonValue,
  index: number,
  VectorBody: ReturnType<typeof vectorSearchBody>,
  dimensions: number,
): SearchRequest | OmniError {
  const prefix = `searches[${index}]`;
  const schema = isObject(entry) && 'vector' in entry ? VectorBody : TextSearchBody;
  const validate = request.compileValidationSchema(schema);
  if (!validate(entry)) return schemaError(validate.errors ?? [], prefix);
  try {
    return toSearchRequest(request.tenant, entry as unknown as TextSearchBody, dimensions);
  } catch (error) {
    return belowPrefix(toOmniError(error), prefix);
  }
}

function nextAnswer(answers: Iterator<SearchReply | OmniError>): SearchReply | OmniError {
  const next = answers.next();
  if (next.done !== true) return next.value;
  return new OmniError('internal', 'a search of the batch got no answer');
}

function entryBody(result: SearchReply | OmniError, requestId: string): object {
  if (result instanceof OmniError) return { error: errorBody(result, requestId) };
  return searchReplyBody(result);
}

/**
 * What a handler returns for `body`. Serialised by hand: a response schema would drop fields that
 * products bring.
 */
function json(reply: FastifyReply, body: object): string {
  reply.header('content-type', 'application/json; charset=utf-8');
  return JSON.stringify(body);
}
