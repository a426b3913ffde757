import type { FastifyInstance } from 'fastify';
import { invalidField } from '../../../core/errors.js';
import { describeValue, isObject } from '../../../core/json.js';
import type { HttpPorts } from '../../ports.js';
import type { Collections } from '../collections.js';

interface OfAlias {
  Params: { alias: string };
}

const MAX_LISTED = 1_000;

/** `/aliases`: another name of a collection, changed in one step. */
export function aliasRoutes(
  app: FastifyInstance,
  { aliases }: HttpPorts,
  collections: Collections,
): void {
  app.get('/aliases', async () => {
    const all = await aliases.list(undefined, MAX_LISTED);
    return { aliases: all.map(aliasBody) };
  });

  app.put<OfAlias>('/aliases/:alias', async (request) => {
    const { params, body, actor } = request;
    const name = isObject(body) ? body['collection_name'] : undefined;
    if (typeof name !== 'string') {
      throw invalidField('collection_name', `must be a string, got ${describeValue(name)}`);
    }
    // Nothing of the collection changes.
    const { tenant } = await collections.open(request, name, 'read');
    return aliasBody(await aliases.put(params.alias, tenant, actor));
  });

  app.get<OfAlias>('/aliases/:alias', async ({ params }) =>
    aliasBody(await aliases.get(params.alias)),
  );

  app.delete<OfAlias>('/aliases/:alias', async ({ params, actor }) => {
    const alias = await aliases.get(params.alias);
    await aliases.remove(alias.name, actor);
    return aliasBody(alias);
  });
}

function aliasBody({ name, tenant }: { name: string; tenant: string }): object {
  return { collection_name: tenant, name };
}
