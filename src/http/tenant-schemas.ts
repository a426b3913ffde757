import { Type, type Static } from 'typebox';
import { NAME } from '../core/ids.js';
import { CLOSED, FlagText, integer, number } from './schema-parts.js';

/** Of `/tenants` and `/plans`. A `description` reads after "must be". */

const MAX_BYTES = 2 ** 50;
const MAX_COUNT = 1_000_000_000;
const MAX_RATE = 1_000_000;
const MAX_WEIGHT = 100;
const MAX_SHARDS = 1_000;

const quotas = {
  max_products: Type.Optional(integer(0, MAX_COUNT)),
  max_categories: Type.Optional(integer(0, MAX_COUNT)),
  max_field_names: Type.Optional(integer(0, MAX_COUNT)),
  max_bytes: Type.Optional(integer(0, MAX_BYTES)),
  searches_per_s: Type.Optional(integer(1, MAX_RATE)),
  burst: Type.Optional(integer(0, MAX_RATE)),
};

const Deployment = Type.Object(
  {
    name: Type.String({ pattern: NAME.pattern.source, description: NAME.expected }),
    url: Type.String({
      pattern: '^https?://([a-zA-Z0-9.-]+|\\[[0-9a-fA-F:.]+\\])(:[0-9]{1,5})?/?$',
      maxLength: 256,
      description: 'an address such as http://host:8080',
    }),
    store_url: Type.Optional(
      Type.String({
        // It is shown to every operator.
        pattern: '^[a-z][a-z0-9+]*:[^\\s@]*$',
        maxLength: 1_024,
        description: 'a STORE_URL without user and password',
      }),
    ),
  },
  CLOSED,
);

export const PlanRequest = Type.Object(
  {
    ...quotas,
    weight: Type.Optional(number(0.01, MAX_WEIGHT)),
    shards: Type.Optional(
      Type.Union(
        [
          integer(0, MAX_SHARDS),
          Type.Array(
            Type.String({
              pattern: NAME.pattern.source,
              description: `a node's name: ${NAME.expected}`,
            }),
            { maxItems: MAX_SHARDS, description: `a list of at most ${MAX_SHARDS} nodes' names` },
          ),
        ],
        {
          description: `an integer from 0 to ${MAX_SHARDS}, or a list of at most so many nodes' names`,
        },
      ),
    ),
    deployment: Type.Optional(Deployment),
    objective: Type.Optional(number(0, 1)),
    price_month: Type.Optional(number(0, MAX_COUNT)),
    machine_bytes: Type.Optional(integer(1, MAX_BYTES)),
  },
  CLOSED,
);
export type PlanRequest = Static<typeof PlanRequest>;

export const TenantRequest = Type.Object(
  {
    state: Type.Optional(
      Type.Unsafe<'active' | 'read_only' | 'suspended'>({
        type: 'string',
        enum: ['active', 'read_only', 'suspended'],
        description: '"active", "read_only" or "suspended"',
      }),
    ),
    plan: Type.Optional(
      Type.Unsafe<string | null>({
        type: ['string', 'null'],
        pattern: NAME.pattern.source,
        description: "a plan's name, or null",
      }),
    ),
    limits: Type.Optional(Type.Object(quotas, CLOSED)),
    deployment: Type.Optional(Type.Union([Deployment, Type.Null()])),
    settings_from: Type.Optional(
      Type.String({
        pattern: NAME.pattern.source,
        description: `a tenant's name: ${NAME.expected}`,
      }),
    ),
  },
  CLOSED,
);
export type TenantRequest = Static<typeof TenantRequest>;

/** Of `DELETE /tenants/{id}`. */
export const DropQuery = Type.Object(
  { moved: Type.Optional(FlagText), keep_keys: Type.Optional(FlagText) },
  CLOSED,
);
export type DropQuery = Static<typeof DropQuery>;

const Count = Type.Integer({ minimum: 0 });

export const PlanReply = Type.Object({ name: Type.String(), ...quotas });
export const PlansReply = Type.Object({ plans: Type.Array(PlanReply) });

const tenant = {
  id: Type.String(),
  state: Type.Enum(['active', 'read_only', 'suspended', 'dropping', 'moved']),
  plan: Type.Union([Type.String(), Type.Null()]),
  limits: Type.Object(quotas),
  deployment: Type.Union([Type.Object({ name: Type.String(), url: Type.String() }), Type.Null()]),
  created_at: Type.Union([Type.String(), Type.Null()]),
};
export const TenantReply = Type.Object({
  ...tenant,
  dedicated: Type.Optional(
    Type.Object({ shards: Count, nodes: Type.Array(Type.String()), missing: Count }),
  ),
  usage: Type.Optional(
    Type.Object({ products: Count, categories: Count, fields: Count, bytes: Count }),
  ),
});
export const TenantsReply = Type.Object({
  tenants: Type.Array(Type.Object(tenant)),
  next_cursor: Type.Optional(Type.String()),
});
