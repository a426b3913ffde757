import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { NAME } from '../core/ids.js';
import { OmniError } from '../core/errors.js';
import { LINES_REPLY, NDJSON } from './ndjson.js';
import type { HttpPorts } from './ports.js';
import { replies } from './reply-schemas.js';
import { CLOSED } from './schema-parts.js';
import { TenantGate } from './tenant-gate.js';

/** Of all regions together. */
const PAGES_AT_ONCE = 16;
const PAGES_OF_TENANT = 4;

const Position = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,2000}$',
  description: 'a position of an answer before',
});
const ChangesQuery = Type.Object(
  {
    tenants: Type.Optional(Position),
    records: Type.Optional(
      Type.String({ pattern: '^\\d{1,15}$', description: 'a number of an answer before' }),
    ),
  },
  CLOSED,
);
const RecordsQuery = Type.Object(
  {
    kind: Type.String({ minLength: 1, maxLength: 100, description: 'a kind of records' }),
    after: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2_000, description: 'an id of an answer before' }),
    ),
  },
  CLOSED,
);
const ProductsQuery = Type.Object(
  {
    tenant: Type.String({ pattern: NAME.pattern.source, description: NAME.expected }),
    after: Type.Optional(Position),
  },
  CLOSED,
);

const Records = Type.Array(
  Type.Object({
    kind: Type.String(),
    id: Type.String(),
    value: Type.Union([Type.Null(), Type.Object({}, { additionalProperties: true })]),
  }),
);
const ChangesReply = Type.Object({
  store: Type.String(),
  model: Type.Union([
    Type.Null(),
    Type.Object({
      ...{ name: Type.String(), fingerprint: Type.String(), dimensions: Type.Integer() },
    }),
  ]),
  tenants: Type.Array(Type.String()),
  tenants_position: Type.String(),
  records: Records,
  records_position: Type.Integer(),
  records_expired: Type.Boolean(),
  at_end: Type.Boolean(),
});
const RecordsReply = Type.Object({ records: Records, at_end: Type.Boolean() });

/** `/admin/region/…`: what regions ask of their primary. */
export function regionRoutes(app: FastifyInstance, { regionSource }: HttpPorts): void {
  const reading = new TenantGate(PAGES_AT_ONCE, PAGES_OF_TENANT, 'pages for regions');
  app.addHook('onRequest', async ({ key }) => {
    if (key?.tenants === undefined) return;
    throw new OmniError('forbidden', 'regions want an admin key of all tenants');
  });

  app.get<{ Querystring: Static<typeof ChangesQuery> }>(
    '/admin/region/changes',
    { schema: { querystring: ChangesQuery, ...replies(ChangesReply) } },
    async ({ query: { tenants, records } }) =>
      regionSource.changes({
        tenants,
        records: records === undefined ? undefined : Number(records),
      }),
  );

  app.get<{ Querystring: Static<typeof RecordsQuery> }>(
    '/admin/region/records',
    { schema: { querystring: RecordsQuery, ...replies(RecordsReply) } },
    async ({ query: { kind, after } }) => regionSource.records(kind, after),
  );

  app.get<{ Querystring: Static<typeof ProductsQuery> }>(
    '/admin/region/products',
    { schema: { querystring: ProductsQuery, ...LINES_REPLY } },
    async ({ query: { tenant, after }, exchange }, reply) => {
      const leave = reading.enter(tenant);
      try {
        const lines = await regionSource.products(tenant, after, exchange.signal);
        exchange.progress();
        return await reply.header('content-type', NDJSON).send(`${lines.join('\n')}\n`);
      } finally {
        leave();
      }
    },
  );
}
