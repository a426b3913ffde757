import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ByteLease } from '../../../core/byte-budget.js';
import { OmniError, toOmniError } from '../../../core/errors.js';
import type { JsonObject } from '../../../core/product.js';
import { DocumentFilter } from '../../../filter/evaluate.js';
import { inBatches, type IncomingRow } from '../../../ingest/incoming-row.js';
import type { Exchange } from '../../connections.js';
import { statusOf } from '../../error-reply.js';
import { STREAMS, STREAMS_OF_TENANT } from '../../limits.js';
import type { HttpPorts, RouteOptions } from '../../ports.js';
import { readChunks } from '../../read-body.js';
import { TenantGate } from '../../tenant-gate.js';
import { shownMessage } from '../message-reply.js';
import { Parameters } from '../parameters.js';
import type { Collection, Collections } from '../collections.js';
import { documentOf, writeOptions } from './document-routes.js';
import type { DocumentWriter, Written } from './document-writer.js';
import { parseFilterBy } from './filter-by.js';
import { pickFields, type FieldChoice } from '../picked-fields.js';
import { toDocument } from '../stored-document.js';

interface OfCollection {
  Params: { collection: string };
}

const PATH = '/collections/:collection/documents';
const BATCH_ROWS = 200;
const BATCH_BYTES = 8 * 1024 * 1024;
const LINES = 'text/plain; charset=utf-8';

/** Many documents as lines of JSON, in and out. */
export async function importRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  { limits, replies }: RouteOptions,
  collections: Collections,
  writer: DocumentWriter,
): Promise<void> {
  const streams = new TenantGate(STREAMS, STREAMS_OF_TENANT, 'imports');

  app.get<OfCollection>(`${PATH}/export`, async (request, reply) => {
    const { tenant } = await collections.open(request, request.params.collection);
    const parameters = new Parameters(request.query as JsonObject);
    const filter = new DocumentFilter(parseFilterBy(parameters.text('filter_by') ?? ''));
    const fields = {
      include: parameters.list('include_fields'),
      exclude: parameters.list('exclude_fields'),
    };
    const lines = exported(request, ports, tenant, filter, fields);
    return reply.header('content-type', LINES).send(Readable.from(lines));
  });

  await app.register(async (scope) => {
    // Lines come under any name.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', async (_: FastifyRequest, body: Readable) => body);
    scope.post<OfCollection>(`${PATH}/import`, async (request, reply) => {
      const { params, query, exchange, body } = request;
      const collection = await collections.open(request, params.collection);
      const bytes = replies.lease(collection.tenant);
      exchange.onEnd(() => bytes.release());
      const leave = streams.enter(collection.tenant);
      try {
        const rows = ports.ingest.ndjson(readChunks(body as Readable, limits));
        const lines = await imported(writer, collection, rows, query as JsonObject, {
          exchange,
          bytes,
        });
        exchange.progress();
        // No newline at the end: clients parse every line.
        return await reply.header('content-type', LINES).send(lines.join('\n'));
      } finally {
        leave();
      }
    });
  });
}

/** A line a document; those of a page at once. */
async function* exported(
  { exchange }: FastifyRequest,
  { catalogue }: HttpPorts,
  tenant: string,
  filter: DocumentFilter,
  fields: FieldChoice,
): AsyncGenerator<string> {
  let before = '';
  for await (const page of catalogue.pages(tenant)) {
    exchange.progress();
    const lines = page
      .filter((product) => filter.matches(product))
      .map((product) => JSON.stringify(pickFields(toDocument(product), fields)));
    if (lines.length === 0) continue;
    yield before + lines.join('\n');
    before = '\n';
  }
}

/** A line a row, in order. Its lines are held until they are sent. */
async function imported(
  writer: DocumentWriter,
  collection: Collection,
  rows: AsyncIterable<IncomingRow>,
  query: JsonObject,
  { exchange, bytes }: { exchange: Exchange; bytes: ByteLease },
): Promise<string[]> {
  const options = writeOptions(query, exchange);
  const parameters = new Parameters(query);
  const wanted = { id: parameters.flag('return_id'), doc: parameters.flag('return_doc') };
  const lines: string[] = [];
  for await (const batch of inBatches(rows, BATCH_ROWS, BATCH_BYTES, exchange.signal)) {
    const documents = batch.map(documentOfRow);
    const written = await writer.write(collection, documents, options);
    written.forEach((one, i) => {
      const line = JSON.stringify(lineOf(one, documents[i], wanted));
      bytes.take(line.length);
      lines.push(line);
    });
  }
  return lines;
}

function documentOfRow(row: IncomingRow): JsonObject | OmniError {
  if ('error' in row) return row.error;
  try {
    return documentOf(row.value);
  } catch (error) {
    return toOmniError(error);
  }
}

function lineOf(
  written: Written,
  sent: JsonObject | OmniError | undefined,
  wanted: { id: boolean | undefined; doc: boolean | undefined },
): object {
  if (written instanceof OmniError) {
    return {
      code: statusOf(written),
      document: sent instanceof OmniError ? '' : JSON.stringify(sent),
      error: shownMessage(written),
      success: false,
    };
  }
  return {
    ...(wanted.doc === true ? { document: written.document } : {}),
    ...(wanted.id === true ? { id: written.id } : {}),
    success: true,
  };
}
