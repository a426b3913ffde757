import { Type, type Static, type TArray, type TNumber } from 'typebox';

/** Request schemas. A `description` reads after "must be": it is the error message as well. */

const object = { additionalProperties: false, description: 'an object' };

function fieldNames(most: number) {
  const name = { minLength: 1, maxLength: 256, description: 'a string of 1 to 256 characters' };
  const description = `a list of at most ${most} strings`;
  return Type.Array(Type.String(name), { maxItems: most, description });
}

const common = {
  top_k: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: 'an integer from 1 to 1000' }),
  ),
  filter: Type.Optional(Type.Object({}, { description: 'a filter object' })),
  fields: Type.Optional(fieldNames(1_000)),
  exact: Type.Optional(Type.Boolean({ description: 'true or false' })),
  explain: Type.Optional(Type.Boolean({ description: 'true or false' })),
  timeout_ms: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 60_000, description: 'an integer from 1 to 60000' }),
  ),
};

export const TextSearchBody = Type.Object(
  {
    query: Type.String({
      minLength: 1,
      maxLength: 2_000,
      description: 'a string of 1 to 2000 characters',
    }),
    mode: Type.Optional(
      Type.Enum(['hybrid', 'keyword', 'vector'], {
        description: '"hybrid", "keyword" or "vector"',
      }),
    ),
    prefix: Type.Optional(Type.Boolean({ description: 'true or false' })),
    understand: Type.Optional(Type.Boolean({ description: 'true or false' })),
    highlight: Type.Optional(fieldNames(20)),
    ...common,
  },
  object,
);
export type TextSearchBody = Static<typeof TextSearchBody>;

function vectorOf(dimensions: number): TArray<TNumber> {
  return Type.Array(Type.Number({ description: 'a number that is finite in float32' }), {
    minItems: dimensions,
    maxItems: dimensions,
    description: `a list of ${dimensions} numbers`,
  });
}

/** The body of a vector search over vectors of `dimensions` values. */
export function vectorSearchBody(dimensions: number) {
  return Type.Object({ vector: vectorOf(dimensions), ...common }, object);
}
export type VectorSearchBody = Static<ReturnType<typeof vectorSearchBody>>;

/** The outside of a batch; each entry is validated on its own. */
export const BatchSearchBody = Type.Object(
  {
    searches: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: 100,
      description: 'a list of 1 to 100 searches',
    }),
  },
  object,
);
export type BatchSearchBody = Static<typeof BatchSearchBody>;

/** Longest that a write may be asked to wait, milliseconds. */
export const MAX_WAIT_TIMEOUT_MS = 600_000;

export const WriteQuery = Type.Object(
  {
    wait: Type.Optional(Type.String({ pattern: '^searchable$', description: '"searchable"' })),
    wait_timeout_ms: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,6}$',
        description: `an integer from 0 to ${MAX_WAIT_TIMEOUT_MS}`,
      }),
    ),
  },
  object,
);
export type WriteQuery = Static<typeof WriteQuery>;

export const ReadQuery = Type.Object(
  {
    fields: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4_096,
        description: 'field names with commas between',
      }),
    ),
  },
  object,
);
export type ReadQuery = Static<typeof ReadQuery>;
