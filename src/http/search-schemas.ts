import { Type, type Static, type TArray, type TNumber } from 'typebox';
import {
  CLOSED,
  fieldNames,
  FilterBody,
  Flag,
  integer,
  PriceListName,
  ProductId,
} from './schema-parts.js';
import { SHOP } from './shop-schemas.js';

const common = {
  top_k: Type.Optional(integer(1, 1_000)),
  filter: Type.Optional(FilterBody),
  fields: Type.Optional(fieldNames(1_000)),
  exact: Type.Optional(Flag),
  explain: Type.Optional(Flag),
  timeout_ms: Type.Optional(integer(1, 60_000)),
  price_list: PriceListName,
  include_cold: Type.Optional(Flag),
  ...SHOP,
};

/** What a text is; also the message where neither it nor `browse` is given. */
export const QUERY_TEXT = 'a string of 1 to 2000 characters';

export const TextSearchBody = Type.Object(
  {
    query: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000, description: QUERY_TEXT })),
    browse: Type.Optional(Flag),
    mode: Type.Optional(
      Type.Enum(['hybrid', 'keyword', 'vector'], {
        description: '"hybrid", "keyword" or "vector"',
      }),
    ),
    prefix: Type.Optional(Flag),
    understand: Type.Optional(Flag),
    highlight: Type.Optional(fieldNames(20)),
    ...common,
  },
  CLOSED,
);
export type TextSearchBody = Static<typeof TextSearchBody>;

const MAX_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

function vectorOf(dimensions: number): TArray<TNumber> {
  const description = 'a number that is finite in float32';
  const bounds = { minimum: -MAX_FLOAT32, maximum: MAX_FLOAT32 };
  return Type.Array(Type.Number({ ...bounds, description }), {
    minItems: dimensions,
    maxItems: dimensions,
    description: `a list of ${dimensions} numbers`,
  });
}

/** The body of a vector search over vectors of `dimensions` values: one of the two says which is looked for. */
export function vectorSearchBody(dimensions: number) {
  const description = `the base64 of ${dimensions} little-endian float32 numbers`;
  return Type.Object(
    {
      vector: Type.Optional(vectorOf(dimensions)),
      vector_b64: Type.Optional(
        Type.String({ maxLength: 4 * Math.ceil((4 * dimensions) / 3), description }),
      ),
      ...common,
    },
    CLOSED,
  );
}
export type VectorSearchBody = Static<ReturnType<typeof vectorSearchBody>>;

export const SimilarSearchBody = Type.Object({ id: ProductId, ...common }, CLOSED);
export type SimilarSearchBody = Static<typeof SimilarSearchBody>;

/** Any search but a batch. */
export type SearchBody = TextSearchBody | VectorSearchBody | SimilarSearchBody;

/** The outside of a batch; each entry is validated on its own. */
export const BatchSearchBody = Type.Object(
  {
    searches: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: 100,
      description: 'a list of 1 to 100 searches',
    }),
  },
  CLOSED,
);
export type BatchSearchBody = Static<typeof BatchSearchBody>;
