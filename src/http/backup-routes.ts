import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { backupLineOf, type BackupLine } from '../backup/lines.js';
import { invalidField, OmniError } from '../core/errors.js';
import { NAME } from '../core/ids.js';
import { NEWLINE, physicalLines } from '../core/physical-lines.js';
import { LEAST_WRITE_BYTES, type HttpLimits } from './limits.js';
import type { HttpPorts, RouteOptions } from './ports.js';
import { readChunks } from './read-body.js';
import { replies } from './reply-schemas.js';
import { CLOSED } from './schema-parts.js';
import { TenantGate } from './tenant-gate.js';

const Tenant = Type.String({ pattern: NAME.pattern.source, description: NAME.expected });
const Cursor = Type.Optional(
  Type.String({ pattern: '^[A-Za-z0-9_-]{1,2000}$', description: 'the cursor of a page before' }),
);
const Position = Type.Optional(
  Type.String({ pattern: '^[A-Za-z0-9+/=]{1,200}$', description: 'a position of a page before' }),
);
const ProductsQuery = Type.Object({ tenant: Tenant, cursor: Cursor, since: Position }, CLOSED);
const RecordsQuery = Type.Object({ tenant: Type.Optional(Tenant), cursor: Cursor }, CLOSED);
const ImportQuery = Type.Object(
  {
    tenant: Tenant,
    model: Type.String({ minLength: 1, maxLength: 200, description: 'a fingerprint' }),
  },
  CLOSED,
);
const RecordImportQuery = Type.Object(
  { replace: Type.Optional(Type.String({ pattern: '^true$', description: '"true"' })) },
  CLOSED,
);
const SettleBody = Type.Object(
  { tenant: Tenant, timeout_ms: Type.Integer({ minimum: 0, maximum: 600_000 }) },
  CLOSED,
);

const RollbackBody = Type.Object(
  {
    tenant: Tenant,
    to: Type.String({
      pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,3})?)?(Z|[+-]\\d\\d:\\d\\d)$',
      description: 'a time as 2026-11-29T21:00:00Z',
    }),
    preview: Type.Optional(Type.Boolean()),
  },
  CLOSED,
);
const Ids = Type.Array(Type.String());
const RollbackReply = Type.Object({
  ...{ changed: Type.Integer(), restored: Type.Integer(), removed: Type.Integer() },
  first: Type.Object({ changed: Ids, restored: Ids, removed: Ids }),
});

const ExportReply = Type.Object({
  store: Type.String(),
  model: Type.Union([
    Type.Null(),
    Type.Object({
      name: Type.String(),
      fingerprint: Type.String(),
      dimensions: Type.Integer(),
    }),
  ]),
  tenants: Type.Array(Type.String()),
});
const ImportReply = Type.Object({
  written: Type.Integer(),
  deleted: Type.Integer(),
  unchanged: Type.Integer(),
});
const RecordsReply = Type.Object({ written: Type.Integer(), kept: Type.Integer() });
const SettleReply = Type.Object({ searchable: Type.Boolean(), lagging: Type.Array(Type.String()) });

const NDJSON = 'application/x-ndjson; charset=utf-8';
/** A product's line has its vector beside it. */
const VECTOR_BYTES = 512 * 1024;
/** Lines that are held until they are written. */
const LINES_AT_ONCE = 256;
const EXPORTS = 4;
const IMPORTS = 8;

