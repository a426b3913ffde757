import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { backupLineOf, type BackupLine } from '../backup/lines.js';
import { checkGone, checkRecord, tenantOf } from '../backup/record-kinds.js';
import { addImported } from '../backup/copy-writer.js';
import { invalidField, OmniError } from '../core/errors.js';
import { NAME } from '../core/ids.js';
import { DEFAULT_TENANT } from '../tenancy/tenant-directory.js';
import { NEWLINE, physicalLines } from '../core/physical-lines.js';
import {
  ExportReply,
  ImportQuery,
  ImportReply,
  ProductsQuery,
  RecordImportQuery,
  RecordsQuery,
  RecordsReply,
  RollbackBody,
  RollbackReply,
  SettleBody,
  SettleReply,
  TakenBody,
  TakenReply,
} from './backup-schemas.js';
import { takeBodyRoom } from './body-room.js';
import type { HttpLimits } from './limits.js';
import { describedLines, LINES_REPLY, linesBody, NDJSON, takeLines } from './ndjson.js';
import type { HttpPorts, RouteOptions } from './ports.js';
import { readChunks } from './read-body.js';
import { replies } from './reply-schemas.js';
import { TenantGate } from './tenant-gate.js';

/** A product's line has its vector beside it. */
const VECTOR_BYTES = 512 * 1024;
/** Lines that are held until they are written. */
const LINES_AT_ONCE = 64;
const EXPORTS = 4;
const IMPORTS = 8;

/** `/admin/export…`, `/admin/import…` and `/admin/rollback`: what `omnisearch backup`, `restore` and `rollback` ask for. */
export function backupRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: Pick<RouteOptions, 'limits' | 'bodies'>,
): void {
  // What is asked for is all tenants', whichever is named.
  app.addHook('onRequest', async ({ key }) => {
    if (key?.tenants === undefined) return;
    throw new OmniError('forbidden', 'backups want an admin key of all tenants');
  });
  exportRoutes(app, ports);
  importRoutes(app, ports, options);
  changeRoutes(app, ports);
}

function exportRoutes(app: FastifyInstance, { exports, taken, audit }: HttpPorts): void {
  const reading = new TenantGate(EXPORTS, EXPORTS, 'exports');

  app.get('/admin/export', { schema: replies(ExportReply) }, async () => {
    const { store, model = null, tenants } = await exports.head();
    return { store, model, tenants };
  });

  app.get<{ Querystring: ProductsQuery }>(
    '/admin/export/products',
    {
      schema: {
        querystring: ProductsQuery,
        ...LINES_REPLY,
      },
    },
    async ({ query: { tenant, ...from }, exchange }, reply) => {
      exchange.onEnd(reading.enter(''));
      const lines = exports.products(tenant, from, exchange.signal);
      return reply.header('content-type', NDJSON).send(streamOf(lines, exchange));
    },
  );

  app.get<{ Querystring: RecordsQuery }>(
    '/admin/export/records',
    {
      schema: { querystring: RecordsQuery, ...LINES_REPLY },
    },
    async ({ query: { tenant, cursor }, actor, exchange }, reply) => {
      exchange.onEnd(reading.enter(''));
      // Each backup asks for them once. A store that takes no more writes is to be backed up all the more.
      if (cursor === undefined) await noted(audit, 'export', tenant, actor).catch(() => undefined);
      const lines = exports.records(tenant, cursor, exchange.signal);
      return reply.header('content-type', NDJSON).send(streamOf(lines, exchange));
    },
  );

  app.post<{ Body: TakenBody }>(
    '/admin/export/taken',
    { schema: { body: TakenBody, ...replies(TakenReply) } },
    async ({ body: { kind } }) => {
      await taken.note(kind);
      return { kind };
    },
  );
}

