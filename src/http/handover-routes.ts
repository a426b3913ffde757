import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { OmniError } from '../core/errors.js';
import type { Handover } from '../tenancy/handover.js';
import { shown } from '../tenancy/handover-desk.js';
import { SMALL_BYTES } from './limits.js';
import type { HttpPorts } from './ports.js';
import { replies } from './reply-schemas.js';
import { CLOSED, integer } from './schema-parts.js';

const Name = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'a name of 1 to 64 characters',
});

const Record = {
  id: Name,
  side: Type.Enum(['old', 'new'], { description: '"old" or "new"' }),
  writes: Type.Enum(['here', 'held', 'there'], { description: '"here", "held" or "there"' }),
  reads: Type.Enum(['here', 'followed', 'there'], { description: '"here", "followed" or "there"' }),
  peer: Type.String({
    pattern: '^https?://[^\\s/?#@]+$',
    maxLength: 512,
    description: 'http://… or https://…, with host and port alone',
  }),
  beat: integer(0, Number.MAX_SAFE_INTEGER),
  walk: Type.Object({}, { description: 'an object' }),
};
const HandoverRequest = Type.Object(
  {
    revision: integer(0, Number.MAX_SAFE_INTEGER),
    handover: Type.Union([Type.Object({ ...Record, walker: Name }, CLOSED), Type.Null()], {
      description: 'the record of a handover, or null',
    }),
  },
  CLOSED,
);
type HandoverRequest = Static<typeof HandoverRequest>;

const HandoverReply = Type.Object({
  revision: Type.Integer(),
  handover: Type.Union([Type.Object({ ...Record, walker: Type.String() }), Type.Null()]),
});

/** `/admin/handover`: the record that `omnisearch migrate` walks by, on either side. */
export function handoverRoutes(app: FastifyInstance, { handoverDesk: desk }: HttpPorts): void {
  // It is about all tenants.
  app.addHook('onRequest', async ({ key }) => {
    if (key?.tenants === undefined) return;
    throw new OmniError('forbidden', 'a handover wants an admin key of all tenants');
  });

  app.get('/admin/handover', { schema: replies(HandoverReply) }, async () => {
    const { handover, revision } = await desk.get();
    return { revision, handover: handover === undefined ? null : shown(handover) };
  });

  app.put<{ Body: HandoverRequest }>(
    '/admin/handover',
    { schema: { body: HandoverRequest, ...replies(HandoverReply) }, bodyLimit: SMALL_BYTES },
    async ({ body, actor }) => {
      const next = (body.handover ?? undefined) as Handover | undefined;
      const revision = await desk.put(next, body.revision, actor);
      return { revision, handover: next === undefined ? null : shown(next) };
    },
  );
}
