import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { Type } from 'typebox';
import type { ImportAction, ImportOptions } from '../jobs/imports/import-record.js';
import { readImport } from './import-body.js';
import { importBody } from './import-reply.js';
import { ImportList, ImportQuery, ImportReply, ImportTaken } from './import-schemas.js';
import type { HttpLimits } from './limits.js';
import { listed, listOptions, ListQuery } from './list-reply.js';
import { LINES_REPLY, NDJSON } from './ndjson.js';
import type { HttpPorts } from './ports.js';
import { ProductsBody } from './product-schema.js';
import { replies } from './reply-schemas.js';
import type { TenantGate } from './tenant-gate.js';

/** Shown with an import; `/rejected` has them all. */
const SHOWN_REJECTED = 100;
const TYPES = ['application/json', 'application/x-ndjson', 'text/csv'];

const Params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
interface Params {
  id: string;
}

/** What these routes have in common with those of products. */
interface ImportDoors {
  limits: HttpLimits;
  streams: TenantGate;
  takeRoom: onRequestAsyncHookHandler;
}

/** `POST /imports` and what becomes of them: feeds as jobs, in place of requests that last as long as they do. */
export function importRoutes(
  app: FastifyInstance,
  { imports }: Pick<HttpPorts, 'imports'>,
  { limits, streams, takeRoom }: ImportDoors,
): void {
  app.addContentTypeParser('text/csv', async (_: FastifyRequest, body: Readable) => body);
  const schema = { params: Params };

  app.post<{ Querystring: ImportQuery }>(
    '/imports',
    {
      schema: { querystring: ImportQuery, ...replies(ImportTaken, 202) },
      onRequest: takeRoom,
      config: { streamed: true, described: { body: ProductsBody, consumes: TYPES } },
    },
    async (request, reply) => {
      const { tenant, actor } = request;
      const leave = streams.enter(tenant);
      try {
        const asked = await readImport(request, limits);
        const options = optionsOf(request.query);
        const id =
          'fetched' in asked
            ? await takeUrl(imports, tenant, asked.fetched, options, actor)
            : await imports.take(tenant, asked, options, actor);
        return await reply.code(202).send({ id, state: 'queued' });
      } finally {
        leave();
      }
    },
  );

  app.get<{ Querystring: ListQuery }>(
    '/imports',
    { schema: { querystring: ListQuery, ...replies(ImportList) } },
    async ({ tenant, query }) => {
      const { after, limit } = listOptions(query);
      const found = await imports.list(tenant, after, limit + 1);
      const bodies = found.map(({ id, record }) => ({ ...importBody(id, record), id }));
      return listed('imports', bodies, limit, ({ id }) => id);
    },
  );

  app.get<{ Params: Params }>(
    '/imports/:id',
    { schema: { ...schema, ...replies(ImportReply) } },
    async ({ tenant, params }) => shown(imports, tenant, params.id),
  );

  app.get<{ Params: Params }>(
    '/imports/:id/rejected',
    { schema: { ...schema, ...LINES_REPLY } },
    async (request, reply) => {
      const { tenant, params, exchange } = request;
      await imports.get(tenant, params.id);
      const rows = imports.rejected(tenant, params.id);
      const stream = Readable.from(rows);
      stream.on('data', () => exchange.progress());
      return reply.header('content-type', NDJSON).send(stream);
    },
  );

  for (const verb of ['confirm', 'cancel', 'retry'] as const) {
    app.post<{ Params: Params }>(
      `/imports/:id/${verb}`,
      { schema: { ...schema, ...replies(ImportReply) }, config: { bodyless: true } },
      async ({ tenant, params }) => {
        await imports[verb](tenant, params.id);
        return shown(imports, tenant, params.id);
      },
    );
  }
}

async function takeUrl(
  imports: HttpPorts['imports'],
  tenant: string,
  { url, map = {}, prune, dry_run: dryRun }: { url: string } & Partial<Fetched>,
  options: ImportOptions,
  by: string | null,
): Promise<string> {
  const both = {
    ...options,
    prune: prune ?? options.prune,
    dryRun: dryRun ?? options.dryRun,
  };
  return imports.takeUrl(tenant, { url, map }, both, by);
}

interface Fetched {
  map: Record<string, string>;
  prune: boolean;
  dry_run: boolean;
}

async function shown(
  imports: HttpPorts['imports'],
  tenant: string,
  id: string,
): Promise<Record<string, unknown>> {
  const record = await imports.get(tenant, id);
  return { ...importBody(id, record), rejected: await firstRejected(imports, tenant, id) };
}

async function firstRejected(
  imports: HttpPorts['imports'],
  tenant: string,
  id: string,
): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const chunk of imports.rejected(tenant, id)) {
    const lines = chunk.toString().split('\n', SHOWN_REJECTED - rows.length + 1);
    for (const line of lines) {
      if (line !== '' && rows.length < SHOWN_REJECTED) rows.push(JSON.parse(line));
    }
    if (rows.length >= SHOWN_REJECTED) break;
  }
  return rows;
}

function optionsOf({ prune, dry_run: dryRun, action = 'upsert' }: ImportQuery): ImportOptions {
  return { prune: prune === 'true', dryRun: dryRun === 'true', action: action as ImportAction };
}
