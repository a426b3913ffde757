import { Type, type Static, type TProperties, type TSchema } from 'typebox';
import { NAME } from '../core/ids.js';
import { CLOSED, fieldNames, FilterBody, Flag, integer } from './schema-parts.js';

/** Of keys. A `description` reads after "must be": it is the error message as well. */

const MAX_TENANTS = 100;
const MAX_ACTIONS = 100;
const MAX_ORIGINS = 100;
const MAX_EXCLUDED = 1_000;
const MAX_DESCRIPTION_CHARACTERS = 1_000;
const MAX_TOP_K = 1_000;
const MOST = 1_000_000;

const TENANT = `${NAME.expected}, or *`;
const tenants = Type.Array(
  Type.String({ pattern: '^([a-z0-9_-]{1,64}|\\*)$', description: TENANT }),
  {
    ...{ minItems: 1, maxItems: MAX_TENANTS, uniqueItems: true },
    description: `a list of 1 to ${MAX_TENANTS} tenants`,
  },
);

/** RFC 3339 with its zone. */
const Time = Type.String({
  pattern:
    '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$',
  description: 'a time such as 2030-01-31T12:00:00Z',
});

const Limits = Type.Object(
  {
    searches_per_s: Type.Optional(integer(1, MOST)),
    burst: Type.Optional(integer(1, MOST)),
    per_ip_per_minute: Type.Optional(integer(1, MOST)),
    max_top_k: Type.Optional(integer(1, MAX_TOP_K)),
    max_page_depth: Type.Optional(integer(1, MOST)),
    exact: Type.Optional(Flag),
  },
  CLOSED,
);

/** What may be said of a key, and taken back. */
const TERMS = {
  description: Type.String({
    maxLength: MAX_DESCRIPTION_CHARACTERS,
    description: `a string of at most ${MAX_DESCRIPTION_CHARACTERS} characters`,
  }),
  actions: Type.Array(
    Type.String({
      pattern: '^(\\*|[a-z0-9./_-]{1,64}:([a-z0-9_-]{1,64}|\\*))$',
      description: 'an action such as documents:search, documents:* or *',
    }),
    { minItems: 1, maxItems: MAX_ACTIONS, description: `a list of 1 to ${MAX_ACTIONS} actions` },
  ),
  filter: FilterBody,
  fields: Type.Object({ exclude: fieldNames(MAX_EXCLUDED) }, CLOSED),
  limits: Limits,
  origins: Type.Array(
    Type.String({
      pattern: '^[a-z][a-z0-9+.-]*://[^\\s,/]{1,256}$',
      description: 'an origin such as https://shop.example',
    }),
    { minItems: 1, maxItems: MAX_ORIGINS, description: `a list of 1 to ${MAX_ORIGINS} origins` },
  ),
  price_list: Type.String({ pattern: NAME.pattern.source, description: NAME.expected }),
  expires_at: Time,
  disabled_at: Time,
};

function optional<T extends TProperties>(properties: T) {
  return Type.Partial(Type.Object(properties)).properties;
}

type Nullable<T extends TProperties> = {
  [Name in keyof T]: ReturnType<
    typeof Type.Union<[T[Name] & TSchema, ReturnType<typeof Type.Null>]>
  >;
};

function nullable<T extends TProperties>(properties: T): Nullable<T> {
  const entries = Object.entries(properties);
  return Object.fromEntries(
    entries.map(([name, schema]) => [name, Type.Union([schema, Type.Null()])]),
  ) as Nullable<T>;
}

export const NewKey = Type.Object(
  {
    kind: Type.Enum(['search', 'write', 'admin'], { description: '"search", "write" or "admin"' }),
    compatible: Type.Optional(Flag),
    ...optional({ tenants, ...TERMS }),
  },
  CLOSED,
);
export type NewKey = Static<typeof NewKey>;

/** Null takes a member back. */
export const KeyPatch = Type.Object(
  {
    generation: Type.Optional(integer(1, Number.MAX_SAFE_INTEGER)),
    ...optional({ tenants, ...nullable(TERMS) }),
  },
  CLOSED,
);
export type KeyPatch = Static<typeof KeyPatch>;

export const Rotation = Type.Object({ previous_expires_at: Type.Optional(Time) }, CLOSED);
export type Rotation = Static<typeof Rotation>;
