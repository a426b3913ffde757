import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { NAME } from '../core/ids.js';
import { SMALL_BYTES } from './limits.js';
import { listed, listOptions, ListQuery } from './list-reply.js';
import type { HttpPorts } from './ports.js';

const AliasRequest = Type.Object(
  { tenant: Type.String({ pattern: NAME.pattern.source, description: NAME.expected }) },
  { additionalProperties: false, description: 'an object' },
);
type AliasRequest = Static<typeof AliasRequest>;

interface Params {
  name: string;
}

/** `/aliases`: other names of tenants. */
export function aliasRoutes(app: FastifyInstance, { aliases }: HttpPorts): void {
  app.get<{ Querystring: ListQuery }>(
    '/aliases',
    { schema: { querystring: ListQuery } },
    async ({ query }) => {
      const { after, limit } = listOptions(query);
      return listed('aliases', await aliases.list(after, limit + 1), limit, ({ name }) => name);
    },
  );

  app.get<{ Params: Params }>('/aliases/:name', async ({ params }) => aliases.get(params.name));

  app.put<{ Params: Params; Body: AliasRequest }>(
    '/aliases/:name',
    { schema: { body: AliasRequest }, bodyLimit: SMALL_BYTES },
    async ({ params, body, actor }) => aliases.put(params.name, body.tenant, actor),
  );

  app.delete<{ Params: Params }>('/aliases/:name', async ({ params, actor }) => {
    await aliases.remove(params.name, actor);
    return { name: params.name };
  });
}
