import type { FastifyInstance } from 'fastify';
import { validId } from '../ingest/validate-product.js';
import type { MerchandiseKind } from '../merchandising/rule-desk.js';
import { RULE_BODY_BYTES } from './limits.js';
import { listed, listOptions, ListQuery } from './list-reply.js';
import type { HttpPorts } from './ports.js';
import { ruleBody, synonymBody } from './rule-body.js';
import { RuleRequest, SynonymRequest } from './rule-schemas.js';

interface Params {
  id: string;
}

/** `/rules` and `/synonyms`, of the request's tenant. */
export function ruleRoutes(app: FastifyInstance, ports: HttpPorts): void {
  readingRoutes(app, ports, 'rule', 'rules');
  readingRoutes(app, ports, 'synonym', 'synonyms');
  const bodyLimit = RULE_BODY_BYTES;

  app.put<{ Params: Params; Body: RuleRequest }>(
    '/rules/:id',
    { schema: { body: RuleRequest }, bodyLimit },
    async ({ tenant, params, body, actor }) => {
      const rule = ruleBody(body, params.id);
      await ports.rules.put('rule', tenant, rule, actor);
      return rule;
    },
  );

  app.put<{ Params: Params; Body: SynonymRequest }>(
    '/synonyms/:id',
    { schema: { body: SynonymRequest }, bodyLimit },
    async ({ tenant, params, body, actor }) => {
      const synonym = synonymBody(body, params.id);
      await ports.rules.put('synonym', tenant, synonym, actor);
      return synonym;
    },
  );
}

function readingRoutes(
  app: FastifyInstance,
  { rules }: HttpPorts,
  kind: MerchandiseKind,
  name: string,
): void {
  app.get<{ Querystring: ListQuery }>(
    `/${name}`,
    { schema: { querystring: ListQuery } },
    async ({ tenant, query }) => {
      const { after, limit } = listOptions(query);
      const found = await rules.list(kind, tenant, after, limit + 1);
      return listed(name, found, limit, ({ id }) => id);
    },
  );

  app.get<{ Params: Params }>(`/${name}/:id`, async ({ tenant, params }) =>
    rules.get(kind, tenant, validId(params.id)),
  );

  app.delete<{ Params: Params }>(`/${name}/:id`, async ({ tenant, params, actor }) => {
    const id = validId(params.id);
    await rules.remove(kind, tenant, id, actor);
    return { id };
  });
}
