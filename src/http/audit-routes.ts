import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { LIST_LIMIT, limitOf } from './list-reply.js';
import { LINES_REPLY, NDJSON } from './ndjson.js';
import type { HttpPorts } from './ports.js';

const AuditQuery = Type.Object(
  {
    limit: LIST_LIMIT,
    after: Type.Optional(Type.String({ pattern: '^[0-9]{1,12}$', description: "an entry's id" })),
  },
  { additionalProperties: false, description: 'an object' },
);
type AuditQuery = Static<typeof AuditQuery>;

/** `GET /audit`: who changed what of the request's tenant, oldest first, a line each. */
export function auditRoutes(app: FastifyInstance, { audit }: HttpPorts): void {
  app.get<{ Querystring: AuditQuery }>(
    '/audit',
    { schema: { querystring: AuditQuery, ...LINES_REPLY } },
    async ({ tenant, query: { limit, after } }, reply) => {
      const entries = await audit.list(tenant, after, limitOf(limit));
      const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);
      return reply.header('content-type', NDJSON).send(lines.join(''));
    },
  );
}
