import { Type, type Static } from 'typebox';
import { NAME } from '../core/ids.js';
import { ListQuery } from './list-reply.js';
import { CLOSED, Flag } from './schema-parts.js';

/** Of `/admin/cluster`, `/admin/placement` and `/admin/nodes`. A `description` reads after "must be". */

const MAX_NODES = 16;
const Count = Type.Integer({ minimum: 0 });

function name(description: string) {
  return Type.String({ pattern: NAME.pattern.source, description });
}

const Tenant = name(`a tenant's name: ${NAME.expected}`);
const NodeName = name(`a node's name: ${NAME.expected}`);

export const ClusterQuery = Type.Object(
  {
    ...ListQuery.properties,
    tenant: Type.Optional(Tenant),
    node: Type.Optional(NodeName),
  },
  CLOSED,
);
export type ClusterQuery = Static<typeof ClusterQuery>;

export const PlanQuery = Type.Object({ drain: Type.Optional(NodeName) }, CLOSED);
export type PlanQuery = Static<typeof PlanQuery>;

/** `partition` or `category`. */
const CHOICE = {
  tenant: Tenant,
  partition: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: "a partition's id" }),
  ),
  category: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: 'a string of 1 to 256 characters' }),
  ),
};

/** Nothing is changed: what would come of it is answered. */
const DRY_RUN = { dry_run: Type.Optional(Flag) };

export const MoveRequest = Type.Object(
  {
    ...CHOICE,
    ...DRY_RUN,
    to: Type.Array(NodeName, {
      minItems: 1,
      maxItems: MAX_NODES,
      description: `a list of 1 to ${MAX_NODES} nodes' names`,
    }),
  },
  CLOSED,
);
export type MoveRequest = Static<typeof MoveRequest>;

export const ReshapeRequest = Type.Object({ ...CHOICE, ...DRY_RUN }, CLOSED);
export type ReshapeRequest = Static<typeof ReshapeRequest>;

export const PinRequest = Type.Object({ ...CHOICE, ...DRY_RUN, pinned: Flag }, CLOSED);
export type PinRequest = Static<typeof PinRequest>;

/** For what takes no more than its address: a body all the same, which no page of another site can send. */
export const NothingMore = Type.Object({}, { ...CLOSED, description: 'an empty object' });

const Categories = Type.Union([Type.Array(Type.String()), Type.Literal('rest')]);

const PartitionPart = Type.Object({
  tenant: Type.String(),
  id: Type.String(),
  categories: Categories,
  range: Type.Array(Count, { minItems: 2, maxItems: 2 }),
  rows: Count,
  pinned: Type.Optional(Type.Boolean()),
  replicas: Type.Array(
    Type.Object({ node: Type.String(), state: Type.Enum(['building', 'serving', 'leaving']) }),
  ),
});

/** Which members there are goes by `action`: `move` has all but `nodes`. */
const AdviceList = Type.Array(
  Type.Object({
    action: Type.Enum(['move', 'split', 'wait', 'unpin', 'add']),
    node: Type.String(),
    cause: Type.Enum(['memory', 'load']),
    share: Type.Number(),
    share_after: Type.Optional(Type.Number()),
    tenant: Type.Optional(Type.String()),
    id: Type.Optional(Type.String()),
    categories: Type.Optional(Categories),
    range: Type.Optional(Type.Array(Count, { minItems: 2, maxItems: 2 })),
    rows: Type.Optional(Count),
    from: Type.Optional(Type.Array(Type.String())),
    to: Type.Optional(Type.Array(Type.String())),
    bytes: Type.Optional(Count),
    seconds: Type.Optional(Count),
    nodes: Type.Optional(Type.Array(Type.String())),
  }),
);

export const ClusterReply = Type.Object({
  nodes: Type.Array(
    Type.Object({
      name: Type.String(),
      zone: Type.Union([Type.String(), Type.Null()]),
      alive: Type.Boolean(),
      drained: Type.Boolean(),
      dedicated_to: Type.Optional(Type.String()),
      bytes: Count,
      live_bytes: Count,
      capacity_bytes: Type.Union([Count, Type.Null()]),
      load: Type.Union([Type.Number(), Type.Null()]),
    }),
  ),
  query_nodes: Type.Array(
    Type.Object({
      address: Type.String(),
      zone: Type.Union([Type.String(), Type.Null()]),
      alive: Type.Boolean(),
      serves: Type.Enum(['all', 'read', 'write']),
      load: Type.Number(),
      version: Type.String(),
    }),
  ),
  partitions: Type.Array(PartitionPart),
  advice: Type.Optional(AdviceList),
  next_cursor: Type.Optional(Type.String()),
});

const plan = {
  moves: Type.Array(
    Type.Object({
      tenant: Type.String(),
      id: Type.String(),
      categories: Categories,
      range: Type.Array(Count, { minItems: 2, maxItems: 2 }),
      from: Type.Array(Type.String()),
      to: Type.Array(Type.String()),
      rows: Count,
      bytes: Count,
    }),
  ),
  total: Type.Object({ moves: Count, rows: Count, bytes: Count, seconds: Count }),
  rows_per_s: Count,
};

export const PlanReply = Type.Object({ ...plan, advice: Type.Optional(AdviceList) });

/** All but `partitions` is there with `dry_run` alone. */
export const PartitionsReply = Type.Object({
  partitions: Type.Array(PartitionPart),
  dry_run: Type.Optional(Type.Boolean()),
  before: Type.Optional(Type.Array(PartitionPart)),
  moves: Type.Optional(plan.moves),
  total: Type.Optional(plan.total),
  rows_per_s: Type.Optional(plan.rows_per_s),
});

export const DrainReply = Type.Object({
  node: Type.String(),
  drained: Type.Boolean(),
  ...plan,
  left: Type.Object({ partitions: Count, rows: Count }),
});

export const UndrainReply = Type.Object({ node: Type.String(), drained: Type.Boolean() });
