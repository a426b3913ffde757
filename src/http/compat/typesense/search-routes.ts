import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidField, OmniError, toOmniError } from '../../../core/errors.js';
import { describeValue, isObject } from '../../../core/json.js';
import type { JsonObject, JsonValue } from '../../../core/product.js';
import type { SearchReply, SearchRequest } from '../../../search/search-types.js';
import { statusOf } from '../../error-reply.js';
import { BATCH_BODY_BYTES } from '../../limits.js';
import { sendWritten, type SearchDesk } from '../../search-desk.js';
import { shownMessage } from '../message-reply.js';
import { nameIgnored } from '../ignored-header.js';
import type { Collection, Collections } from '../collections.js';
import { typesenseSearch, type TypesenseSearch } from './search-parameters.js';
import { searchBody } from './search-reply.js';

const MAX_SEARCHES = 50;

/** A search as it was asked for; nothing was looked up in its collection yet. */
interface Asked {
  collection: Collection;
  search: TypesenseSearch;
}

/** A search that is ready to be run, with the documents of its collection. */
interface Prepared {
  search: TypesenseSearch;
  outOf: number;
}

/** `POST /multi_search` and `GET /collections/{c}/documents/search`. */
export function searchRoutes(
  app: FastifyInstance,
  desk: SearchDesk,
  dimensions: number,
  collections: Collections,
): void {
  const config = { narrows: true };
  const { onError } = desk;
  const read = async (request: FastifyRequest, values: JsonObject): Promise<Asked> => {
    const { collection: name, ...parameters } = values;
    if (typeof name !== 'string' || name === '') {
      throw invalidField('collection', `must be a name, got ${describeValue(name)}`);
    }
    const collection = await collections.open(request, name);
    const { tenant } = collection;
    const context = { collection: name, tenant, dimensions };
    const search = typesenseSearch(parameters, context, request.narrowing);
    return { collection, search };
  };
  const prepare = async (
    request: FastifyRequest,
    { collection, search }: Asked,
  ): Promise<Prepared> => {
    await collections.checkFields(collection, search.named, request);
    return { search, outOf: await collections.count(collection.tenant, request) };
  };

  app.post<{ Body: JsonValue }>(
    '/multi_search',
    { bodyLimit: BATCH_BODY_BYTES, config, onError },
    async (request, reply) => {
      const searches = searchesOf(request.body);
      const common = request.query as JsonObject;
      const asked = await Promise.all(
        searches.map(async (search, i) => {
          const merged = { ...common, ...objectAt(search, i) };
          return read(request, merged).catch(toOmniError);
        }),
      );
      const requests = asked.map(entryOf).filter(isRequest);
      request.tenant = requests[0]?.tenant ?? request.tenant;
      await desk.charge(request, requests);
      const prepared = await Promise.all(
        asked.map(async (one) =>
          one instanceof OmniError ? one : prepare(request, one).catch(toOmniError),
        ),
      );
      nameIgnored(reply, ignoredBy(prepared));
      const entries = prepared.map(entryOf);
      const place = (i: number): string => `searches[${i}]`;
      const written = await desk.batch(request, entries, place, function* (answers) {
        let before = '{"results":[';
        for (const [i, answer] of answers.entries()) {
          yield before + JSON.stringify(resultOf(prepared[i], answer));
          before = ',';
        }
        yield ']}';
      });
      return sendWritten(request, reply, written);
    },
  );

  app.get<{ Params: { collection: string } }>(
    '/collections/:collection/documents/search',
    { config, onError },
    async (request: FastifyRequest<{ Params: { collection: string } }>, reply) => {
      const { collection } = request.params;
      const asked = await read(request, { ...(request.query as JsonObject), collection });
      request.tenant = asked.collection.tenant;
      await desk.charge(request, [asked.search.request]);
      const prepared = await prepare(request, asked);
      nameIgnored(reply, ignoredBy([prepared]));
      const written = await desk.one(request, prepared.search.request, (found) => [
        JSON.stringify(searchBody(prepared.search, found, prepared.outOf)),
      ]);
      return sendWritten(request, reply, written);
    },
  );
}

function searchesOf(body: JsonValue): JsonValue[] {
  const searches = isObject(body) ? body['searches'] : undefined;
  if (isObject(body) && body['union'] === true) {
    throw invalidField('union', 'is not served: searches are answered one by one');
  }
  if (Array.isArray(searches) && searches.length > 0 && searches.length <= MAX_SEARCHES) {
    return searches;
  }
  const expected = `must be a list of 1 to ${MAX_SEARCHES} searches`;
  throw invalidField('searches', `${expected}, got ${describeValue(searches)}`);
}

function objectAt(search: JsonValue, i: number): JsonObject {
  if (isObject(search)) return search;
  throw invalidField(`searches[${i}]`, `must be an object, got ${describeValue(search)}`);
}

function entryOf(prepared: Asked | Prepared | OmniError): SearchRequest | OmniError {
  return prepared instanceof OmniError ? prepared : prepared.search.request;
}

function isRequest(entry: SearchRequest | OmniError): entry is SearchRequest {
  return !(entry instanceof OmniError);
}

function ignoredBy(prepared: readonly (Prepared | OmniError)[]): string[] {
  return prepared.flatMap((one) => (one instanceof OmniError ? [] : one.search.ignored));
}

/** A failed search has its error in its place. */
function resultOf(
  prepared: Prepared | OmniError | undefined,
  answer: SearchReply | OmniError,
): object {
  if (answer instanceof OmniError) return errorBody(answer);
  if (prepared === undefined || prepared instanceof OmniError)
    return errorBody(toOmniError(prepared));
  return searchBody(prepared.search, answer, prepared.outOf);
}

function errorBody(error: OmniError): object {
  return { code: statusOf(error), error: shownMessage(error) };
}
