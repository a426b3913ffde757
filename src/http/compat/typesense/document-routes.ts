import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidField, OmniError } from '../../../core/errors.js';
import { describeValue, isObject } from '../../../core/json.js';
import type { JsonObject, JsonValue } from '../../../core/product.js';
import { fieldsOf } from '../../../filter/analyse.js';
import { DocumentFilter } from '../../../filter/evaluate.js';
import type { Writer } from '../../../ingest/ingest.js';
import type { HttpPorts, RouteOptions } from '../../ports.js';
import { Parameters } from '../parameters.js';
import { DIRTY_VALUES } from './coerce-document.js';
import type { Collection, Collections, NamedFields } from '../collections.js';
import { ACTIONS, type DocumentWriter, type WriteOptions } from './document-writer.js';
import { parseFilterBy } from './filter-by.js';
import { toDocument } from '../stored-document.js';

interface OfCollection {
  Params: { collection: string };
}
interface OfDocument {
  Params: { collection: string; id: string };
}

const PATH = '/collections/:collection/documents';

/** Documents one by one, and by filter. */
export function documentRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  { limits }: RouteOptions,
  collections: Collections,
  writer: DocumentWriter,
): void {
  const bodyLimit = limits.maxProductBytes;

  app.post<OfCollection>(PATH, { bodyLimit }, async (request, reply) => {
    const options = writeOptions(request.query as JsonObject, request.exchange);
    const collection = await collections.open(request, request.params.collection);
    const document = documentOf(request.body as JsonValue);
    const [written] = await writer.write(collection, [document], options);
    if (written === undefined) throw new OmniError('internal', 'the document was not written');
    if (written instanceof OmniError) throw written;
    return reply.code(201).send(written.document);
  });

  const config = { narrows: true };
  app.get<OfDocument>(`${PATH}/:id`, { config }, async (request) => {
    const { params, narrowing } = request;
    const { tenant } = await collections.open(request, params.collection);
    return toDocument(await ports.ingest.read(tenant, params.id, undefined, narrowing));
  });

  app.patch<OfDocument>(`${PATH}/:id`, { bodyLimit }, async (request, reply) => {
    const { params, query, exchange, body } = request;
    const options = writeOptions(query as JsonObject, exchange);
    const collection = await collections.open(request, params.collection);
    const changes = documentOf(body as JsonValue);
    const { document } = await writer.patch(collection, params.id, changes, options);
    return reply.code(201).send(document);
  });

  app.delete<OfDocument>(`${PATH}/:id`, async (request) => {
    const { params } = request;
    const { tenant } = await collections.open(request, params.collection);
    const document = toDocument(await ports.ingest.read(tenant, params.id, undefined));
    await ports.ingest.remove(tenant, params.id, request.exchange);
    return document;
  });

  app.patch<OfCollection>(PATH, { bodyLimit }, async (request) => {
    const { params, query, exchange, body } = request;
    const options = writeOptions(query as JsonObject, exchange);
    const collection = await collections.open(request, params.collection);
    const changes = documentOf(body as JsonValue);
    // All of them first: one that is changed would be met again further on.
    const ids: string[] = [];
    const found = matching(ports, collections, collection, request);
    for await (const id of found) ids.push(id);
    for (const id of ids) await writer.patch(collection, id, changes, options).catch(unlessMissing);
    return { num_updated: ids.length };
  });

  app.delete<OfCollection>(PATH, async (request) => {
    const collection = await collections.open(request, request.params.collection);
    let deleted = 0;
    const found = matching(ports, collections, collection, request);
    for await (const id of found) {
      await ports.ingest.remove(collection.tenant, id).catch(unlessMissing);
      deleted += 1;
    }
    return { num_deleted: deleted };
  });
}

/** How documents are to be written. Throws `invalid_field`. */
export function writeOptions(query: JsonObject, writer: Writer): WriteOptions {
  const parameters = new Parameters(query);
  return {
    action: oneOf(parameters, 'action', ACTIONS) ?? 'create',
    dirtyValues: oneOf(parameters, 'dirty_values', DIRTY_VALUES) ?? 'coerce_or_reject',
    writer,
  };
}

function oneOf<T extends string>(
  parameters: Parameters,
  name: string,
  known: readonly T[],
): T | undefined {
  const text = parameters.text(name);
  const found = known.find((one) => one === text);
  if (text === undefined || found !== undefined) return found;
  throw invalidField(name, `must be one of ${known.join(', ')}, got ${describeValue(text)}`);
}

/** A document off the wire. Throws `invalid_field`. */
export function documentOf(value: JsonValue): JsonObject {
  if (isObject(value)) return value;
  throw invalidField('document', `must be an object, got ${describeValue(value)}`);
}

/** Ids of the documents that `filter_by` is about; it must say something: nobody means all. */
async function* matching(
  { catalogue }: HttpPorts,
  collections: Collections,
  collection: Collection,
  request: FastifyRequest,
): AsyncGenerator<string> {
  const text = new Parameters(request.query as JsonObject).text('filter_by')?.trim() ?? '';
  if (text === '') throw invalidField('filter_by', 'must be there');
  const parsed = parseFilterBy(text);
  // All documents are without a field that was mistyped: they would match what says what it is not.
  const named = { ...NO_FIELDS, filter: fieldsOf(parsed) };
  await collections.checkFields(collection, named, request);
  const filter = new DocumentFilter(parsed);
  for await (const page of catalogue.pages(collection.tenant)) {
    for (const product of page) if (filter.matches(product)) yield product.id;
  }
}

const NO_FIELDS: NamedFields = { query: [], filter: [], facet: [], sort: [] };

function unlessMissing(error: unknown): void {
  if (!(error instanceof OmniError && error.code === 'not_found')) throw error;
}
