import type { FastifyInstance } from 'fastify';
import { invalidField } from '../core/errors.js';
import { checkSound, describeValue } from '../core/json.js';
import type { JsonValue } from '../core/product.js';
import type { AskedKey } from '../tenancy/keys/key-desk.js';
import type { KeyChanges } from '../tenancy/keys/key-terms.js';
import { KeyPatch, NewKey, Rotation } from './key-schemas.js';
import { SMALL_BYTES } from './limits.js';
import { listed, listOptions, ListQuery } from './list-reply.js';
import type { HttpPorts } from './ports.js';

interface Params {
  id: string;
}

/** `/keys`, for operators. */
export function keyRoutes(app: FastifyInstance, { keyDesk }: HttpPorts): void {
  const bodyLimit = SMALL_BYTES;

  app.post<{ Body: NewKey }>(
    '/keys',
    { schema: { body: NewKey }, bodyLimit },
    async ({ body, actor }, reply) => {
      checkTerms(body);
      return reply.code(201).send(await keyDesk.create(body as AskedKey, actor));
    },
  );

  app.get<{ Querystring: ListQuery }>(
    '/keys',
    { schema: { querystring: ListQuery } },
    async ({ query }) => {
      const { after, limit } = listOptions(query);
      return listed('keys', await keyDesk.list(after, limit + 1), limit, ({ id }) => id);
    },
  );

  app.get<{ Params: Params }>('/keys/:id', async ({ params }) => keyDesk.get(params.id));

  app.patch<{ Params: Params; Body: KeyPatch }>(
    '/keys/:id',
    { schema: { body: KeyPatch }, bodyLimit },
    async ({ params, body, actor }) => {
      checkTerms(body);
      return keyDesk.change(params.id, body as KeyChanges, actor);
    },
  );

  app.post<{ Params: Params; Body: Rotation }>(
    '/keys/:id/rotate',
    { schema: { body: Rotation }, bodyLimit },
    async ({ params, body, actor }) => {
      const { previous_expires_at: endsAt } = body;
      checkTime('previous_expires_at', endsAt);
      return keyDesk.rotate(params.id, endsAt, actor);
    },
  );

  app.delete<{ Params: Params }>('/keys/:id', async ({ params, actor }) => {
    await keyDesk.remove(params.id, actor);
    return { id: params.id };
  });
}

/** Throws `invalid_field` for what a schema can not say. */
function checkTerms(body: NewKey | KeyPatch): void {
  checkSound(body as JsonValue, '');
  checkTime('expires_at', body.expires_at);
  checkTime('disabled_at', body.disabled_at);
}

/** There is no 31st of February. */
function checkTime(field: string, at: string | null | undefined): void {
  if (typeof at !== 'string') return;
  const day = at.slice(0, '2030-01-31'.length);
  if (new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)) return;
  throw invalidField(field, `must be a time that there is, got ${describeValue(at)}`);
}