function importRoutes(
  app: FastifyInstance,
  { restores, audit }: HttpPorts,
  { limits, bodies }: Pick<RouteOptions, 'limits' | 'bodies'>,
): void {
  const writing = new TenantGate(IMPORTS, IMPORTS, 'imports of backups');
  takeLines(app);
  const takeRoom = async (request: FastifyRequest) => void takeBodyRoom(request, bodies);
  const linesOf = (request: FastifyRequest) => batchesOf(request.body, limits);

  app.post<{ Querystring: ImportQuery }>(
    '/admin/import/products',
    {
      schema: { querystring: ImportQuery, ...replies(ImportReply) },
      onRequest: takeRoom,
      config: describedLines(Type.Object({})),
    },
    async (request) => {
      const { tenant, model } = request.query;
      restores.checkModel(model);
      const leave = writing.enter('');
      const sum = { written: 0, deleted: 0, unchanged: 0 };
      try {
        for await (const lines of linesOf(request)) {
          addImported(sum, await restores.products(tenant, lines));
        }
      } finally {
        leave();
      }
      return sum;
    },
  );

  app.post<{ Querystring: RecordImportQuery }>(
    '/admin/import/records',
    {
      schema: { querystring: RecordImportQuery, ...replies(RecordsReply) },
      onRequest: takeRoom,
      config: describedLines(Type.Object({})),
    },
    async (request) => {
      const replace = request.query.replace === 'true';
      const sum = { written: 0, kept: 0 };
      const named = new Set<string | undefined>();
      for await (const lines of linesOf(request)) {
        for (const line of lines) {
          const tenant = checkedTenant(line);
          if (!named.has(tenant)) await noted(audit, 'restore', tenant, request.actor);
          named.add(tenant);
          sum[(await imported(restores, line, replace)) ? 'written' : 'kept'] += 1;
        }
      }
      return sum;
    },
  );
}

/** What is done with what is there. */
function changeRoutes(app: FastifyInstance, { restores, rollback }: HttpPorts): void {
  app.post<{ Body: RollbackBody }>(
    '/admin/rollback',
    { schema: { body: RollbackBody, ...replies(RollbackReply) } },
    async ({ body: { tenant, to, preview = false }, actor, exchange }) => {
      const toMs = Date.parse(to);
      if (Number.isNaN(toMs)) throw invalidField('to', 'must be a time as 2026-11-29T21:00:00Z');
      return rollback.run(tenant, toMs, { preview, by: actor, signal: exchange.signal });
    },
  );

  app.post<{ Body: SettleBody }>(
    '/admin/import/settle',
    { schema: { body: SettleBody, ...replies(SettleReply) } },
    async ({ body, exchange }) => {
      const lagging = await restores.settle(body.tenant, body.timeout_ms, exchange.signal);
      return { searchable: lagging.length === 0, lagging };
    },
  );
}

/** In the audit of the tenant; what is of none in that of the default one. */
async function noted(
  audit: HttpPorts['audit'],
  kind: 'export' | 'restore',
  tenant: string | undefined,
  by: string | null,
): Promise<void> {
  const bodies = { before: undefined, after: undefined };
  await audit.note(tenant ?? DEFAULT_TENANT, { by, kind, target: tenant ?? 'all', ...bodies });
}

/** Whose it is; undefined: of none. Throws `invalid_field`. */
function checkedTenant(line: BackupLine): string | undefined {
  if ('gone' in line) {
    checkGone(line.gone);
    return undefined;
  }
  if ('record' in line) {
    checkRecord(line.record);
    return tenantOf(line.record);
  }
  if (!('placement' in line)) throw invalidField('lines', 'must be records and placements');
  const { tenant } = line.placement;
  if (!NAME.pattern.test(tenant))
    throw invalidField('placement.tenant', `must be ${NAME.expected}`);
  return tenant;
}

async function imported(
  restores: HttpPorts['restores'],
  line: BackupLine,
  replace: boolean,
): Promise<boolean> {
  if ('record' in line) return restores.record(line.record, replace);
  if ('gone' in line) {
    await restores.removeRecord(line.gone);
    return true;
  }
  if ('placement' in line) return restores.placement(line.placement);
  throw invalidField('lines', 'must be records and placements');
}

/** A reply that is made as it is read. */
function streamOf(lines: AsyncGenerator<string>, exchange: FastifyRequest['exchange']): Readable {
  async function* told(): AsyncGenerator<string> {
    for await (const text of lines) {
      exchange.progress();
      yield text;
    }
  }
  return Readable.from(told(), { objectMode: false });
}

/** A body's lines, some at a time. Throws `unsupported_media_type`, `invalid_field`. */
async function* batchesOf(body: unknown, limits: HttpLimits): AsyncGenerator<BackupLine[]> {
  const maxRowBytes = limits.maxProductBytes + VECTOR_BYTES;
  let batch: BackupLine[] = [];
  const lines = physicalLines(readChunks(linesBody(body), limits), {
    lineEnd: NEWLINE,
    maxRowBytes,
  });
  for await (const { line, bytes } of lines) {
    if (typeof bytes === 'number') throw invalidField(`line ${line}`, `has ${bytes} bytes`);
    if (bytes.length === 0) continue;
    batch.push(backupLineOf(bytes.toString(), `line ${line}`));
    if (batch.length < LINES_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
