import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ByteBudget } from '../core/byte-budget.js';
import { OmniError, toOmniError } from '../core/errors.js';
import { isObject } from '../core/json.js';
import type { JsonValue } from '../core/product.js';
import type { SearchCaller, SearchReply, SearchRequest } from '../search/search-types.js';
import { asOmniError, errorBody, logFailure } from './error-reply.js';
import { BATCH_BODY_BYTES, SEARCH_BODY_BYTES, SMALL_BYTES } from './limits.js';
import type { Metrics } from './metrics.js';
import type { HttpPorts, RouteOptions } from './ports.js';
import { belowPrefix, schemaError } from './schema-error.js';
import {
  BatchSearchBody,
  TextSearchBody,
  vectorSearchBody,
  type VectorSearchBody,
} from './schemas.js';
import { SearchGate } from './search-gate.js';
import { searchReplyPieces } from './search-reply.js';
import { toSearchRequest } from './search-request.js';
import { sendChunks, toChunks } from './send-reply.js';

/** `POST /search/text`, `/search/vector` and `/search/batch`. */
export function searchRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: RouteOptions,
  metrics: Metrics,
): void {
  const { dimensions, limits, replies } = options;
  const gate = new SearchGate(limits);
  const VectorBody = vectorSearchBody(dimensions);

  const searchOne = async (
    request: FastifyRequest<{ Body: TextSearchBody | VectorSearchBody }>,
    reply: FastifyReply,
  ) => {
    const startedMs = performance.now();
    const search = toSearchRequest(request.tenant, request.body, dimensions);
    const context = contextOf(request, replies);
    const caller = { ...search, signal: context.signal };
    // The reply is written out while the place is held, and read when it is not any more.
    const text = await gate.run(caller, 1, async (timeoutMs) => {
      const found = await ports.search.search(within(search, timeoutMs), context);
      const pieces = searchReplyPieces(found);
      return isLong(context) ? toChunks(pieces) : [...pieces].join('');
    });
    metrics.searched(performance.now() - startedMs);
    return send(request, reply, text, context);
  };
  const onError = async (_: FastifyRequest, __: FastifyReply, error: Error) => {
    metrics.failed(asOmniError(error).code);
  };
  const bodyLimit = SEARCH_BODY_BYTES;
  app.post<{ Body: TextSearchBody }>(
    '/search/text',
    { schema: { body: TextSearchBody }, bodyLimit, onError },
    searchOne,
  );
  app.post<{ Body: VectorSearchBody }>(
    '/search/vector',
    { schema: { body: VectorBody }, bodyLimit, onError },
    searchOne,
  );

  app.post<{ Body: BatchSearchBody }>(
    '/search/batch',
    { schema: { body: BatchSearchBody }, bodyLimit: BATCH_BODY_BYTES, onError },
    async (request, reply) => {
      const startedMs = performance.now();
      const entries = request.body.searches.map((entry, i) =>
        entryRequest(request, entry as JsonValue, i, VectorBody, dimensions),
      );
      const searches = entries.flatMap((entry) => (entry instanceof OmniError ? [] : [entry]));
      const context = contextOf(request, replies);
      const longest = Math.max(1, ...searches.map(({ timeoutMs }) => timeoutMs));
      const caller = { tenant: request.tenant, signal: context.signal, timeoutMs: longest };
      const text = await gate.run(caller, Math.max(1, searches.length), async (leftMs) => {
        const due = searches.map((search) => within(search, search.timeoutMs - longest + leftMs));
        const found = due.length === 0 ? [] : await ports.search.searchBatch(due, context);
        const answers = found[Symbol.iterator]();
        const results = entries.map((entry, i) => {
          if (entry instanceof OmniError) return entry;
          const answer = nextAnswer(answers);
          return answer instanceof OmniError ? belowPrefix(answer, `searches[${i}]`) : answer;
        });
        for (const result of results) {
          if (result instanceof OmniError) countFailure(request, metrics, result);
          else metrics.searched(performance.now() - startedMs);
        }
        return toChunks(batchPieces(results, request.id));
      });
      return send(request, reply, text, context);
    },
  );
}

function contextOf(request: FastifyRequest, replies: ByteBudget): SearchCaller {
  const bytes = replies.lease(request.tenant);
  request.exchange.onEnd(() => bytes.release());
  return { signal: request.exchange.signal, bytes };
}

/** What waited for its place has less time left than it was given. */
function within(search: SearchRequest, timeoutMs: number): SearchRequest {
  return timeoutMs === search.timeoutMs ? search : { ...search, timeoutMs: Math.max(1, timeoutMs) };
}

function isLong({ bytes }: SearchCaller): boolean {
  return bytes.held > SMALL_BYTES;
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  text: string | readonly Buffer[],
  { bytes }: SearchCaller,
): FastifyReply {
  const isSmall = typeof text === 'string' && text.length <= SMALL_BYTES;
  if (!isSmall) {
    return sendChunks(request, reply, typeof text === 'string' ? [Buffer.from(text)] : text, bytes);
  }
  request.exchange.progress();
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}

function countFailure(request: FastifyRequest, metrics: Metrics, error: OmniError): void {
  metrics.failed(error.code);
  logFailure(request, error);
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

function* batchPieces(
  results: readonly (SearchReply | OmniError)[],
  requestId: string,
): Generator<string | Buffer> {
  let before = '{"results":[';
  for (const result of results) {
    yield before;
    if (result instanceof OmniError) yield JSON.stringify({ error: errorBody(result, requestId) });
    else yield* searchReplyPieces(result);
    before = ',';
  }
  yield ']}';
}