/** `/admin/export…` and `/admin/import…`: what `omnisearch backup` and `restore` ask for. */
export function backupRoutes(
  app: FastifyInstance,
  { exports, imports, rollback }: HttpPorts,
  { limits, bodies }: Pick<RouteOptions, 'limits' | 'bodies'>,
): void {
  const reading = new TenantGate(EXPORTS, EXPORTS, 'exports');
  const writing = new TenantGate(IMPORTS, IMPORTS, 'imports of backups');
  app.addContentTypeParser(
    'application/x-ndjson',
    async (_: FastifyRequest, body: Readable) => body,
  );
  const takeRoom = async (request: FastifyRequest) => {
    const lease = bodies.lease(request.tenant);
    lease.take(LEAST_WRITE_BYTES);
    request.exchange.onEnd(() => lease.release());
  };
  // What is asked for is all tenants', whichever is named.
  app.addHook('onRequest', async ({ key }) => {
    if (key?.tenants === undefined) return;
    throw new OmniError('forbidden', 'backups want an admin key of all tenants');
  });
  const linesOf = (request: FastifyRequest) => batchesOf(request.body, limits);

  app.get('/admin/export', { schema: replies(ExportReply) }, async () => {
    const { store, model = null, tenants } = await exports.head();
    return { store, model, tenants };
  });

  app.get<{ Querystring: Static<typeof ProductsQuery> }>(
    '/admin/export/products',
    { schema: { querystring: ProductsQuery, produces: ['application/x-ndjson'] } },
    async ({ query: { tenant, ...from }, exchange }, reply) => {
      exchange.onEnd(reading.enter(''));
      const lines = exports.products(tenant, from, exchange.signal);
      return reply.header('content-type', NDJSON).send(streamOf(lines, exchange));
    },
  );

  app.get<{ Querystring: Static<typeof RecordsQuery> }>(
    '/admin/export/records',
    { schema: { querystring: RecordsQuery, produces: ['application/x-ndjson'] } },
    async ({ query: { tenant, cursor }, exchange }, reply) => {
      exchange.onEnd(reading.enter(''));
      const lines = exports.records(tenant, cursor, exchange.signal);
      return reply.header('content-type', NDJSON).send(streamOf(lines, exchange));
    },
  );

  app.post<{ Querystring: Static<typeof ImportQuery> }>(
    '/admin/import/products',
    {
      schema: { querystring: ImportQuery, ...replies(ImportReply) },
      onRequest: takeRoom,
      config: { described: { body: Type.Object({}), consumes: ['application/x-ndjson'] } },
    },
    async (request) => {
      const { tenant, model } = request.query;
      imports.checkModel(model);
      const leave = writing.enter('');
      const sum = { written: 0, deleted: 0, unchanged: 0 };
      try {
        for await (const lines of linesOf(request)) {
          const { written, deleted, unchanged } = await imports.products(tenant, lines);
          sum.written += written;
          sum.deleted += deleted;
          sum.unchanged += unchanged;
        }
      } finally {
        leave();
      }
      return sum;
    },
  );

  app.post<{ Querystring: Static<typeof RecordImportQuery> }>(
    '/admin/import/records',
    {
      schema: { querystring: RecordImportQuery, ...replies(RecordsReply) },
      onRequest: takeRoom,
      config: { described: { body: Type.Object({}), consumes: ['application/x-ndjson'] } },
    },
    async (request) => {
      const replace = request.query.replace === 'true';
      const sum = { written: 0, kept: 0 };
      for await (const lines of linesOf(request)) {
        for (const line of lines) {
          sum[(await imported(imports, line, replace)) ? 'written' : 'kept'] += 1;
        }
      }
      return sum;
    },
  );

  app.post<{ Body: Static<typeof RollbackBody> }>(
    '/admin/rollback',
    { schema: { body: RollbackBody, ...replies(RollbackReply) } },
    async ({ body: { tenant, to, preview = false }, actor, exchange }) => {
      const toMs = Date.parse(to);
      if (Number.isNaN(toMs)) throw invalidField('to', 'must be a time as 2026-11-29T21:00:00Z');
      return rollback.run(tenant, toMs, { preview, by: actor, signal: exchange.signal });
    },
  );

  app.post<{ Body: Static<typeof SettleBody> }>(
    '/admin/import/settle',
    { schema: { body: SettleBody, ...replies(SettleReply) } },
    async ({ body, exchange }) => {
      const lagging = await imports.settle(body.tenant, body.timeout_ms, exchange.signal);
      return { searchable: lagging.length === 0, lagging };
    },
  );
}

async function imported(
  imports: HttpPorts['imports'],
  line: BackupLine,
  replace: boolean,
): Promise<boolean> {
  if ('record' in line) return imports.record(line.record, replace);
  if ('placement' in line) return imports.placement(line.placement);
  throw invalidField('lines', 'must be records and placements');
}

/** A reply that is made as it is read. */
function streamOf(
  lines: AsyncGenerator<string>,
  exchange: FastifyRequest['exchange'],
): Readable {
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
  if (!(body instanceof Readable)) {
    throw new OmniError('unsupported_media_type', 'the body must be application/x-ndjson');
  }
  const maxRowBytes = limits.maxProductBytes + VECTOR_BYTES;
  let batch: BackupLine[] = [];
  const lines = physicalLines(readChunks(body, limits), { lineEnd: NEWLINE, maxRowBytes });
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
