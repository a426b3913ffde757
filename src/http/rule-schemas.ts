import { Type, type Static } from 'typebox';
import { CLOSED, FilterBody, integer, ProductId } from './schema-parts.js';
import { MERCHANDISE } from './shop-schemas.js';

/** Of rules and synonyms. A `description` reads after "must be": it is the error message as well. */

const MAX_TAGS = 20;
const MAX_PHRASES = 50;
const MAX_DRAFTS = 100;
const MAX_QUERIES = 1_000;

function text(most: number) {
  const description = `a string of 1 to ${most} characters`;
  return Type.String({ minLength: 1, maxLength: most, description });
}

function texts(characters: number, least: number, most: number) {
  const description = `a list of ${least} to ${most} strings`;
  return Type.Array(text(characters), { minItems: least, maxItems: most, description });
}

const When = Type.Object(
  {
    query: Type.Optional(text(256)),
    match: Type.Optional(
      Type.Enum(['exact', 'contains'], { description: '"exact" or "contains"' }),
    ),
    category: Type.Optional(text(256)),
    tags: Type.Optional(texts(256, 1, MAX_TAGS)),
    from: Type.Optional(text(64)),
    to: Type.Optional(text(64)),
  },
  CLOSED,
);

const Then = Type.Object(
  {
    ...MERCHANDISE,
    filter: Type.Optional(FilterBody),
    redirect: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2_000,
        pattern: '^[^\\s\\x00-\\x1f\\x7f]+$',
        description: 'an address of 1 to 2000 characters without blanks',
      }),
    ),
    data: Type.Optional(Type.Unknown()),
  },
  CLOSED,
);

const RULE = { id: Type.Optional(ProductId), when: When, then: Then };

/** Its id is that of the path, and may be left out. */
export const RuleRequest = Type.Object(RULE, CLOSED);
export type RuleRequest = Static<typeof RuleRequest>;

/** `words`, or `from` and `to`. */
export const SynonymRequest = Type.Object(
  {
    id: Type.Optional(ProductId),
    words: Type.Optional(texts(100, 2, MAX_PHRASES)),
    from: Type.Optional(text(100)),
    to: Type.Optional(texts(100, 1, MAX_PHRASES)),
  },
  CLOSED,
);
export type SynonymRequest = Static<typeof SynonymRequest>;

/** One rule or several; `queries`, or the `limit` commonest ones. */
export const PreviewBody = Type.Object(
  {
    rule: Type.Optional(RuleRequest),
    rules: Type.Optional(
      Type.Array(Type.Object({ ...RULE, id: ProductId }, CLOSED), {
        minItems: 1,
        maxItems: MAX_DRAFTS,
        description: `a list of 1 to ${MAX_DRAFTS} rules`,
      }),
    ),
    queries: Type.Optional(texts(2_000, 1, MAX_QUERIES)),
    limit: Type.Optional(integer(1, MAX_QUERIES)),
    filter: Type.Optional(FilterBody),
    tags: Type.Optional(texts(256, 1, MAX_TAGS)),
    at: Type.Optional(text(64)),
    timeout_ms: Type.Optional(integer(1, 60_000)),
  },
  CLOSED,
);
export type PreviewBody = Static<typeof PreviewBody>;
