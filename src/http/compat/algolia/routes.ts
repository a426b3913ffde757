import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { invalidField, OmniError, toOmniError } from '../../../core/errors.js';
import { describeValue, isObject } from '../../../core/json.js';
import type { JsonValue } from '../../../core/product.js';
import { jsonParser } from '../../json-body.js';
import { BATCH_BODY_BYTES, SEARCH_BODY_BYTES } from '../../limits.js';
import type { KeyGate } from '../../key-gate.js';
import type { HttpPorts, RouteOptions } from '../../ports.js';
import { sendWritten, type SearchDesk } from '../../search-desk.js';
import type { SearchReply } from '../../../search/search-types.js';
import { Collections } from '../collections.js';
import { nameIgnored } from '../ignored-header.js';
import { takeKey } from '../key-of-request.js';
import { sendMessage } from '../message-reply.js';
import { algoliaQuery, indexOf, type AlgoliaQuery } from './query-parameters.js';
import { algoliaSearch, type AlgoliaSearch } from './search-parameters.js';
import { admitSecured } from './secured-key.js';
import { queryBody } from './search-reply.js';

const KEY = 'x-algolia-api-key';
const MAX_QUERIES = 50;

interface OfIndex {
  Params: { index: string; facet: string };
  Body: JsonValue;
}

/** The search routes that clients of Algolia ask for, below `/algolia`. */
export async function algoliaRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: RouteOptions,
  desk: SearchDesk,
  keys: KeyGate,
): Promise<void> {
  const collections = new Collections(ports, desk);
  app.setErrorHandler((error, request, reply) => sendMessage(request, reply, error));
  // Clients send JSON as text, so that a browser asks nothing first.
  app.addContentTypeParser('*', jsonParser(options.limits, options.bodies));
  app.addHook('onRequest', takeKey(KEY));
  app.addHook('onRequest', keys.enterBy(admitSecured(ports.keys)));

  /** They are charged together, before anything is looked up for one. */
  const prepare = async (
    request: FastifyRequest,
    queries: readonly AlgoliaQuery[],
  ): Promise<AlgoliaSearch[]> => {
    const asked = await Promise.all(
      queries.map(async (query) => {
        const collection = await collections.open(request, indexOf(query.indexName).index);
        return { collection, search: algoliaSearch(query, collection, request.narrowing) };
      }),
    );
    const searches = asked.map(({ search }) => search);
    request.tenant = searches[0]?.request.tenant ?? request.tenant;
    await desk.charge(
      request,
      searches.map((search) => search.request),
    );
    await Promise.all(
      asked.map(({ collection, search }) =>
        collections.checkFields(collection, search.named, request),
      ),
    );
    return searches;
  };

  const config = { narrows: true };
  const { onError } = desk;
  // The name is an asterisk: each query has its own.
  app.post<OfIndex>(
    '/1/indexes/:index/queries',
    { bodyLimit: BATCH_BODY_BYTES, config, onError },
    async (request, reply) => {
      const searches = await prepare(request, queriesOf(request.body));
      nameIgnored(
        reply,
        searches.flatMap(({ ignored }) => ignored),
      );
      const entries = searches.map((search) => search.request);
      const written = await desk.batch(request, entries, placeOf, (answers) =>
        resultPieces(searches, answers),
      );
      return sendWritten(request, reply, written);
    },
  );

  const sendOne = async (request: FastifyRequest, reply: FastifyReply, asked: AlgoliaQuery) => {
    const [search] = await prepare(request, [asked]);
    if (search === undefined) throw new OmniError('internal', 'the query was not read');
    nameIgnored(reply, search.ignored);
    const written = await desk.one(request, search.request, (found) => [
      JSON.stringify(queryBody(search, found)),
    ]);
    return sendWritten(request, reply, written);
  };
  app.post<OfIndex>(
    '/1/indexes/:index/query',
    { bodyLimit: SEARCH_BODY_BYTES, config, onError },
    async (request, reply) => {
      const { params, body } = request;
      return sendOne(request, reply, algoliaQuery(body, 'body', params.index));
    },
  );
  app.post<OfIndex>(
    '/1/indexes/:index/facets/:facet/query',
    { bodyLimit: SEARCH_BODY_BYTES, config, onError },
    async (request, reply) => {
      const { params, body } = request;
      const { indexName, values } = algoliaQuery(body, 'body', params.index);
      const named = { ...values, facet: params.facet };
      return sendOne(request, reply, { indexName, type: 'facet', values: named });
    },
  );
}

/** One that fails fails all: clients know of no other way. */
function* resultPieces(
  searches: readonly AlgoliaSearch[],
  answers: readonly (SearchReply | OmniError)[],
): Generator<string> {
  let before = '{"results":[';
  for (const [i, search] of searches.entries()) {
    const answer = answers[i];
    if (answer === undefined || answer instanceof OmniError) throw toOmniError(answer);
    yield before + JSON.stringify(queryBody(search, answer));
    before = ',';
  }
  yield ']}';
}

function placeOf(index: number): string {
  return `requests[${index}]`;
}

function queriesOf(body: JsonValue): AlgoliaQuery[] {
  const requests = isObject(body) ? body['requests'] : undefined;
  if (Array.isArray(requests) && requests.length > 0 && requests.length <= MAX_QUERIES) {
    return requests.map((sent, i) => algoliaQuery(sent, placeOf(i)));
  }
  const expected = `must be a list of 1 to ${MAX_QUERIES} queries`;
  throw invalidField('requests', `${expected}, got ${describeValue(requests)}`);
}
