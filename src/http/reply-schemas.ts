import { Type, type TSchema } from 'typebox';

/**
 * Schemas of replies. They describe, and tests hold real replies against them; what is sent does not go
 * through them, since products bring fields of their own.
 */

const Count = Type.Integer({ minimum: 0 });
const Ms = Type.Number({ minimum: 0 });
const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

const ErrorPart = Type.Object({
  code: Type.String(),
  message: Type.String(),
  field: Type.Optional(Type.String()),
  request_id: Type.Optional(Type.String()),
});

/** What every status from 400 on is answered with; a write adds its counts. */
export const ErrorReply = Type.Object({ error: ErrorPart });

const hit = {
  id: Type.String(),
  score: Type.Number(),
  scores: Type.Optional(
    Type.Object({
      text: Type.Number(),
      vector: Type.Number(),
      type: Type.Number(),
      exact: Type.Number(),
    }),
  ),
  product: Type.Object({}),
  widened: Type.Optional(Type.Boolean()),
  highlight: Type.Optional(Type.Record(Type.String(), Type.String())),
  explain: Type.Optional(Type.Object({})),
};

const Hit = Type.Object({
  ...hit,
  group: Type.Optional(
    Type.Object({
      value: Type.Union([Scalar, Type.Null()]),
      total: Count,
      hits: Type.Array(Type.Object(hit)),
    }),
  ),
});

const FacetValues = Type.Object({
  values: Type.Array(
    Type.Object({
      value: Scalar,
      count: Count,
      from: Type.Optional(Type.Number()),
      to: Type.Optional(Type.Number()),
    }),
  ),
  other: Count,
  min: Type.Optional(Type.Number()),
  max: Type.Optional(Type.Number()),
  avg: Type.Optional(Type.Number()),
});

const Missing = Type.Object({
  part: Type.String(),
  category: Type.Optional(Type.String()),
  shard: Type.Optional(Type.String()),
  reason: Type.String(),
});

const Coverage = Type.Object({
  documents: Count,
  of: Count,
  percent: Type.Number({ minimum: 0, maximum: 100 }),
});

export const SearchReplyBody = Type.Object({
  hits: Type.Array(Hit),
  cold: Type.Optional(
    Type.Object({
      hits: Type.Array(Hit),
      compared: Count,
      partial: Type.Union([Type.Object({ reason: Type.String() }), Type.Null()]),
    }),
  ),
  total: Count,
  page: Type.Optional(Count),
  per_page: Type.Optional(Count),
  rewritten: Type.Optional(
    Type.Union([Type.Object({ from: Type.String(), to: Type.String() }), Type.Null()]),
  ),
  did_you_mean: Type.Optional(Type.Array(Type.String())),
  understood: Type.Optional(Type.Array(Type.Object({ text: Type.String() }))),
  approximate: Type.Optional(Type.Boolean()),
  facets: Type.Optional(Type.Record(Type.String(), FacetValues)),
  next_cursor: Type.Optional(Type.String()),
  warnings: Type.Optional(
    Type.Array(Type.Object({ code: Type.String(), field: Type.String(), message: Type.String() })),
  ),
  rules: Type.Optional(Type.Array(Type.String())),
  redirect: Type.Optional(Type.String()),
  data: Type.Optional(Type.Array(Type.Unknown())),
  took_ms: Ms,
  timings_ms: Type.Object({ embed: Ms, search: Ms, join: Ms }),
  embedding: Type.Optional(Type.Enum(['cached', 'shared', 'computed'])),
  model: Type.String(),
  partial: Type.Union([
    Type.Object({ missing: Type.Array(Missing), coverage: Type.Optional(Coverage) }),
    Type.Null(),
  ]),
  unknown_fields: Type.Optional(Type.Array(Type.String())),
  query_id: Type.String({ format: 'uuid' }),
  explain: Type.Optional(Type.Object({})),
});

export const BatchReplyBody = Type.Object({
  results: Type.Array(Type.Union([SearchReplyBody, ErrorReply])),
});

/** Fields that were asked for. */
export const ProductPart = Type.Object({});

export const WriteReplyBody = Type.Object({
  accepted: Count,
  unchanged: Count,
  stale: Count,
  rejected_count: Count,
  rejected: Type.Array(
    Type.Object({
      line: Count,
      id: Type.Optional(Type.String()),
      field: Type.Optional(Type.String()),
      code: Type.String(),
      message: Type.String(),
    }),
  ),
  searchable: Type.Optional(Type.Boolean()),
  lagging: Type.Optional(Type.Array(Type.String())),
});

const FieldChoice = Type.Union([Type.Literal('all'), Type.Array(Type.String())]);

const Tier = Type.Optional(
  Type.Union([
    Type.Object({
      updated_days: Type.Optional(Count),
      found_days: Type.Optional(Count),
      filter: Type.Optional(Type.Object({})),
    }),
    Type.Null(),
  ]),
);

export const SettingsReply = Type.Object({
  searchable: Type.Array(Type.Object({ field: Type.String(), weight: Type.Number() })),
  identifiers: Type.Array(Type.String()),
  stop_words: Type.Array(Type.String()),
  language: Type.Enum(['en', 'none']),
  facets: FieldChoice,
  sortable: FieldChoice,
  understand: Type.Boolean(),
  tiers: Type.Optional(Type.Object({ warm: Tier, cold: Tier })),
});

export const CategoriesReply = Type.Object({
  categories: Type.Array(Type.Object({ category: Type.String(), products: Count })),
});

export const StatusReply = Type.Object({ status: Type.String() });

export const HealthReply = Type.Object({
  status: Type.String(),
  parts: Type.Array(
    Type.Object({
      name: Type.String(),
      state: Type.Enum(['ok', 'starting', 'degraded', 'down']),
      detail: Type.Optional(Type.String()),
    }),
  ),
});

/** In Prometheus' text format. */
export const MetricsReply = Type.String();

const CacheReply = Type.Object({ entries: Count, hits: Count, misses: Count });

const Share = Type.Union([Type.Number(), Type.Null()]);
const Recall = Type.Object({
  target: Type.Number(),
  bands: Type.Array(
    Type.Object({
      selectivity: Type.Number(),
      repeats: Count,
      recall: Share,
      low: Share,
      high: Share,
      failing: Type.Boolean(),
    }),
  ),
});

export const StatsReply = Type.Object({
  model: Type.Object({
    name: Type.String(),
    fingerprint: Type.String(),
    dimensions: Count,
  }),
  products: Count,
  partitions: Count,
  shards: Type.Array(
    Type.Object({
      name: Type.String(),
      documents: Count,
      bytes: Count,
      behind: Count,
      recall: Type.Optional(Recall),
    }),
  ),
  embedding_cache: CacheReply,
  answer_cache: CacheReply,
});

/** `200` and its schema, for a route's `schema.response`. */
export function replies(schema: TSchema, status = 200): { response: Record<string, TSchema> } {
  return { response: { [status]: schema } };
}
