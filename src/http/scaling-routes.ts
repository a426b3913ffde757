import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import type { JsonObject } from '../core/product.js';
import { LIST_LIMIT, limitOf } from './list-reply.js';
import type { HttpPorts } from './ports.js';
import { replies } from './reply-schemas.js';
import { CLOSED } from './schema-parts.js';

const ScalingQuery = Type.Object({ limit: LIST_LIMIT }, { ...CLOSED, description: 'an object' });
type ScalingQuery = Static<typeof ScalingQuery>;

const Time = Type.String({ description: 'RFC 3339' });
/** Figures of a role; those that nobody gave are not there. */
const Figures = Type.Object({}, { additionalProperties: true });

const ScalingReply = Type.Object({
  decisions: Type.Array(
    Type.Object({
      at: Time,
      role: Type.String(),
      from: Type.Integer(),
      to: Type.Integer(),
      reason: Type.String(),
      sample: Figures,
      outcome: Type.String(),
    }),
  ),
  seen: Type.Array(
    Type.Object({
      at: Time,
      role: Type.String(),
      from: Type.Union([Type.Integer(), Type.Null()]),
      to: Type.Union([Type.Integer(), Type.Null()]),
      floor: Type.Integer(),
      reason: Type.String(),
      sample: Figures,
    }),
  ),
});

/** `GET /admin/autoscale`: what was decided about how many processes there are, the latest first, and what was seen last. */
export function scalingRoutes(app: FastifyInstance, { scaling }: HttpPorts): void {
  app.get<{ Querystring: ScalingQuery }>(
    '/admin/autoscale',
    { schema: { querystring: ScalingQuery, ...replies(ScalingReply) } },
    async ({ query: { limit } }) => {
      const { decisions, seen } = await scaling.show(limitOf(limit));
      return {
        decisions: decisions.map(timed),
        seen: Object.entries(seen).map(([role, each]) => {
          const { from = null, to = null, ...more } = timed(each as JsonObject);
          return { role, from, to, ...more };
        }),
      };
    },
  );
}

function timed({ at_ms: atMs, ...more }: JsonObject): JsonObject {
  return { at: new Date(Number(atMs)).toISOString(), ...more };
}
