import { Type, type Static } from 'typebox';
import { CLOSED, Flag } from './schema-parts.js';

const ACTIONS = ['upsert', 'create', 'update'] as const;

const FlagText = Type.Optional(
  Type.String({ pattern: '^(true|false)$', description: 'true or false' }),
);

export const ImportQuery = Type.Object(
  {
    prune: FlagText,
    dry_run: FlagText,
    action: Type.Optional(
      Type.String({ pattern: `^(${ACTIONS.join('|')})$`, description: ACTIONS.join(', ') }),
    ),
  },
  CLOSED,
);
export type ImportQuery = Static<typeof ImportQuery>;

/** An import whose feed is fetched. */
export const ImportBody = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 4_096, description: 'a URL' }),
    prune: Type.Optional(Flag),
    dry_run: Type.Optional(Flag),
    map: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 256 }), Type.String({ minLength: 1 }), {
        description: 'an object of our field to the feed’s',
      }),
    ),
  },
  CLOSED,
);
export type ImportBody = Static<typeof ImportBody>;

const Count = Type.Integer({ minimum: 0 });
const Time = Type.Union([Type.String(), Type.Null()]);

export const ImportTaken = Type.Object({ id: Type.String(), state: Type.String() });

const ImportPart = Type.Object({
  id: Type.String(),
  state: Type.Union([
    Type.Literal('queued'),
    Type.Literal('running'),
    Type.Literal('waiting_for_confirmation'),
    Type.Literal('done'),
    Type.Literal('failed'),
    Type.Literal('cancelled'),
  ]),
  action: Type.String(),
  prune: Type.Boolean(),
  dry_run: Type.Boolean(),
  rows: Count,
  rows_total: Type.Union([Count, Type.Null()]),
  accepted: Count,
  unchanged: Count,
  stale: Count,
  rejected_count: Count,
  added: Type.Optional(Count),
  changed: Type.Optional(Count),
  deleted: Type.Optional(Count),
  rows_per_s: Type.Union([Type.Number(), Type.Null()]),
  seconds_left: Type.Union([Type.Number(), Type.Null()]),
  pruned: Count,
  to_prune: Type.Union([Count, Type.Null()]),
  created_at: Type.String(),
  started_at: Time,
  ended_at: Time,
  error: Type.Optional(
    Type.Object({
      code: Type.String(),
      message: Type.String(),
      field: Type.Optional(Type.String()),
    }),
  ),
});

export const ImportReply = Type.Object({
  ...ImportPart.properties,
  rejected: Type.Array(Type.Object({})),
});

export const ImportList = Type.Object({
  imports: Type.Array(ImportPart),
  next_cursor: Type.Optional(Type.String()),
});
