import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { WALKER_HEADER } from '../tenancy/handover.js';
import { ImportRow } from './transfer-schemas.js';
import { takeBodyRoom } from './body-room.js';
import { STREAMS } from './limits.js';
import { describedLines, LINES_REPLY, linesBody, NDJSON, takeLines } from './ndjson.js';
import type { HttpPorts, RouteOptions } from './ports.js';
import { readChunks } from './read-body.js';
import { replies } from './reply-schemas.js';
import { requireAction } from './route-needs.js';
import { CLOSED, FlagText } from './schema-parts.js';
import { shopParts } from './shop-parts.js';
import { TenantGate } from './tenant-gate.js';
import { TenantImport } from './tenant-import.js';

/** A row has a product and its vector. */
const ROW_ROOM = 2;
const TRANSFERS = 4;

const After = Type.Optional(
  Type.String({ pattern: '^[A-Za-z0-9_-]{1,2000}$', description: 'the position of an export' }),
);
const AfterQuery = Type.Object({ after: After }, CLOSED);
const ExportQuery = Type.Object(
  { after: After, shop: Type.Optional(FlagText), keys: Type.Optional(FlagText) },
  CLOSED,
);
const DigestReply = Type.Object({
  products: Type.Integer(),
  archived: Type.Integer(),
  digest: Type.String(),
  position: Type.String(),
  at_end: Type.Boolean(),
});
const ImportReply = Type.Object({
  rows: Type.Optional(Type.Integer()),
  keys: Type.Optional(Type.Integer()),
  position: Type.Union([Type.String(), Type.Null()]),
});

interface OfTenant {
  Params: { id: string };
}

/** `/tenants/{id}/export`, `/digest` and `/import`: a catalogue as it is stored, for another deployment. */
export function transferRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: RouteOptions,
): void {
  const gate = new TenantGate(STREAMS, TRANSFERS, 'transfers');
  exportRoutes(app, ports, gate);
  importRoutes(app, ports, options, gate);
}

function exportRoutes(app: FastifyInstance, ports: HttpPorts, gate: TenantGate): void {
  const { transfer, keyDesk } = ports;

  app.get<OfTenant & { Querystring: Static<typeof ExportQuery> }>(
    '/tenants/:id/export',
    {
      schema: {
        querystring: ExportQuery,
        ...LINES_REPLY,
      },
    },
    async ({ params: { id }, query, key, actor, exchange }, reply) => {
      const withKeys = query.keys === 'true';
      if (withKeys) requireAction('keys:export', key?.actions);
      await requireThere(ports, id);
      const leave = gate.enter(id);
      try {
        const { after } = query;
        const page = await transfer.page(id, after, exchange.signal);
        const shop = query.shop === 'true' ? await shopParts(ports, id) : undefined;
        const keys = withKeys ? await keyDesk.recordsOf(id, actor) : [];
        const parts = [...(shop?.parts ?? []), ...keys.map((record) => ({ key: record }))];
        const end = {
          ...{ position: page.position, at_end: page.atEnd },
          ...{ price_lists: page.priceLists, ...shop?.all },
          ...(withKeys ? { keys: keys.map((record) => record.id) } : {}),
        };
        const lines = [
          ...parts.map((part) => JSON.stringify(part)),
          ...page.lines,
          JSON.stringify(end),
        ];
        exchange.progress();
        return await reply.header('content-type', NDJSON).send(`${lines.join('\n')}\n`);
      } finally {
        leave();
      }
    },
  );

  app.get<OfTenant & { Querystring: Static<typeof AfterQuery> }>(
    '/tenants/:id/digest',
    { schema: { querystring: AfterQuery, ...replies(DigestReply) } },
    async ({ params: { id }, query, exchange }) => {
      await requireThere(ports, id);
      const leave = gate.enter(id);
      try {
        const page = await transfer.digest(id, query.after, exchange.signal);
        const { products, archived, hex, position, atEnd } = page;
        return { products, archived, digest: hex, position: position, at_end: atEnd };
      } finally {
        leave();
      }
    },
  );
}

function importRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  { limits, bodies }: RouteOptions,
  gate: TenantGate,
): void {
  const { transfer } = ports;
  takeLines(app);

  app.get<OfTenant>(
    '/tenants/:id/import',
    { schema: replies(ImportReply) },
    async ({ params: { id } }) => {
      await requireThere(ports, id);
      return { position: (await transfer.imported(id)) ?? null };
    },
  );

  app.post<OfTenant>(
    '/tenants/:id/import',
    {
      schema: replies(ImportReply),
      config: describedLines(ImportRow),
    },
    async (request) => {
      const { id } = request.params;
      const lines = linesBody(request.body);
      const walker = walkerOf(request);
      await transfer.checkImportable(id, walker);
      const leave = gate.enter(id);
      takeBodyRoom(request, bodies, id);
      try {
        const maxBytes = ROW_ROOM * limits.maxProductBytes;
        const rows = ports.ingest.ndjson(readChunks(lines, limits), maxBytes);
        return await new TenantImport(ports, request, walker).take(rows);
      } finally {
        leave();
      }
    },
  );
}

function walkerOf({ headers }: FastifyRequest): string | undefined {
  const named = headers[WALKER_HEADER];
  return typeof named === 'string' ? named : undefined;
}

async function requireThere({ tenantDesk }: HttpPorts, id: string): Promise<void> {
  await tenantDesk.get(id);
}
