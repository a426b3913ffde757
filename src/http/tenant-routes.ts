import type { FastifyInstance } from 'fastify';
import { invalidField } from '../core/errors.js';
import { NAME } from '../core/ids.js';
import { checkOnce } from './check-once.js';
import { SMALL_BYTES } from './limits.js';
import { listed, listOptions, ListQuery } from './list-reply.js';
import type { HttpPorts } from './ports.js';
import { replies } from './reply-schemas.js';
import { putShopPart, shopParts } from './shop-parts.js';
import {
  DropQuery,
  PlanReply,
  PlanRequest,
  PlansReply,
  TenantReply,
  TenantRequest,
  TenantsReply,
} from './tenant-schemas.js';

interface OfTenant {
  Params: { id: string };
}

interface OfPlan {
  Params: { name: string };
}

/** `/tenants` and `/plans`: who is there, and what each may. */
export function tenantRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const { tenantDesk: desk, plans } = ports;
  app.get<{ Querystring: ListQuery }>(
    '/tenants',
    { schema: { querystring: ListQuery, ...replies(TenantsReply) } },
    async ({ query }) => {
      const { after, limit } = listOptions(query);
      return listed('tenants', await desk.list(after, limit + 1), limit, ({ id }) => id);
    },
  );

  app.get<OfTenant>('/tenants/:id', { schema: replies(TenantReply) }, async ({ params }) =>
    desk.get(params.id),
  );

  app.put<OfTenant & { Body: TenantRequest }>(
    '/tenants/:id',
    {
      schema: { body: TenantRequest, response: { 200: TenantReply, 201: TenantReply } },
      bodyLimit: SMALL_BYTES,
    },
    async ({ params, body, actor }, reply) => {
      const { tenant, isNew } = await desk.put(params.id, body, actor);
      if (body.settings_from !== undefined) {
        const { parts } = await shopParts(ports, body.settings_from);
        for (const part of parts) await putShopPart(ports, params.id, part, actor);
      }
      return reply.code(isNew ? 201 : 200).send(tenant);
    },
  );

  app.delete<OfTenant & { Querystring: DropQuery }>(
    '/tenants/:id',
    { schema: { querystring: DropQuery, response: { 202: TenantReply } } },
    async ({ params, query, actor }, reply) => {
      const asked = { moved: query.moved === 'true', keepKeys: query.keep_keys === 'true' };
      const dropped = await desk.drop(params.id, actor, asked);
      return reply.code(202).send(dropped);
    },
  );

  app.get('/plans', { schema: replies(PlansReply) }, async () => ({ plans: await plans.list() }));

  app.get<OfPlan>('/plans/:name', { schema: replies(PlanReply) }, async ({ params }) =>
    plans.get(params.name),
  );

  app.put<OfPlan & { Body: PlanRequest }>(
    '/plans/:name',
    { schema: { body: PlanRequest, ...replies(PlanReply) }, bodyLimit: SMALL_BYTES },
    async ({ params, body, actor }) => {
      if (!NAME.pattern.test(params.name)) throw invalidField('name', `must be ${NAME.expected}`);
      if (typeof body.shards === 'object') checkOnce(body.shards, (i) => `shards[${i}]`);
      return plans.put(params.name, body, actor);
    },
  );

  app.delete<OfPlan>('/plans/:name', async ({ params, actor }) => {
    await plans.remove(params.name, actor);
    return { name: params.name };
  });
}
