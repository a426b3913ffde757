import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';
import { Type } from 'typebox';
import { NAME } from '../core/ids.js';
import { heldRows } from './held-rows.js';
import { listed, listOptions, ListQuery } from './list-reply.js';
import type { HttpLimits } from './limits.js';
import { describedLines, linesBody } from './ndjson.js';
import type { HttpPorts } from './ports.js';
import { readChunks } from './read-body.js';
import { replies, WriteReplyBody } from './reply-schemas.js';
import { WriteQuery } from './schemas.js';
import type { TenantGate } from './tenant-gate.js';
import { askedWait, sendReport } from './write-reply.js';

const Params = Type.Object({
  name: Type.String({ pattern: NAME.pattern.source, description: NAME.expected }),
});
interface Params {
  name: string;
}

/** What these routes have in common with those of products. */
interface WriteDoors {
  limits: HttpLimits;
  streams: TenantGate;
  waits: TenantGate;
  known: onRequestAsyncHookHandler;
  onKnown: onRequestAsyncHookHandler[];
}

/** `GET /price-lists`, `PUT` and `DELETE /price-lists/{name}`: prices and stock by customer group. */
export function priceListRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  { limits, streams, waits, known, onKnown }: WriteDoors,
): void {
  const { ingest, priceLists } = ports;

  app.get<{ Querystring: ListQuery }>(
    '/price-lists',
    { schema: { querystring: ListQuery }, onRequest: known },
    async ({ tenant, query }) => {
      const { after, limit } = listOptions(query);
      const names = await priceLists.list(tenant, after, limit + 1);
      return listed(
        'price_lists',
        names.map((name) => ({ name })),
        limit,
        ({ name }) => name,
      );
    },
  );

  app.put<{ Querystring: WriteQuery; Params: Params }>(
    '/price-lists/:name',
    {
      schema: { params: Params, querystring: WriteQuery, ...replies(WriteReplyBody) },
      onRequest: onKnown,
      config: describedLines(PriceRow),
    },
    async (request, reply) => {
      const { tenant, params, body, exchange, held } = request;
      const lines = linesBody(body);
      const waitMs = askedWait(request, waits);
      const leave = streams.enter(tenant);
      const rows = heldRows(ingest.ndjson(readChunks(lines, limits)), held);
      const writing = ingest.prices(tenant, params.name, rows, exchange);
      const report = await writing.finally(leave);
      return sendReport(ports, request, reply, report, waitMs);
    },
  );

  app.delete<{ Params: Params }>(
    '/price-lists/:name',
    { schema: { params: Params }, onRequest: known },
    async ({ tenant, params, actor }) => {
      await priceLists.remove(tenant, params.name, actor);
      return { name: params.name };
    },
  );
}

/** A line of the body. */
const PriceRow = Type.Object({
  id: Type.String(),
  price: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  in_stock: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
});
