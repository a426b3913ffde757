import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { invalidField, OmniError } from '../core/errors.js';
import type { JsonValue } from '../core/product.js';
import { describeValue } from '../ingest/describe-value.js';
import { rowsOfArray } from '../ingest/incoming-row.js';
import { ndjsonRows } from '../ingest/ndjson-stream.js';
import { isObject } from '../ingest/validate-product.js';
import type { WriteReport } from '../ingest/write-report.js';
import { InFlightGate } from './in-flight-gate.js';
import type { HttpPorts } from './ports.js';
import { readChunks } from './read-body.js';
import { ReadQuery, WriteQuery } from './schemas.js';
import { untilAnswered } from './until-answered.js';
import { sendReport, waitTimeoutMs } from './write-reply.js';

const MIB = 1024 * 1024;
/** Bound of the write requests in flight, by their size: about so many MiB. */
const WRITES_IN_FLIGHT_MIB = 128;
/** What a stream of rows holds at most: the batch being embedded and the one being stored. */
const STREAM_MIB = 16;

/** `POST /products`, and `GET`, `PATCH`, `DELETE /products/{id}`. */
export function productRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  bodyIdleTimeoutMs: number,
): void {
  const gate = new InFlightGate(WRITES_IN_FLIGHT_MIB, 'writes');
  const takeRoom = async (request: FastifyRequest, reply: FastifyReply) => {
    untilAnswered(reply, gate.enter(weightMib(request)));
  };
  app.addContentTypeParser(
    'application/x-ndjson',
    async (_: FastifyRequest, body: Readable) => body,
  );

  app.post<{ Querystring: WriteQuery }>(
    '/products',
    { schema: { querystring: WriteQuery }, onRequest: takeRoom },
    async (request, reply) => {
      const timeoutMs = waitTimeoutMs(request.query);
      const report = await upsert(ports, request, bodyIdleTimeoutMs);
      return sendReport(ports, request, reply, report, timeoutMs);
    },
  );

  app.patch<{ Querystring: WriteQuery; Params: { id: string } }>(
    '/products/:id',
    { schema: { querystring: WriteQuery }, onRequest: takeRoom },
    async (request, reply) => {
      const timeoutMs = waitTimeoutMs(request.query);
      const report = await ports.ingest.patch(
        request.tenant,
        request.params.id,
        jsonBody(request.body),
      );
      return sendReport(ports, request, reply, report, timeoutMs);
    },
  );

  app.delete<{ Querystring: WriteQuery; Params: { id: string } }>(
    '/products/:id',
    { schema: { querystring: WriteQuery }, onRequest: takeRoom },
    async (request, reply) => {
      const timeoutMs = waitTimeoutMs(request.query);
      const report = await ports.ingest.remove(request.tenant, request.params.id);
      return sendReport(ports, request, reply, report, timeoutMs);
    },
  );

  app.get<{ Querystring: ReadQuery; Params: { id: string } }>(
    '/products/:id',
    { schema: { querystring: ReadQuery } },
    async (request, reply) => {
      const fields = request.query.fields?.split(',');
      const product = await ports.ingest.read(request.tenant, request.params.id, fields);
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .send(JSON.stringify(product));
    },
  );
}

/** One object, a list, or a stream of rows. */
async function upsert(
  ports: HttpPorts,
  request: FastifyRequest,
  bodyIdleTimeoutMs: number,
): Promise<WriteReport> {
  const { tenant, body } = request;
  if (body instanceof Readable) {
    const rows = ndjsonRows(readChunks(body, bodyIdleTimeoutMs));
    const report = await ports.ingest.upsert(tenant, rows);
    // After a failure the rest is read and dropped, so that the caller gets to read the reply.
    body.resume();
    return report;
  }
  const value = jsonBody(body);
  if (Array.isArray(value)) {
    if (value.length === 0) throw invalidField('body', 'must be a list of at least one product');
    return ports.ingest.upsert(tenant, rowsOfArray(value));
  }
  if (isObject(value)) return ports.ingest.upsertOne(tenant, value);
  throw invalidField(
    'body',
    `must be a product or a list of products, got ${describeValue(value)}`,
  );
}

function jsonBody(body: unknown): JsonValue {
  if (body instanceof Readable) {
    throw new OmniError('unsupported_media_type', 'the body must be application/json');
  }
  return body as JsonValue;
}

function weightMib(request: FastifyRequest): number {
  const isStream = request.headers['content-type']?.startsWith('application/json') !== true;
  const length = Number(request.headers['content-length']);
  if (Number.isNaN(length)) return request.method === 'POST' ? STREAM_MIB : 1;
  return Math.min(isStream ? STREAM_MIB : Infinity, Math.max(1, Math.ceil(length / MIB)));
}
