import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ByteLease } from '../core/byte-budget.js';
import { invalidField, OmniError } from '../core/errors.js';
import { describeValue, isObject } from '../core/json.js';
import type { JsonValue } from '../core/product.js';
import type { WriteReport } from '../ingest/write-report.js';
import { requireTenant } from './access.js';
import { takeBodyRoom } from './body-room.js';
import { heldRows } from './held-rows.js';
import { importRoutes } from './import-routes.js';
import { STREAMS, STREAMS_OF_TENANT, WAITS, WAITS_OF_TENANT, type HttpLimits } from './limits.js';
import { takeLines } from './ndjson.js';
import type { HttpPorts, RouteOptions } from './ports.js';
import { priceListRoutes } from './price-list-routes.js';
import { readChunks } from './read-body.js';
import { ProductChange, ProductsBody } from './product-schema.js';
import { ProductPart, replies, WriteReplyBody } from './reply-schemas.js';
import { ReadQuery, WriteQuery } from './schemas.js';
import { TenantGate } from './tenant-gate.js';
import { askedWait, sendReport } from './write-reply.js';

const PRODUCT_TYPES = ['application/json', 'application/x-ndjson'];

declare module 'fastify' {
  interface FastifyRequest {
    /** What a write holds of the room for bodies, until it is answered. */
    held: ByteLease;
  }
}

/** `POST /products`, `GET`, `PATCH`, `DELETE /products/{id}`, and `POST /products/{id}/restore`. */
export function productRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  { limits, bodies }: RouteOptions,
): void {
  const streams = new TenantGate(STREAMS, STREAMS_OF_TENANT, 'streams of products');
  const waits = new TenantGate(WAITS, WAITS_OF_TENANT, 'requests wait until searchable');
  const takeRoom = async (request: FastifyRequest) => {
    request.held = takeBodyRoom(request, bodies);
  };
  const known = requireTenant(ports.tenants);
  const onKnown = [known, takeRoom];
  app.decorateRequest('held');
  takeLines(app);

  importRoutes(app, ports, { limits, streams, takeRoom });
  priceListRoutes(app, ports, { limits, streams, waits, known, onKnown });

  app.post<{ Querystring: WriteQuery }>(
    '/products',
    {
      schema: { querystring: WriteQuery, ...replies(WriteReplyBody) },
      onRequest: takeRoom,
      config: { products: true, described: { body: ProductsBody, consumes: PRODUCT_TYPES } },
    },
    async (request, reply) => {
      const waitMs = askedWait(request, waits);
      const report = await upsert(ports, request, limits, streams);
      return sendReport(ports, request, reply, report, waitMs);
    },
  );

  app.patch<{ Querystring: WriteQuery; Params: { id: string } }>(
    '/products/:id',
    {
      schema: { querystring: WriteQuery, ...replies(WriteReplyBody) },
      onRequest: onKnown,
      config: { described: { body: ProductChange } },
      bodyLimit: limits.maxProductBytes,
    },
    async (request, reply) => {
      const waitMs = askedWait(request, waits);
      const { tenant, params, body } = request;
      const report = await ports.ingest.patch(tenant, params.id, jsonBody(body), request.exchange);
      return sendReport(ports, request, reply, report, waitMs);
    },
  );

  app.delete<{ Querystring: WriteQuery; Params: { id: string } }>(
    '/products/:id',
    { schema: { querystring: WriteQuery, ...replies(WriteReplyBody) }, onRequest: onKnown },
    async (request, reply) => {
      const waitMs = askedWait(request, waits);
      const report = await ports.ingest.remove(request.tenant, request.params.id, request.exchange);
      return sendReport(ports, request, reply, report, waitMs);
    },
  );

  app.post<{ Querystring: WriteQuery; Params: { id: string } }>(
    '/products/:id/restore',
    {
      schema: { querystring: WriteQuery, ...replies(WriteReplyBody) },
      onRequest: onKnown,
      config: { bodyless: true },
    },
    async (request, reply) => {
      const waitMs = askedWait(request, waits);
      const report = await ports.ingest.bringBack(request.tenant, request.params.id);
      return sendReport(ports, request, reply, report, waitMs);
    },
  );

  app.get<{ Querystring: ReadQuery; Params: { id: string } }>(
    '/products/:id',
    {
      schema: { querystring: ReadQuery, ...replies(ProductPart) },
      onRequest: known,
      config: { narrows: true },
    },
    async (request, reply) => {
      const fields = request.query.fields?.split(',');
      const { tenant, params, narrowing } = request;
      const product = await ports.ingest.read(tenant, params.id, fields, narrowing);
      request.exchange.progress();
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
  limits: HttpLimits,
  streams: TenantGate,
): Promise<WriteReport> {
  const { tenant, body, exchange } = request;
  if (body instanceof Readable) {
    const leave = streams.enter(tenant);
    try {
      const rows = ports.ingest.ndjson(readChunks(body, limits));
      return await ports.ingest.upsert(tenant, heldRows(rows, request.held), exchange);
    } finally {
      leave();
    }
  }
  const products = await ports.ingest.json(body as Buffer, exchange.signal);
  if ('rows' in products) {
    if (products.count === 0) throw invalidField('body', 'must be a list of at least one product');
    return ports.ingest.upsert(tenant, products.rows, exchange);
  }
  const { value } = products;
  if (isObject(value)) return ports.ingest.upsertOne(tenant, value, exchange);
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
