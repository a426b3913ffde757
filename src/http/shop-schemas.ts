import { Type, type Static } from 'typebox';
import {
  CLOSED,
  FieldName,
  fieldNames,
  FilterBody,
  Flag,
  integer,
  number,
  ProductId,
} from './schema-parts.js';

/** Of one request. */
const MAX_FACETS = 50;
const MAX_RANGES = 100;
const MAX_SORT_KEYS = 10;
const MAX_PINNED = 100;
const MAX_HIDDEN = 1_000;
const MAX_BOOSTS = 50;
const MAX_WEIGHT = 1_000_000;
const MAX_TAGS = 100;
/** A cursor carries a whole page of hashes and more. */
const MAX_CURSOR_CHARACTERS = 65_536;

const Finite = Type.Number({ description: 'a finite number' });

const FacetRange = Type.Object(
  {
    from: Type.Optional(Finite),
    to: Type.Optional(Finite),
    label: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'a string of 1 to 256 characters' }),
    ),
  },
  { ...CLOSED, description: 'an object of from, to and label' },
);

const FacetObject = Type.Object(
  {
    field: FieldName,
    limit: Type.Optional(integer(1, 1_000)),
    prefix: Type.Optional(
      Type.String({ maxLength: 256, description: 'a string of at most 256 characters' }),
    ),
    ranges: Type.Optional(
      Type.Array(FacetRange, {
        minItems: 1,
        maxItems: MAX_RANGES,
        description: `a list of 1 to ${MAX_RANGES} objects of from, to and label`,
      }),
    ),
    disjunctive: Type.Optional(Flag),
  },
  { ...CLOSED, description: 'an object of field and options' },
);

const SortEntry = Type.Object(
  {
    field: FieldName,
    order: Type.Optional(Type.Enum(['asc', 'desc'], { description: '"asc" or "desc"' })),
  },
  { ...CLOSED, description: 'an object of field and order' },
);

const Pin = Type.Object(
  { id: ProductId, position: integer(1, 10_000) },
  { ...CLOSED, description: 'an object of id and position' },
);

const BoostEntry = Type.Object(
  { filter: FilterBody, weight: number(-MAX_WEIGHT, MAX_WEIGHT) },
  { ...CLOSED, description: 'an object of filter and weight' },
);

/** What rules and requests say of merchandise in the same words. */
export const MERCHANDISE = {
  pinned: Type.Optional(
    Type.Array(Pin, {
      maxItems: MAX_PINNED,
      description: `a list of at most ${MAX_PINNED} objects of id and position`,
    }),
  ),
  hidden: Type.Optional(
    Type.Array(ProductId, {
      maxItems: MAX_HIDDEN,
      description: `a list of at most ${MAX_HIDDEN} ids`,
    }),
  ),
  boost: Type.Optional(
    Type.Array(BoostEntry, {
      maxItems: MAX_BOOSTS,
      description: `a list of at most ${MAX_BOOSTS} objects of filter and weight`,
    }),
  ),
};

/** A storefront's part of every search. */
export const SHOP = {
  facets: Type.Optional(
    Type.Array(
      Type.Union([FieldName, FacetObject], {
        description: "a field's name, or an object of field and options",
      }),
      { maxItems: MAX_FACETS, description: `a list of at most ${MAX_FACETS} facets` },
    ),
  ),
  sort: Type.Optional(
    Type.Array(SortEntry, {
      minItems: 1,
      maxItems: MAX_SORT_KEYS,
      description: `a list of 1 to ${MAX_SORT_KEYS} objects of field and order`,
    }),
  ),
  page: Type.Optional(Type.Integer({ minimum: 1, description: 'an integer from 1 on' })),
  per_page: Type.Optional(integer(0, 250)),
  cursor: Type.Optional(
    Type.String({
      maxLength: MAX_CURSOR_CHARACTERS,
      description: 'the next_cursor of a reply, or "*" to begin',
    }),
  ),
  group_by: Type.Optional(
    Type.Object(
      { field: FieldName, limit: Type.Optional(integer(1, 100)) },
      { ...CLOSED, description: 'an object of field and limit' },
    ),
  ),
  ...MERCHANDISE,
  diversify: Type.Optional(
    Type.Object(
      { field: FieldName, limit: Type.Optional(integer(1, 100)) },
      { ...CLOSED, description: 'an object of field and limit' },
    ),
  ),
  tags: Type.Optional(fieldNames(MAX_TAGS)),
  min_coverage: Type.Optional(number(0, 100)),
  rules: Type.Optional(Flag),
};

export type ShopBody = Static<Type.TObject<typeof SHOP>> & { top_k?: number };
